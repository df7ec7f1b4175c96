//! What chunks take.

use super::cut::Cut;
use super::payload::Payload;
use super::{ChunkPcm, Coder, Encoded, Predicted};
use crate::error::Result;
use crate::memory;
use crate::method::language::account::{Tally, TokenCost};
use crate::method::language::cross_entropy::CrossEntropy;
use crate::method::language::planes;
use crate::method::language::stages::Stage;
use crate::numerics::environment::DefaultEnvironment;
use crate::planes::PlaneKind;

impl Coder {
    /// What a chunk would take if arithmetic coding had the model's own probabilities, and a
    /// payload of nothing in its place, no longer than the chunk; `None` where a context
    /// holds not even one frame of it.
    pub(super) fn estimate(&self, chunk: ChunkPcm<'_>) -> Result<Option<Encoded>> {
        let _environment = DefaultEnvironment::enter();
        let clock = self.clock();
        let Some(mut cut) = clock.time(Stage::Tokenizing, || self.cut(chunk))? else {
            return Ok(None);
        };
        let costs = self.by_contexts(
            &cut,
            true,
            |memory: &mut CrossEntropy, Predicted { logits, top_k, .. }, symbol| {
                memory.cost(logits, top_k, symbol)
            },
        )?;
        let kinds =
            clock.time(Stage::Planes, || planes::choose(&cut.text, cut.arrangement.bytes()));
        let tally = self.tally(&mut cut, chunk.first_frame, &kinds, &costs, |&cost| cost);
        let length = tally.whole_bytes();
        // By its own probabilities a model may lose any number of bits.
        let payload = memory::filled(0, length.min(chunk.pcm.len() as u64) as usize)?;
        Ok(Some(Encoded { payload, length, tally }))
    }

    /// What a chunk takes whose tokens cost this and whose planes are kept like that.
    pub(super) fn tally<T>(
        &self,
        cut: &mut Cut<'_>,
        first_frame: u64,
        kinds: &[PlaneKind],
        segments: &[Vec<T>],
        cost: impl Fn(&T) -> TokenCost,
    ) -> Tally {
        let Cut { arrangement, text, places, symbols, way, .. } = cut;
        let mut tally = Tally::new(kinds.len(), Payload::head_bytes(kinds.len()) as u64);
        let mut frame = first_frame;
        for ((place, symbols), tokens) in places.iter().zip(symbols).zip(segments) {
            let frames = arrangement.frames_of(place.len()) as u64;
            tally.begin_segment(frame, frames);
            frame += frames;
            let mut at = place.start;
            for (&symbol, token) in symbols.iter().zip(tokens) {
                let spelled = self.model.vocabulary().bytes(way.alphabet.token(symbol));
                let end = at + spelled.unwrap_or_default().len();
                tally.token(cost(token), at..end);
                at = end;
            }
        }
        // All but the last one are of one length.
        let segment = places.first().map_or(1, |place| place.len().max(1));
        planes::costs(text, kinds, |at, units| tally.plane(units, at / segment, at));
        tally
    }
}

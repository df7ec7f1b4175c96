//! From a chunk to a payload.

use super::cut::Cut;
use super::payload::Payload;
use super::{ChunkPcm, Coder, Encoded};
use crate::entropy::RangeEncoder;
use crate::error::{Error, ErrorKind, Result};
use crate::method::language::frequencies::{CodedToken, Distribution, TOTAL};
use crate::method::language::planes;
use crate::method::language::stages::Stage;
use crate::method::verify::Verify;
use crate::numerics::environment::DefaultEnvironment;
use crate::planes::BitWriter;

impl Coder {
    /// The payload of a chunk; `None` where a context holds not even one frame of it.
    pub(super) fn encode(&self, chunk: ChunkPcm<'_>, verify: Verify) -> Result<Option<Encoded>> {
        let _environment = DefaultEnvironment::enter();
        let clock = self.clock();
        let Some(mut cut) = clock.time(Stage::Tokenizing, || self.cut(chunk))? else {
            return Ok(None);
        };
        // Decoding takes most of the time where all is decoded.
        let count = verify != Verify::Full;
        let coded = if self.stepping {
            self.by_steps(&cut, count)?
        } else {
            self.by_contexts(&cut, count, |distribution: &mut Distribution, predicted, symbol| {
                predicted.put_into(distribution);
                distribution.code(symbol)
            })?
        };

        let mut tokens = RangeEncoder::new();
        clock.time(Stage::Coding, || {
            self.in_order(&coded, |CodedToken { first, escaped }| {
                tokens.symbol(first.cumulative, first.frequency, TOTAL);
                if let Some(other) = escaped {
                    tokens.symbol(other.cumulative, other.frequency, TOTAL);
                }
            });
        });
        let Cut { arrangement, text, characters, .. } = &mut cut;
        let (kinds, packed, tokens) = clock.time(Stage::Planes, || -> Result<_> {
            let kinds = planes::choose(text, arrangement.bytes());
            let mut packed = BitWriter::default();
            planes::write(text, &kinds, &mut packed, &mut tokens);
            Ok((kinds, packed.finish()?, tokens.finish()?))
        })?;
        let parts = Payload { characters: *characters, kinds, planes: &packed, tokens: &tokens };
        let payload = parts.join()?;

        let holds = match verify {
            Verify::No => true,
            Verify::Usual => {
                clock
                    .time(Stage::Checking, || self.bytes_hold(&payload, &cut, &coded, chunk.pcm))?
                    && self.samples_hold(&cut, &coded)?
            }
            Verify::Full => {
                let ChunkPcm { pcm, spec, wasted, mapping, .. } = chunk;
                let frames = pcm.len() / spec.frame_bytes();
                match self.decode_by(clock.checking(), &payload, frames, spec, wasted, mapping) {
                    Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => {
                        return Err(error);
                    }
                    back => back.is_ok_and(|back| back == pcm),
                }
            }
        };
        if !holds {
            return Err(Error::new(ErrorKind::Verification));
        }
        let tally =
            self.tally(&mut cut, chunk.first_frame, &parts.kinds, &coded, |coded| coded.cost());
        Ok(Some(Encoded { length: payload.len() as u64, payload, tally }))
    }

    /// Goes through the symbols of all segments in the order in which they are decoded.
    pub(super) fn in_order(&self, segments: &[Vec<CodedToken>], mut each: impl FnMut(CodedToken)) {
        for batch in segments.chunks(self.usage.lockstep as usize) {
            let steps = batch.iter().map(Vec::len).max().unwrap_or(0);
            for step in 0..steps {
                batch.iter().filter_map(|coded| coded.get(step)).copied().for_each(&mut each);
            }
        }
    }
}

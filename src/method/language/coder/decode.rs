//! From a payload to a chunk.

use std::ops::Range;

use super::lockstep::Context;
use super::payload::{Payload, arrangement};
use super::{Coder, Spelling};
use crate::audio::AudioSpec;
use crate::entropy::RangeDecoder;
use crate::error::{Error, Result};
use crate::memory;
use crate::method::language::frequencies::{Found, TOTAL};
use crate::method::language::planes;
use crate::method::language::stages::{Clock, Stage};
use crate::numerics::environment::DefaultEnvironment;
use crate::planes::{BitReader, Mapping};

impl Coder {
    /// Decodes the payload of a chunk of `frames` frames into its PCM. The time goes to this
    /// clock.
    pub(super) fn decode_by(
        &self,
        clock: Clock<'_>,
        payload: &[u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
        mapping: Mapping,
    ) -> Result<Vec<u8>> {
        let _environment = DefaultEnvironment::enter();
        let arrangement = arrangement(&self.usage, spec, frames, wasted, mapping)?;
        let parts = Payload::split(payload, &arrangement)?;
        let way = self.way(parts.characters);
        let mut tokens = RangeDecoder::new(parts.tokens);
        let mut text = memory::filled(0, arrangement.length())?;

        // A batch at a time: there may be as many segments as characters.
        let mut segments = arrangement.segments();
        let mut contexts: Vec<Context> = Vec::new();
        while segments.len() > 0 {
            let batch: Vec<_> = segments.by_ref().take(self.usage.lockstep as usize).collect();
            self.begin(&mut contexts, batch.len());
            contexts = self.decode_batch(way, clock, contexts, batch, &mut text, &mut tokens)?;
        }
        clock.time(Stage::Planes, || {
            let mut packed = BitReader::new(parts.planes);
            planes::read(&mut text, &parts.kinds, &mut packed, &mut tokens);
            if !packed.is_done() {
                return Err(Error::malformed("bits behind the last plane"));
            }
            arrangement.pcm(&text)
        })
    }

    /// Fills the characters of these segments in, each shifted to where it stands in its
    /// byte.
    fn decode_batch(
        &self,
        way: &Spelling,
        clock: Clock<'_>,
        contexts: Vec<Context>,
        mut places: Vec<Range<usize>>,
        text: &mut [u8],
        tokens: &mut RangeDecoder,
    ) -> Result<Vec<Context>> {
        self.in_lockstep(way, clock, Stage::Coding, contexts, |at, context| {
            let symbol = next_symbol(context, tokens);
            let token = way.alphabet.token(symbol);
            let spelled = self.model.vocabulary().bytes(token).unwrap_or_default();
            let place = &mut places[at];
            let room = text[place.clone()].get_mut(..spelled.len());
            let room =
                room.ok_or_else(|| Error::malformed("a token beyond the end of its segment"))?;
            for (byte, character) in room.iter_mut().zip(spelled) {
                *byte = character << 1;
            }
            place.start += spelled.len();
            self.model.meter().count(1, spelled.len());
            context.next = (place.start < place.end).then_some(token);
            Ok(())
        })
    }
}

fn next_symbol(context: &Context, tokens: &mut RangeDecoder) -> usize {
    let (scale, number) = tokens.find(TOTAL);
    match context.distribution.find(number) {
        Found::Symbol(symbol, interval) => {
            tokens.advance(scale, interval.cumulative, interval.frequency);
            symbol
        }
        Found::Escape(interval) => {
            tokens.advance(scale, interval.cumulative, interval.frequency);
            let (scale, number) = tokens.find(TOTAL);
            let (symbol, interval) = context.distribution.find_other(number);
            tokens.advance(scale, interval.cumulative, interval.frequency);
            symbol
        }
    }
}

//! Decoding of a payload.

use std::ops::Range;

use super::lockstep::Context;
use super::payload::{Payload, arrangement};
use super::{Coder, Spelling};
use crate::audio::AudioSpec;
use crate::entropy::RangeDecoder;
use crate::error::{Error, Result};
use crate::memory;
use crate::method::language::frequencies::{FoundSymbol, TOTAL};
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
        let payload = Payload::split(payload, &arrangement)?;
        let spelling = self.spelling(payload.characters);
        let mut tokens = RangeDecoder::new(payload.tokens);
        let mut text = memory::filled(0, arrangement.length())?;

        // The ranges are made batch by batch: there may be as many segments as characters.
        let mut segments = arrangement.segments();
        let mut contexts: Vec<Context> = Vec::new();
        while segments.len() > 0 {
            let batch: Vec<_> = segments.by_ref().take(self.usage.lockstep as usize).collect();
            self.begin(&mut contexts, batch.len());
            contexts =
                self.decode_batch(spelling, clock, contexts, batch, &mut text, &mut tokens)?;
        }
        clock.time(Stage::Planes, || {
            let mut packed = BitReader::new(payload.planes);
            planes::read(&mut text, &payload.kinds, &mut packed, &mut tokens);
            if !packed.is_done() {
                return Err(Error::malformed("there are set bits after the last plane"));
            }
            arrangement.pcm(&text)
        })
    }

    /// Decodes the characters of these segments into the upper seven bits of the text's bytes.
    fn decode_batch(
        &self,
        spelling: &Spelling,
        clock: Clock<'_>,
        contexts: Vec<Context>,
        mut places: Vec<Range<usize>>,
        text: &mut [u8],
        tokens: &mut RangeDecoder,
    ) -> Result<Vec<Context>> {
        self.in_lockstep(spelling, clock, Stage::Coding, contexts, |at, context| {
            let symbol = next_symbol(context, tokens);
            let token = spelling.alphabet.token(symbol);
            let spelled = self.model.vocabulary().bytes(token).unwrap_or_default();
            let place = &mut places[at];
            let bytes = text[place.clone()].get_mut(..spelled.len());
            let bytes = bytes
                .ok_or_else(|| Error::malformed("a token goes beyond the end of its segment"))?;
            for (byte, character) in bytes.iter_mut().zip(spelled) {
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
        FoundSymbol::Known(symbol, interval) => {
            tokens.advance(scale, interval.cumulative, interval.frequency);
            symbol
        }
        FoundSymbol::Escape(interval) => {
            tokens.advance(scale, interval.cumulative, interval.frequency);
            let (scale, number) = tokens.find(TOTAL);
            let (symbol, interval) = context.distribution.find_other(number);
            tokens.advance(scale, interval.cumulative, interval.frequency);
            symbol
        }
    }
}

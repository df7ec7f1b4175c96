//! Whether a payload holds what was put into it.

use super::Coder;
use super::cut::Cut;
use super::lockstep::Context;
use super::payload::Payload;
use crate::entropy::RangeDecoder;
use crate::error::Result;
use crate::memory;
use crate::method::language::frequencies::{CodedToken, Interval, TOTAL};
use crate::method::language::planes;
use crate::method::language::stages::Stage;
use crate::planes::BitReader;

impl Coder {
    /// Whether a payload gives back all that was put into it, as long as the model says the
    /// same again.
    pub(super) fn bytes_hold(
        &self,
        payload: &[u8],
        cut: &Cut<'_>,
        coded: &[Vec<CodedToken>],
        pcm: &[u8],
    ) -> Result<bool> {
        let parts = Payload::split(payload, &cut.arrangement)?;
        let mut tokens = RangeDecoder::new(parts.tokens);
        let mut holds = true;
        self.in_order(coded, |CodedToken { first, escaped }| {
            for Interval { cumulative, frequency } in std::iter::once(first).chain(escaped) {
                let (scale, number) = tokens.find(TOTAL);
                holds &= (cumulative..cumulative + frequency).contains(&number);
                tokens.advance(scale, cumulative, frequency);
            }
        });
        let mut back = memory::copied(&cut.text)?;
        back.iter_mut().for_each(|byte| *byte &= !1);
        let mut packed = BitReader::new(parts.planes);
        planes::read(&mut back, &parts.kinds, &mut packed, &mut tokens);
        Ok(holds && packed.is_done() && cut.arrangement.pcm(&back)? == pcm)
    }

    /// Whether one segment of each batch is predicted the same way when it is gone through
    /// as a decoder does.
    pub(super) fn samples_hold(&self, cut: &Cut<'_>, coded: &[Vec<CodedToken>]) -> Result<bool> {
        let lockstep = self.usage.lockstep as usize;
        let segments: Vec<(&[usize], &[CodedToken])> = cut
            .symbols
            .iter()
            .zip(coded)
            .map(|(symbols, coded)| (&symbols[..], &coded[..]))
            .collect();
        let samples: Vec<_> = segments
            .chunks(lockstep)
            .enumerate()
            .map(|(number, batch)| batch[number % batch.len()])
            .collect();
        let clock = self.clock().checking();
        let mut holds = true;
        let mut contexts: Vec<Context> = Vec::new();
        for samples in samples.chunks(lockstep) {
            self.begin(&mut contexts, samples.len());
            let mut places = vec![0; samples.len()];
            contexts =
                self.in_lockstep(cut.way, clock, Stage::Checking, contexts, |at, context| {
                    let ((symbols, coded), place) = (samples[at], &mut places[at]);
                    let symbol = symbols[*place];
                    let same = context.distribution.code(symbol) == coded[*place];
                    holds &= same;
                    *place += 1;
                    let more = same && *place < symbols.len();
                    context.next = more.then(|| cut.way.alphabet.token(symbol));
                    Ok(())
                })?;
        }
        Ok(holds)
    }
}

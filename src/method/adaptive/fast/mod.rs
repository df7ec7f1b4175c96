//! The parameter set fast: one prediction, whose folded residual is coded in bins.
//!
//! `model.rs` predicts, `residuals.rs` codes.

mod model;
mod residuals;

use model::Progress;

use super::coding::{BitCoder, Decode, Writing};
use super::prepare::Prepared;
use crate::error::Result;
use crate::method::reading::Reading;
use crate::numerics::dispatch::{InstructionSet, Work, run};
use crate::numerics::integers::Integers;

/// Number of bins of residuals.
const BINS: usize = 32;

/// The binary logarithm of the total of the bins' frequencies.
const TOTAL: u32 = 15;

/// Sums of the frequencies up to and including each bin.
type Cumulative = [u16; BINS];

/// Codes the symbols of a chunk in either direction; an encoder answers with what it was given.
trait SymbolCoder: BitCoder {
    fn symbol(&mut self, symbol: u32, cumulative: &Cumulative) -> u32;
}

impl SymbolCoder for Writing {
    #[inline(always)]
    fn symbol(&mut self, symbol: u32, cumulative: &Cumulative) -> u32 {
        let at = symbol as usize % BINS;
        let below = if at == 0 { 0 } else { cumulative[at - 1] };
        self.tokens.symbol(u32::from(below), u32::from(cumulative[at] - below), TOTAL);
        symbol
    }
}

impl SymbolCoder for Reading<'_> {
    #[inline(always)]
    fn symbol(&mut self, _: u32, cumulative: &Cumulative) -> u32 {
        let (scale, value) = self.tokens.find(TOTAL);
        let value = value as u16;
        let at: u16 = cumulative.iter().map(|&end| u16::from(end <= value)).sum();
        let at = usize::from(at) % BINS;
        let below = if at == 0 { 0 } else { cumulative[at - 1] };
        self.tokens.advance(scale, u32::from(below), u32::from(cumulative[at] - below));
        at as u32
    }
}

/// A pass over the samples of a chunk, up to a step.
struct Pass<'a, C> {
    progress: &'a mut Progress,
    prepared: &'a mut Prepared,
    coder: C,
    end: usize,
}

impl<C: SymbolCoder> Work for Pass<'_, C> {
    /// The coder, and whether all samples so far are within their range.
    type Output = (C, bool);

    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Integers>(self) -> (C, bool) {
        let Pass { progress, prepared, mut coder, end } = self;
        model::run::<C, I>(progress, prepared, &mut coder, end);
        (coder, progress.fits)
    }
}

/// Encodes the samples: the token stream and the raw bits.
pub(super) fn encode(prepared: &mut Prepared) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut progress, end) = (Progress::new(prepared)?, prepared.steps());
    run(Pass { progress: &mut progress, prepared, coder: Writing::new(), end }).0.finish()
}

impl Decode for Progress {
    fn decode<'a>(
        &mut self,
        prepared: &mut Prepared,
        coder: Reading<'a>,
        end: usize,
    ) -> (Reading<'a>, bool) {
        run(Pass { progress: self, prepared, coder, end })
    }
}

/// Returns the model of a chunk that is to be decoded.
pub(super) fn decoder(prepared: &Prepared) -> Result<Box<dyn Decode>> {
    Ok(Box::new(Progress::new(prepared)?))
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::method::adaptive::coding::{decode_all, prepared, same_everywhere, signals};
    use crate::numerics::dispatch::{Supported, run_with};

    /// Codes all samples on an instruction set, in two parts.
    fn on<C: SymbolCoder>(set: Supported, prepared: &mut Prepared, coder: C) -> (C, bool) {
        let (mut progress, end) = (Progress::new(prepared).unwrap(), prepared.steps());
        let first = Pass { progress: &mut progress, prepared, coder, end: end / 2 };
        let (coder, _) = run_with(set, first);
        run_with(set, Pass { progress: &mut progress, prepared, coder, end })
    }

    fn decode(prepared: &mut Prepared, tokens: &[u8], raw: &[u8]) -> Result<()> {
        decode_all(decoder(prepared)?, prepared, tokens, raw)
    }

    #[test]
    fn every_instruction_set_gives_the_same_bytes() {
        for bits in [1, 8, 16, 24, 32] {
            for count in [1, 2, 7] {
                for frames in [1, 2, 3000] {
                    let signals = signals(bits, frames)[7 - count..].to_vec();
                    same_everywhere(
                        &signals,
                        bits,
                        |set, prepared| on(set, prepared, Writing::new()),
                        |set, prepared, coder| on(set, prepared, coder),
                    );
                }
            }
        }
    }

    #[test]
    fn noise_decodes_to_samples_in_range() {
        let mut random = Random::new(7);
        for bits in [8, 16, 32] {
            // More raw bits than any samples take.
            let nonsense: Vec<u8> = (0..52_000).map(|_| random.next_u64() as u8).collect();
            let mut prepared = Prepared::of(vec![vec![0; 2000]; 2], bits);
            for (low, high) in [(i32::MIN >> (32 - bits), i32::MAX >> (32 - bits)), (-3, 5), (7, 7)]
            {
                (prepared.low, prepared.high) = (low, high);
                let one = decode(&mut prepared, &nonsense[..2000], &nonsense[2000..]);
                let other = decode(&mut prepared, &[255; 50], &[255; 50_000]);
                assert!(one.is_err() && other.is_err(), "neither is a stream");
                let mut all = prepared.coded.iter().flatten();
                assert!(all.all(|&value| (low..=high).contains(&value)));
            }
        }
    }

    #[test]
    fn noise_decodes_to_values_of_the_tables() {
        let mut random = Random::new(7);
        for bits in [8, 16, 32] {
            let nonsense: Vec<u8> = (0..52_000).map(|_| random.next_u64() as u8).collect();
            let (low, high) = (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits));
            let tables = [vec![0, high], vec![low, 0], vec![low, high]];
            for way in [1, 3] {
                let signals = tables.clone().map(|values| values.repeat(800));
                let mut prepared = prepared(&signals, bits, way);
                let result = decode(&mut prepared, &nonsense[..2000], &nonsense[2000..]);
                assert!(result.is_err(), "it is no stream");
                for (values, samples) in tables.iter().zip(&prepared.coded).skip(way / 2) {
                    let values = if way == 1 { &tables.concat() } else { values };
                    assert!(
                        samples.iter().all(|value| values.contains(value)),
                        "{bits} bits, way {way}"
                    );
                }
            }
        }
    }
}

//! The two ways through a model: a chunk is written, or it is read.
//!
//! A model asks its coder for each symbol; one that writes answers with what it was given.
//! What a symbol is differs between the models: each has a trait for it.

use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::error::{Error, Result};
use crate::planes::{BitReader, BitWriter};

/// Symbols on their way into a token stream, and bits that are kept as they are.
pub(super) struct Writing {
    pub(super) tokens: RangeEncoder,
    pub(super) raw: BitWriter,
}

impl Writing {
    pub(super) fn new() -> Self {
        Writing { tokens: RangeEncoder::new(), raw: BitWriter::default() }
    }

    /// The token stream and the raw bits.
    pub(super) fn finish(self) -> Result<(Vec<u8>, Vec<u8>)> {
        Ok((self.tokens.finish()?, self.raw.finish()?))
    }
}

/// The way back.
pub(super) struct Reading<'a> {
    pub(super) tokens: RangeDecoder<'a>,
    pub(super) raw: BitReader<'a>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(tokens: &'a [u8], raw: &'a [u8]) -> Self {
        Reading { tokens: RangeDecoder::new(tokens), raw: BitReader::new(raw) }
    }

    /// Whether this was a chunk, where a model says if all numbers are within their range.
    pub(super) fn finish(self, fits: bool) -> Result<()> {
        if !fits {
            return Err(Error::malformed("a number beyond the range"));
        }
        if !self.raw.is_done() {
            return Err(Error::malformed("raw bits that nothing needs"));
        }
        Ok(())
    }
}

/// Signals that filters like and dislike, the last ones the most.
#[cfg(test)]
pub(super) fn signals(bits: u32, frames: usize) -> Vec<Vec<i32>> {
    let (low, high) = (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits));
    let mut random = lmac_support::Random::new(1);
    let mut noise = || random.next_u64() as i32 >> (32 - bits);
    let sine = |at: usize| ((at as f64 * 0.07).sin() * f64::from(high) * 0.7) as i32;
    vec![
        vec![high; frames],
        (0..frames).map(sine).collect(),
        (0..frames).map(|_| noise()).collect(),
        (0..frames).map(|at| if at % 2 == 0 { low } else { high }).collect(),
        (0..frames).map(|at| if at / 300 % 2 == 0 { sine(at) } else { 0 }).collect(),
        (0..frames).map(|at| if at % 97 == 96 { noise() } else { sine(at) / 64 }).collect(),
    ]
}

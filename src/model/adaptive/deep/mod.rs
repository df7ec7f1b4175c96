//! The deep profiles, standard and max: many predictions of each sample, whose mixed
//! distribution codes its bits from the most significant one on.
//!
//! `profile.rs` says what each profile has, `model.rs` predicts, `mixture.rs` codes with
//! the mixture of distributions, that `correction.rs` may refine.

mod correction;
mod mixture;
mod model;
pub(super) mod profile;
mod volatility;

use profile::Profile;

use super::prepare::Prepared;
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::error::{Error, Result};
use crate::numerics::dispatch::{InstructionSet, Work, run};
use crate::numerics::integers::Integers;
use crate::numerics::lanes::Lanes;
use crate::planes::{BitReader, BitWriter};

/// What codes a chunk, in either direction: an encoder answers with what it was given.
trait BitCoder {
    /// A bit that is one with the probability `one` out of 65,536.
    fn bit(&mut self, bit: bool, one: u32) -> bool;
    /// The lowest `count` bits, at most 32, as they are.
    fn raw(&mut self, bits: u64, count: u32) -> u64;
}

struct Writing {
    tokens: RangeEncoder,
    raw: BitWriter,
}

impl BitCoder for Writing {
    #[inline(always)]
    fn bit(&mut self, bit: bool, one: u32) -> bool {
        self.tokens.bit(bit, one);
        bit
    }

    #[inline(always)]
    fn raw(&mut self, bits: u64, count: u32) -> u64 {
        let bits = bits & ((1 << count) - 1);
        self.raw.push_bits(bits, count);
        bits
    }
}

struct Reading<'a> {
    tokens: RangeDecoder<'a>,
    raw: BitReader<'a>,
}

impl BitCoder for Reading<'_> {
    #[inline(always)]
    fn bit(&mut self, _: bool, one: u32) -> bool {
        self.tokens.bit(one)
    }

    #[inline(always)]
    fn raw(&mut self, _: u64, count: u32) -> u64 {
        self.raw.take_bits(count)
    }
}

/// All samples of a chunk on their way through a coder.
struct Pass<'a, C, const EXPERTS: usize> {
    profile: &'static Profile<EXPERTS>,
    prepared: &'a mut Prepared,
    coder: C,
}

impl<C: BitCoder, const EXPERTS: usize> Work for Pass<'_, C, EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    /// The coder, and whether all samples are within their range.
    type Output = (C, bool);

    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Integers>(mut self) -> (C, bool) {
        let fits = model::run::<C, I, EXPERTS>(self.profile, self.prepared, &mut self.coder);
        (self.coder, fits)
    }
}

/// The token stream and the raw bits of what is prepared.
pub(super) fn encode<const EXPERTS: usize>(
    profile: &'static Profile<EXPERTS>,
    prepared: &mut Prepared,
) -> (Vec<u8>, Vec<u8>)
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    let coder = Writing { tokens: RangeEncoder::new(), raw: BitWriter::default() };
    let (coder, _) = run(Pass { profile, prepared, coder });
    (coder.tokens.finish(), coder.raw.finish())
}

/// Fills the channels.
pub(super) fn decode<const EXPERTS: usize>(
    profile: &'static Profile<EXPERTS>,
    prepared: &mut Prepared,
    tokens: &[u8],
    raw: &[u8],
) -> Result<()>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    let coder = Reading { tokens: RangeDecoder::new(tokens), raw: BitReader::new(raw) };
    let (coder, fits) = run(Pass { profile, prepared, coder });
    if !fits {
        return Err(Error::malformed("a number beyond the range"));
    }
    if !coder.raw.is_done() {
        return Err(Error::malformed("raw bits that nothing needs"));
    }
    Ok(())
}

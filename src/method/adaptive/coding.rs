//! The two directions through a model: writing a chunk and reading it.
//!
//! A model asks its coder for each symbol. A coder that writes answers with the symbol that it
//! was given.

use super::prepare::Prepared;
#[cfg(test)]
use super::prepare::Tables;
use crate::entropy::RangeEncoder;
use crate::error::{Error, Result};
use crate::method::reading::Reading;
#[cfg(test)]
use crate::numerics::dispatch::Supported;
use crate::planes::BitWriter;

/// Codes the bits of a chunk in either direction; an encoder answers with what it was given.
pub(super) trait BitCoder {
    /// Whether it writes: then it is given the bits.
    const WRITES: bool;
    /// Codes a bit that is one with the probability `one` / 65,536.
    fn bit(&mut self, bit: bool, one: u32) -> bool;
    /// Codes the lowest `count` bits, at most 56, without a model.
    fn raw(&mut self, bits: u64, count: u32) -> u64;
}

impl BitCoder for Writing {
    const WRITES: bool = true;

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

impl BitCoder for Reading<'_> {
    const WRITES: bool = false;

    #[inline(always)]
    fn bit(&mut self, _: bool, one: u32) -> bool {
        self.tokens.bit(one)
    }

    #[inline(always)]
    fn raw(&mut self, _: u64, count: u32) -> u64 {
        self.bits.take_bits(count)
    }
}

/// Writes symbols into a token stream, and raw bits beside it.
pub(super) struct Writing {
    pub(super) tokens: RangeEncoder,
    pub(super) raw: BitWriter,
}

impl Writing {
    pub(super) fn new() -> Self {
        Writing { tokens: RangeEncoder::new(), raw: BitWriter::default() }
    }

    /// Returns the token stream and the raw bits.
    pub(super) fn finish(self) -> Result<(Vec<u8>, Vec<u8>)> {
        Ok((self.tokens.finish()?, self.raw.finish()?))
    }
}

/// The model of a chunk that is decoded step by step.
pub(super) trait Decode: Send {
    /// Decodes the samples of the steps up to `end` into the channels. Tells whether all samples so
    /// far are within their range.
    fn decode<'a>(
        &mut self,
        prepared: &mut Prepared,
        coder: Reading<'a>,
        end: usize,
    ) -> (Reading<'a>, bool);
}

/// Checks the end of a chunk; `fits` tells whether all of its samples were in range.
pub(super) fn check_end(reader: &Reading, fits: bool) -> Result<()> {
    if !fits {
        return Err(Error::malformed(
            "a decoded sample is outside the range that the payload declares",
        ));
    }
    if !reader.bits.is_done() {
        return Err(Error::malformed("the raw bits are longer than the samples need"));
    }
    Ok(())
}

/// Decodes all samples with a model.
#[cfg(test)]
pub(super) fn decode_all(
    mut model: Box<dyn Decode>,
    prepared: &mut Prepared,
    tokens: &[u8],
    raw: &[u8],
) -> Result<()> {
    let steps = prepared.steps();
    let (reader, fits) = model.decode(prepared, Reading::new(tokens, raw), steps);
    check_end(&reader, fits)
}

/// Signals that are easy and hard to predict, the last one with a match.
#[cfg(test)]
pub(super) fn signals(bits: u32, frames: usize) -> Vec<Vec<i32>> {
    let (low, high) = (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits));
    let mut random = lmac_support::Random::new(1);
    let mut noise = || random.next_u64() as i32 >> (32 - bits);
    let period: Vec<i32> = (0..120).map(|_| noise()).collect();
    let sine = |at: usize| ((at as f64 * 0.07).sin() * f64::from(high) * 0.7) as i32;
    vec![
        vec![high; frames],
        (0..frames).map(sine).collect(),
        (0..frames).map(|_| noise()).collect(),
        (0..frames).map(|at| if at % 2 == 0 { low } else { high }).collect(),
        (0..frames).map(|at| if at / 300 % 2 == 0 { sine(at) } else { 0 }).collect(),
        (0..frames).map(|at| if at % 97 == 96 { noise() } else { sine(at) / 64 }).collect(),
        period.into_iter().cycle().take(frames).collect(),
    ]
}

/// Checks that every instruction set writes signals to the same bytes and reads them again, in
/// each way in which they can be prepared.
#[cfg(test)]
pub(super) fn same_everywhere(
    signals: &[Vec<i32>],
    bits: u32,
    write: impl Fn(Supported, &mut Prepared) -> (Writing, bool),
    read: impl for<'a> Fn(Supported, &mut Prepared, Reading<'a>) -> (Reading<'a>, bool),
) {
    for way in 0..WAYS {
        let mut results = Supported::all().map(|set| {
            let mut prepared = prepared(signals, bits, way);
            let (coder, fits) = write(set, &mut prepared);
            assert!(prepared.coded == signals && fits);
            coder.finish().unwrap()
        });
        let first = results.next().unwrap();
        assert!(results.all(|other| other == first), "{bits} bits, way {way}");

        for set in Supported::all() {
            let mut prepared = prepared(signals, bits, way);
            prepared.coded.iter_mut().for_each(|channel| channel.fill(0));
            let (tokens, raw) = &first;
            let (coder, fits) = read(set, &mut prepared, Reading::new(tokens, raw));
            check_end(&coder, fits).unwrap();
            assert!(prepared.coded == signals, "{bits} bits, way {way}");
        }
    }
}

/// The number of ways in which [`prepared`] prepares signals.
#[cfg(test)]
const WAYS: usize = 4;

/// Prepares signals without tables and with a table for all of them; with delays, and with
/// delays and a table for each but the first.
#[cfg(test)]
pub(super) fn prepared(signals: &[Vec<i32>], bits: u32, way: usize) -> Prepared {
    let mut prepared = Prepared::of(signals.to_vec(), bits);
    if way % 2 == 1 {
        prepared.set_tables(Tables::of_all(signals, way == 1));
    }
    if way / 2 == 1 {
        prepared.order.delay(3);
    }
    prepared
}

//! The range coder of `spec/coding.md`.
//!
//! Encoder and decoder mirror each other line by line. `range` is at least 2^32 between two
//! symbols, and totals are at most 2^24, so that no interval is empty and one step of
//! renormalisation is enough.

use crate::error::Result;
use crate::memory::Growing;

const RENORMALISE: u64 = 1 << 32;
const BIT_TOTAL: u32 = 16;

/// Encodes symbols.
pub(crate) struct RangeEncoder {
    low: u64,
    range: u64,
    bytes: Growing,
}

impl RangeEncoder {
    pub(crate) fn new() -> Self {
        RangeEncoder { low: 0, range: u64::MAX, bytes: Growing::default() }
    }

    /// Encodes a symbol of this frequency out of 2^`total`, behind `cumulative`.
    #[inline(always)]
    pub(crate) fn symbol(&mut self, cumulative: u32, frequency: u32, total: u32) {
        let scale = self.range >> total;
        let (low, carry) = self.low.overflowing_add(scale * u64::from(cumulative));
        if carry {
            self.carry();
        }
        self.low = low;
        self.range = scale * u64::from(frequency);
        if self.range < RENORMALISE {
            self.bytes.extend(&((self.low >> 32) as u32).to_be_bytes());
            self.low <<= 32;
            self.range <<= 32;
        }
    }

    /// Encodes a bit that is one with the probability `one` / 65,536.
    #[inline(always)]
    pub(crate) fn bit(&mut self, bit: bool, one: u32) {
        if bit {
            self.symbol(0, one, BIT_TOTAL);
        } else {
            self.symbol(one, (1 << BIT_TOTAL) - one, BIT_TOTAL);
        }
    }

    #[cold]
    fn carry(&mut self) {
        for byte in self.bytes.bytes().iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return;
            }
        }
    }

    /// Ends the stream with the fewest bytes, and leaves out zeros at its end.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        for length in 0..=8 {
            let unit = 1u64.checked_shl(64 - 8 * length).unwrap_or(0);
            let below = unit.wrapping_sub(1);
            let (up, carry) = self.low.overflowing_add(below);
            let end = up & !below;
            if end.wrapping_sub(self.low) < self.range {
                if carry {
                    self.carry();
                }
                self.bytes.extend(&end.to_be_bytes()[..length as usize]);
                break;
            }
        }
        let mut bytes = self.bytes.finish()?;
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(bytes)
    }
}

/// Decodes symbols. Bytes after the end count as zeros; damaged bytes give wrong symbols.
pub(crate) struct RangeDecoder<'a> {
    /// The number that was read, minus the encoder's `low`.
    point: u64,
    range: u64,
    bytes: &'a [u8],
}

/// A decoder that was put aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspended {
    point: u64,
    range: u64,
    /// Bytes that are left.
    left: usize,
}

impl<'a> RangeDecoder<'a> {
    /// Puts the decoder aside, to let its bytes go.
    pub(crate) fn suspend(&self) -> Suspended {
        Suspended { point: self.point, range: self.range, left: self.bytes.len() }
    }

    /// Goes on with the same bytes.
    pub(crate) fn resume(bytes: &'a [u8], state: Suspended) -> Self {
        let Suspended { point, range, left } = state;
        RangeDecoder { point, range, bytes: &bytes[bytes.len().saturating_sub(left)..] }
    }

    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = RangeDecoder { point: 0, range: u64::MAX, bytes };
        decoder.point = u64::from(decoder.word()) << 32 | u64::from(decoder.word());
        decoder
    }

    #[inline(always)]
    fn word(&mut self) -> u32 {
        if let Some((word, rest)) = self.bytes.split_first_chunk() {
            self.bytes = rest;
            return u32::from_be_bytes(*word);
        }
        let mut word = [0; 4];
        word[..self.bytes.len()].copy_from_slice(self.bytes);
        self.bytes = &[];
        u32::from_be_bytes(word)
    }

    /// Returns the scale for [`advance`](Self::advance), and the place of the next symbol out of
    /// 2^`total`.
    #[inline(always)]
    pub(crate) fn find(&self, total: u32) -> (u64, u32) {
        let scale = self.range >> total;
        // Only damaged bytes give a larger place.
        (scale, (self.point / scale).min((1 << total) - 1) as u32)
    }

    /// Advances past a symbol.
    #[inline(always)]
    pub(crate) fn advance(&mut self, scale: u64, cumulative: u32, frequency: u32) {
        self.point = self.point.wrapping_sub(scale * u64::from(cumulative));
        self.range = scale * u64::from(frequency);
        if self.range < RENORMALISE {
            self.point = self.point << 32 | u64::from(self.word());
            self.range <<= 32;
        }
    }

    /// Decodes a bit that is one with the probability `one` / 65,536.
    #[inline(always)]
    pub(crate) fn bit(&mut self, one: u32) -> bool {
        let scale = self.range >> BIT_TOTAL;
        let bit = self.point < scale * u64::from(one);
        if bit {
            self.advance(scale, 0, one);
        } else {
            self.advance(scale, one, (1 << BIT_TOTAL) - one);
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Borrow;
    use std::num::NonZeroU32;

    use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};
    use constriction::stream::{Decode, Encode, queue};
    use proptest::prelude::*;

    use super::*;

    /// A bit with its probability, as a model for constriction, the oracle of these tests.
    #[derive(Clone, Copy)]
    struct Bit(u32);

    impl EntropyModel<16> for Bit {
        type Symbol = bool;
        type Probability = u32;
    }

    impl EncoderModel<16> for Bit {
        fn left_cumulative_and_probability(
            &self,
            bit: impl Borrow<bool>,
        ) -> Option<(u32, NonZeroU32)> {
            let (cumulative, frequency) =
                if *bit.borrow() { (0, self.0) } else { (self.0, 65_536 - self.0) };
            Some((cumulative, NonZeroU32::new(frequency)?))
        }
    }

    impl DecoderModel<16> for Bit {
        fn quantile_function(&self, quantile: u32) -> (bool, u32, NonZeroU32) {
            let bit = quantile < self.0;
            let (cumulative, frequency) =
                self.left_cumulative_and_probability(bit).expect("never zero");
            (bit, cumulative, frequency)
        }
    }

    fn encode(bits: &[(bool, u32)]) -> Vec<u8> {
        let mut encoder = RangeEncoder::new();
        bits.iter().for_each(|&(bit, one)| encoder.bit(bit, one));
        encoder.finish().expect("memory")
    }

    fn decode(bytes: &[u8], bits: &[(bool, u32)]) -> Vec<(bool, u32)> {
        let mut decoder = RangeDecoder::new(bytes);
        bits.iter().map(|&(_, one)| (decoder.bit(one), one)).collect()
    }

    fn bits() -> impl Strategy<Value = Vec<(bool, u32)>> {
        let one = prop_oneof![1..65_536u32, Just(1), Just(65_535), Just(32_768)];
        // Mostly the likely bit, so that carries run through many bytes.
        let bit = (one, 0..100u32).prop_map(|(one, turn)| ((one >= 32_768) ^ (turn < 5), one));
        prop::collection::vec(bit, 0..2000)
    }

    proptest! {
        #[test]
        fn bits_come_back(bits in bits()) {
            prop_assert_eq!(decode(&encode(&bits), &bits), bits);
        }

        #[test]
        fn constriction_reads_what_we_write(bits in bits()) {
            let mut bytes = encode(&bits);
            bytes.resize(bytes.len().next_multiple_of(4) + 8, 0);
            let words: Vec<u32> = bytes
                .chunks_exact(4)
                .map(|word| u32::from_be_bytes(word.try_into().expect("four bytes")))
                .collect();
            let mut decoder =
                queue::RangeDecoder::<u32, u64, _>::from_compressed(words).expect("words");
            for &(bit, one) in &bits {
                prop_assert_eq!(decoder.decode_symbol(Bit(one)).expect("valid"), bit);
            }
        }

        #[test]
        fn we_read_what_constriction_writes(bits in bits()) {
            let mut encoder = queue::RangeEncoder::<u32, u64>::new();
            for &(bit, one) in &bits {
                encoder.encode_symbol(bit, Bit(one)).expect("never impossible");
            }
            let words = encoder.into_compressed().expect("memory");
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            prop_assert_eq!(decode(&bytes, &bits), bits);
        }

        #[test]
        fn no_byte_is_wasted(bits in bits()) {
            let ideal: f64 = bits
                .iter()
                .map(|&(bit, one)| {
                    let frequency = if bit { one } else { 65_536 - one };
                    16.0 - f64::from(frequency).log2()
                })
                .sum();
            let length = encode(&bits).len() as f64;
            prop_assert!(length <= ideal / 8.0 * 1.00002 + 1.01, "{length} for {ideal} bits");
        }

        #[test]
        fn damaged_bytes_do_no_harm(bytes: Vec<u8>, bits in bits()) {
            decode(&bytes, &bits);
        }
    }

    #[test]
    fn a_carry_runs_through_full_bytes() {
        let bits: Vec<_> = std::iter::repeat_n((false, 1), 500_000)
            .chain(std::iter::repeat_n((true, 65_535), 10))
            .chain([(false, 65_535), (true, 1), (false, 32_768)])
            .collect();
        assert_eq!(decode(&encode(&bits), &bits), bits);
    }
}

//! Bits whose probability adapts while they are coded.

use super::range::{RangeDecoder, RangeEncoder};

/// An adaptive probability of a one: the mean of a fast and a slow estimate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdaptiveBit {
    fast: u16,
    slow: u16,
}

const FAST: u32 = 4;
const SLOW: u32 = 7;
const LEAST: u32 = 32;

impl AdaptiveBit {
    pub(crate) const NEW: AdaptiveBit = AdaptiveBit { fast: 1 << 15, slow: 1 << 15 };

    /// Returns the probability of a one, in units of 1/65,536.
    #[inline(always)]
    pub(crate) fn one(self) -> u32 {
        let mean = (u32::from(self.fast) + u32::from(self.slow)) >> 1;
        mean.clamp(LEAST, (1 << 16) - LEAST)
    }

    /// Returns the distance of the probability from one half.
    pub(crate) fn certainty(self) -> u32 {
        self.one().abs_diff(1 << 15)
    }

    #[inline(always)]
    pub(crate) fn learn(&mut self, bit: bool) {
        if bit {
            self.fast += (u16::MAX - self.fast) >> FAST;
            self.slow += (u16::MAX - self.slow) >> SLOW;
        } else {
            self.fast -= self.fast >> FAST;
            self.slow -= self.slow >> SLOW;
        }
    }

    #[inline(always)]
    pub(crate) fn encode(&mut self, bit: bool, encoder: &mut RangeEncoder) {
        encoder.bit(bit, self.one());
        self.learn(bit);
    }

    #[inline(always)]
    pub(crate) fn decode(&mut self, decoder: &mut RangeDecoder) -> bool {
        let bit = decoder.bit(self.one());
        self.learn(bit);
        bit
    }
}

//! The two directions through a model of adaptive bits.
//!
//! A coder that writes answers with the bits that it was given.

use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder};

/// The most bits of a number that are coded at once.
const AT_ONCE: u32 = 16;

/// Codes bits in either direction.
pub(super) trait BitCoder {
    fn bit(&mut self, node: &mut AdaptiveBit, bit: bool) -> bool;

    /// Codes up to 16 bits without a model.
    fn few(&mut self, bits: u64, count: u32) -> u64;

    /// Codes the lowest `count` bits without a model, highest first.
    #[inline(always)]
    fn raw(&mut self, bits: u64, count: u32) -> u64 {
        let (mut left, mut coded) = (count, 0);
        while left > 0 {
            let now = left.min(AT_ONCE);
            left -= now;
            coded = coded << now | self.few(bits >> left & ((1 << now) - 1), now);
        }
        coded
    }

    /// Codes a number: its length in bits with these nodes, then the bits below the highest.
    #[inline(always)]
    fn number(&mut self, nodes: &mut [AdaptiveBit], number: u64) -> u64 {
        let most = nodes.len() as u32;
        let given = 64 - number.leading_zeros();
        let mut length = 0;
        while length < most && self.bit(&mut nodes[length as usize], given > length) {
            length += 1;
        }
        match length {
            0 => 0,
            _ => 1 << (length - 1) | self.raw(number & ((1 << (length - 1)) - 1), length - 1),
        }
    }
}

impl BitCoder for RangeEncoder {
    #[inline(always)]
    fn bit(&mut self, node: &mut AdaptiveBit, bit: bool) -> bool {
        node.encode(bit, self);
        bit
    }

    #[inline(always)]
    fn few(&mut self, bits: u64, count: u32) -> u64 {
        self.symbol(bits as u32, 1, count);
        bits
    }
}

impl BitCoder for RangeDecoder<'_> {
    #[inline(always)]
    fn bit(&mut self, node: &mut AdaptiveBit, _: bool) -> bool {
        node.decode(self)
    }

    #[inline(always)]
    fn few(&mut self, _: u64, count: u32) -> u64 {
        let (scale, place) = self.find(count);
        self.advance(scale, place, 1);
        u64::from(place)
    }
}

//! The symbols of a chunk as they are read.

use crate::entropy::{RangeDecoder, Suspended};
use crate::planes::{BitReader, SuspendedBits};

/// Reads symbols from a token stream, and the bits that stand beside it.
pub(crate) struct Reading<'a> {
    pub(crate) tokens: RangeDecoder<'a>,
    pub(crate) bits: BitReader<'a>,
}

/// A reader that was put aside.
#[derive(Clone, Copy)]
pub(crate) struct SuspendedReading {
    tokens: Suspended,
    bits: SuspendedBits,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(tokens: &'a [u8], bits: &'a [u8]) -> Self {
        Reading { tokens: RangeDecoder::new(tokens), bits: BitReader::new(bits) }
    }

    /// Puts the reader aside, to let its bytes go.
    pub(crate) fn suspend(&self) -> SuspendedReading {
        SuspendedReading { tokens: self.tokens.suspend(), bits: self.bits.suspend() }
    }

    /// Goes on with the same bytes.
    pub(crate) fn resume(tokens: &'a [u8], bits: &'a [u8], state: SuspendedReading) -> Self {
        Reading {
            tokens: RangeDecoder::resume(tokens, state.tokens),
            bits: BitReader::resume(bits, state.bits),
        }
    }
}

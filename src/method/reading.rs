//! The symbols of a chunk as they are read.

use std::ops::Range;

use bytes::Bytes;

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
}

/// The symbols of a payload, which are read in parts.
pub(crate) struct Symbols {
    payload: Bytes,
    tokens: Range<usize>,
    bits: Range<usize>,
    /// How far they were read; `None` at first.
    read: Option<SuspendedReading>,
}

impl Symbols {
    /// Those of a payload that ends with so many bytes of bits and then of tokens.
    pub(crate) fn new(payload: Bytes, bits: usize, tokens: usize) -> Self {
        let middle = payload.len() - tokens;
        let (bits, tokens) = (middle - bits..middle, middle..payload.len());
        Symbols { payload, tokens, bits, read: None }
    }

    /// Returns a reader of those that are left.
    pub(crate) fn reading(&self) -> Reading<'_> {
        let tokens = &self.payload[self.tokens.clone()];
        let bits = &self.payload[self.bits.clone()];
        match self.read {
            None => Reading::new(tokens, bits),
            Some(state) => Reading {
                tokens: RangeDecoder::resume(tokens, state.tokens),
                bits: BitReader::resume(bits, state.bits),
            },
        }
    }

    /// Keeps how far they were read.
    pub(crate) fn keep(&mut self, read: SuspendedReading) {
        self.read = Some(read);
    }
}

//! Symbols of adaptive bits, written once for both directions.
//!
//! Whoever codes passes the value that it has and goes on with the value that comes back: an
//! encoder gets its own, a decoder that of the stream.

use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder, Suspended};
use crate::error::Result;

/// One of the two directions.
pub(super) enum Coder<'a> {
    Encoder(RangeEncoder),
    Decoder(RangeDecoder<'a>),
}

impl<'a> Coder<'a> {
    pub(super) fn encoder() -> Self {
        Coder::Encoder(RangeEncoder::new())
    }

    /// A decoder, or one that was put aside and goes on with the same bytes.
    pub(super) fn decoder(bytes: &'a [u8], suspended: Option<Suspended>) -> Self {
        Coder::Decoder(match suspended {
            None => RangeDecoder::new(bytes),
            Some(state) => RangeDecoder::resume(bytes, state),
        })
    }

    /// Puts a decoder aside; nothing of an encoder.
    pub(super) fn suspend(&self) -> Option<Suspended> {
        match self {
            Coder::Encoder(_) => None,
            Coder::Decoder(decoder) => Some(decoder.suspend()),
        }
    }

    /// The bytes of an encoder; none of a decoder.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Coder::Encoder(encoder) => encoder.finish(),
            Coder::Decoder(_) => Ok(Vec::new()),
        }
    }

    pub(super) fn bit(&mut self, model: &mut AdaptiveBit, bit: bool) -> bool {
        match self {
            Coder::Encoder(encoder) => {
                model.encode(bit, encoder);
                bit
            }
            Coder::Decoder(decoder) => model.decode(decoder),
        }
    }

    /// A number of so many bits, all alike.
    pub(super) fn plain(&mut self, value: u64, bits: u32) -> u64 {
        (0..bits).rev().fold(0, |so_far, at| {
            let bit = value >> at & 1 != 0;
            let bit = match self {
                Coder::Encoder(encoder) => {
                    encoder.bit(bit, 1 << 15);
                    bit
                }
                Coder::Decoder(decoder) => decoder.bit(1 << 15),
            };
            so_far << 1 | u64::from(bit)
        })
    }
}

/// Whether something is so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag(AdaptiveBit);

impl Flag {
    pub(super) const NEW: Flag = Flag(AdaptiveBit::NEW);

    pub(super) fn code(&mut self, coder: &mut Coder, value: bool) -> bool {
        coder.bit(&mut self.0, value)
    }
}

/// One of 2^`BITS` symbols, the highest bit first; `NODES` is their number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol<const NODES: usize>([AdaptiveBit; NODES]);

impl<const NODES: usize> Symbol<NODES> {
    pub(super) const NEW: Self = Symbol([AdaptiveBit::NEW; NODES]);
    const BITS: u32 = NODES.ilog2();

    pub(super) fn code(&mut self, coder: &mut Coder, value: u32) -> u32 {
        self.code_bits(coder, value, Self::BITS)
    }

    /// One of the first 2^`bits` symbols.
    fn code_bits(&mut self, coder: &mut Coder, value: u32, bits: u32) -> u32 {
        let mut node = 1;
        for at in (0..bits).rev() {
            let bit = coder.bit(&mut self.0[node], value >> at & 1 != 0);
            node = node << 1 | usize::from(bit);
        }
        node as u32 - (1 << bits)
    }
}

/// A number below 2^63, the smaller the cheaper: the length of it plus one, then its bits, of
/// which the two highest adapt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    length: Symbol<64>,
    high: [Symbol<4>; 64],
}

impl Number {
    pub(super) const NEW: Number = Number { length: Symbol::NEW, high: [Symbol::NEW; 64] };

    pub(super) fn code(&mut self, coder: &mut Coder, value: u64) -> u64 {
        let value = value.saturating_add(1);
        let length = self.length.code(coder, value.ilog2());
        let adaptive = length.min(2);
        let rest = length - adaptive;
        let high = self.high[length as usize].code_bits(
            coder,
            (value >> rest) as u32 & ((1 << adaptive) - 1),
            adaptive,
        );
        let low = coder.plain(value & ((1 << rest) - 1), rest);
        ((1 << adaptive | u64::from(high)) << rest | low) - 1
    }
}

/// A number with a sign. Sizes that do not fit 63 bits, which no encoder has, become the largest
/// that does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed {
    size: Number,
    negative: Flag,
}

impl Signed {
    pub(super) const NEW: Signed = Signed { size: Number::NEW, negative: Flag::NEW };

    pub(super) fn code(&mut self, coder: &mut Coder, value: i64) -> i64 {
        let size = self.size.code(coder, value.unsigned_abs());
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        match size != 0 && self.negative.code(coder, value < 0) {
            true => -size,
            false => size,
        }
    }
}

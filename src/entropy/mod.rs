//! The entropy coder: symbols with known probabilities to bytes and back.

mod bits;
mod cost;
mod range;

pub(crate) use bits::AdaptiveBit;
pub(crate) use cost::{UNITS, cost, log2};
pub(crate) use range::{RangeDecoder, RangeEncoder, Suspended};

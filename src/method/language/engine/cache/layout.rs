//! The shape of a cache, and of the rows that are multiplied with it.

use crate::method::language::Precision;
use crate::numerics::bytes::ByteRows;
use crate::numerics::matrix::GROUP;

/// Positions of a block, which are allocated together.
pub(crate) const BLOCK: usize = 64;

/// Up to this many rows of queries are done with a head before the keys and values of the
/// next head arrive from memory, unless these are prefetched.
pub(super) const FEW: usize = 6;

/// The shape of a cache: each layer has heads, and each of them a key and a value for every
/// position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CacheLayout {
    pub(crate) precision: Precision,
    pub(crate) layers: usize,
    /// Number of heads of keys in a layer.
    pub(crate) heads: usize,
    pub(crate) head_width: usize,
}

impl CacheLayout {
    /// Returns the length of a head's values of a position, padded to whole groups.
    pub(crate) fn value_width(&self) -> usize {
        self.head_width.next_multiple_of(GROUP)
    }

    /// Returns the number of heads of all layers.
    pub(super) fn places(&self) -> usize {
        self.layers * self.heads
    }

    /// Returns the next head of the same layer.
    #[inline(always)]
    pub(super) fn next(&self, place: usize) -> Option<usize> {
        let next = place + 1;
        (!next.is_multiple_of(self.heads)).then_some(next)
    }
}

/// Rows of scores, or of weights.
pub(crate) struct Rows<'a> {
    pub(crate) first: usize,
    pub(crate) rows: usize,
    /// A column for each position.
    pub(crate) scores: &'a mut [f32],
    pub(crate) stride: usize,
}

/// Rows of queries that share keys.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    pub(crate) floats: Vec<f32>,
    /// The same numbers, quantised, for the precision that has keys in bytes.
    pub(crate) bytes: ByteRows,
}

//! Values of a context in bytes, and weighted sums of them.

use super::quantise::{byte, scales};

/// A row of values for each position, with a scale of its own.
#[derive(Debug, Clone)]
pub(crate) struct ByteValues {
    width: usize,
    bytes: Vec<i8>,
    scales: Vec<f32>,
}

impl ByteValues {
    /// Rows of this width; none yet.
    pub(crate) fn new(width: usize) -> Self {
        ByteValues { width, bytes: Vec::new(), scales: Vec::new() }
    }

    /// Makes room for so many positions in all.
    pub(crate) fn reserve(&mut self, positions: usize) {
        let more = positions.saturating_sub(self.scales.len());
        self.bytes.reserve_exact(more * self.width);
        self.scales.reserve_exact(more);
    }

    /// Adds a position. What is no number, or infinite, becomes a large one.
    #[inline(always)]
    pub(crate) fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.width, "one value for each of a position");
        let (scale, factor) = scales(row);
        self.bytes.extend(row.iter().map(|&value| byte(value, factor)));
        self.scales.push(scale);
    }

    /// Removes all positions and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.scales.clear();
    }

    /// A scale for each position.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scales
    }
}

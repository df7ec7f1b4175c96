//! Quantised activations.

use super::quantise::RowScale;
use super::{GROUP, PIECE, RAISE, Raised};

/// Rows of quantised activations. Each product overwrites them in the same memory.
#[derive(Debug, Default)]
pub(crate) struct ByteRows {
    inputs: usize,
    /// Number of groups from a row to the next: one cache line more than needed, since rows a
    /// power of two apart would evict each other from a cache.
    stride: usize,
    /// Values behind the inputs of a row are multiplied by weights of zero.
    groups: Vec<Raised>,
    /// The scale of each row.
    scales: Vec<f32>,
}

impl ByteRows {
    /// Quantises the first `inputs` values of rows that are `stride` apart. Infinite values
    /// become large finite ones, and NaN a large negative one.
    #[inline(always)]
    pub(crate) fn quantise(&mut self, values: &[f32], stride: usize, inputs: usize) {
        const LINE: usize = 16;
        let rows = values.len() / stride;
        self.inputs = inputs;
        self.stride = (inputs.div_ceil(GROUP).div_ceil(LINE) + 1) * LINE;
        self.groups.resize(rows * self.stride, [RAISE; GROUP]);
        self.scales.clear();
        let groups = self.groups.chunks_exact_mut(self.stride);
        for (values, groups) in values.chunks_exact(stride).zip(groups) {
            let values = &values[..inputs];
            let scale = RowScale::of(values);
            self.scales.push(scale.scale);
            let mut bytes = [0; PIECE];
            let raised = groups.as_flattened_mut();
            for start in (0..inputs).step_by(PIECE) {
                let count = PIECE.min(inputs - start);
                scale.quantise(&values[start..start + count], &mut bytes);
                let raised = &mut raised[start..start + count];
                for i in 0..count {
                    raised[i] = (bytes[i] as u8).wrapping_add(RAISE);
                }
            }
        }
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.scales.len()
    }

    /// Returns the number of values of a row.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the scale of a row.
    #[inline(always)]
    pub(super) fn scale(&self, row: usize) -> f32 {
        self.scales[row]
    }

    /// Returns `count` groups of a row, starting with `from`.
    #[inline(always)]
    pub(super) fn groups(&self, row: usize, from: usize, count: usize) -> &[Raised] {
        &self.groups[row * self.stride + from..][..count]
    }
}

//! Activations in bytes.

use super::quantise::RowScale;
use super::{GROUP, PIECE, RAISE, Raised};

/// Rows of activations. They are written anew for each product, in the same memory.
#[derive(Debug, Default)]
pub(crate) struct ByteRows {
    inputs: usize,
    /// Groups from a row to the next: one more line than it takes, since rows a power of two
    /// apart would push each other out of a cache.
    stride: usize,
    /// What is behind the inputs of a row meets weights of zero.
    groups: Vec<Raised>,
    /// One for each row.
    scales: Vec<f32>,
}

impl ByteRows {
    /// Takes the first values of each row, of which one is `stride` values long. What is no
    /// number, or infinite, becomes a large one.
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

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.scales.len()
    }

    /// Values of a row.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// A row's scale.
    #[inline(always)]
    pub(super) fn scale(&self, row: usize) -> f32 {
        self.scales[row]
    }

    /// The groups of a row, from one on.
    #[inline(always)]
    pub(super) fn groups(&self, row: usize, from: usize, count: usize) -> &[Raised] {
        &self.groups[row * self.stride + from..][..count]
    }
}

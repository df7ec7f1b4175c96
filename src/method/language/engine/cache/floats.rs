//! Keys and values as floats.

use super::layout::{BLOCK, CacheLayout, FEW, Queries, Rows};
use crate::error::Result;
use crate::memory;
use crate::numerics::dispatch::Kernels;
use crate::numerics::functions::finite;
use crate::numerics::matrix::{GROUP, Product, Sums, multiply};
use crate::numerics::prefetch::prefetch;

/// Keys and values of 64 positions, all finite.
///
/// For each head of each layer, there are the keys in rows of one component of all positions,
/// so that lanes of scores are positions, then the values in rows of one position.
#[derive(Debug)]
pub(super) struct FloatBlock(Box<[f32]>);

impl FloatBlock {
    pub(super) fn new(layout: &CacheLayout) -> Result<Self> {
        Ok(FloatBlock(memory::filled(0.0, layout.places() * length(layout))?.into()))
    }

    /// Returns the bytes of a block's data.
    pub(super) fn bytes(layout: &CacheLayout) -> u64 {
        layout.places() as u64 * (length(layout) * size_of::<f32>()) as u64
    }

    #[inline(always)]
    pub(super) fn put(
        &mut self,
        layout: &CacheLayout,
        place: usize,
        at: usize,
        keys: &[f32],
        values: &[f32],
    ) {
        let (length, value_width) = (length(layout), layout.value_width());
        let head = &mut self.0[place * length..(place + 1) * length];
        let (all_keys, all_values) = head.split_at_mut(BLOCK * layout.head_width);
        for (to, &key) in all_keys[at..].iter_mut().step_by(BLOCK).zip(keys) {
            *to = finite(key);
        }
        let row = &mut all_values[at * value_width..(at + 1) * value_width];
        for (to, &value) in row.iter_mut().zip(values) {
            *to = finite(value);
        }
    }

    #[inline(always)]
    pub(super) fn score<I: Kernels>(
        &self,
        layout: &CacheLayout,
        place: usize,
        queries: &Queries,
        rows: &mut Rows<'_>,
        count: usize,
    ) {
        let width = layout.head_width;
        if let Some(next) = layout.next(place).filter(|_| rows.rows <= FEW) {
            for row in self.0[next * length(layout)..].chunks_exact(BLOCK).take(width) {
                prefetch(&row[..count]);
            }
        }
        let product = Product {
            inputs: &queries.floats[rows.first * width..],
            input_stride: width,
            rows: rows.rows,
            depth: width,
            weights: &self.0[place * length(layout)..],
            weight_stride: BLOCK,
            outputs: count.next_multiple_of(GROUP),
        };
        let mut sums = Sums { values: rows.scores, stride: rows.stride, fresh: true };
        multiply::<I::Floats, f32>(product, &mut sums);
    }

    #[inline(always)]
    pub(super) fn gather<I: Kernels>(
        &self,
        layout: &CacheLayout,
        place: usize,
        weights: &mut Rows<'_>,
        count: usize,
        outputs: &mut [f32],
        fresh: bool,
    ) {
        let stride = layout.value_width();
        if let Some(next) = layout.next(place).filter(|_| weights.rows <= FEW) {
            let start = next * length(layout) + BLOCK * layout.head_width;
            prefetch(&self.0[start..start + count * stride]);
        }
        let product = Product {
            inputs: weights.scores,
            input_stride: weights.stride,
            rows: weights.rows,
            depth: count,
            weights: &self.0[place * length(layout) + BLOCK * layout.head_width..],
            weight_stride: stride,
            outputs: stride,
        };
        multiply::<I::Floats, f32>(product, &mut Sums { values: outputs, stride, fresh });
    }
}

/// Returns the number of floats of a head.
#[inline(always)]
fn length(layout: &CacheLayout) -> usize {
    BLOCK * (layout.head_width + layout.value_width())
}

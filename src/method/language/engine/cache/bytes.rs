//! Keys and values in bytes, with a scale for each position and head.

use super::layout::{BLOCK, CacheLayout, FEW, Queries, Rows};
use crate::error::Result;
use crate::memory;
use crate::numerics::bytes::{self, Group, PANEL, Panel, multiply_panel, put, quantise};
use crate::numerics::dispatch::Kernels;
use crate::numerics::matrix::{Product, Sums, multiply};
use crate::numerics::prefetch::prefetch;

/// Quantised keys and values of 64 positions, for each head of each layer.
#[derive(Debug)]
pub(super) struct ByteBlock {
    /// A panel for each head, whose outputs are positions.
    keys: Box<[Group]>,
    raises: Box<[bytes::PanelSums]>,
    key_scales: Box<[[f32; BLOCK]]>,
    /// A row for each position, padded to whole groups.
    values: Box<[i8]>,
    value_scales: Box<[[f32; BLOCK]]>,
}

const _: () = assert!(BLOCK == PANEL, "a block's keys are a panel");

impl ByteBlock {
    pub(super) fn new(layout: &CacheLayout) -> Result<Self> {
        let places = layout.places();
        Ok(ByteBlock {
            keys: memory::filled(Group::ZERO, places * groups(layout))?.into(),
            raises: memory::filled([0; PANEL], places)?.into(),
            key_scales: memory::filled([0.0; BLOCK], places)?.into(),
            values: memory::filled(0, places * BLOCK * layout.value_width())?.into(),
            value_scales: memory::filled([0.0; BLOCK], places)?.into(),
        })
    }

    /// Returns the bytes of a block's data.
    pub(super) fn bytes(layout: &CacheLayout) -> u64 {
        let position = bytes::GROUP * groups(layout) + layout.value_width() + 3 * size_of::<f32>();
        layout.places() as u64 * (BLOCK * position) as u64
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
        let (groups, stride) = (groups(layout), layout.value_width());
        let (scale, raise) = put(keys, &mut self.keys[place * groups..(place + 1) * groups], at);
        self.key_scales[place][at] = scale;
        self.raises[place][at] = raise;
        let row = &mut self.values[(place * BLOCK + at) * stride..][..layout.head_width];
        self.value_scales[place][at] = quantise(values, row);
    }

    #[inline(always)]
    pub(super) fn score<I: Kernels>(
        &self,
        layout: &CacheLayout,
        place: usize,
        queries: &Queries,
        rows: &mut Rows<'_>,
        count: usize,
        sums: &mut [bytes::PanelSums],
    ) {
        let groups = groups(layout);
        let panel = Panel {
            weights: &self.keys[place * groups..(place + 1) * groups],
            next: &[],
            raises: &self.raises[place],
            scales: &self.key_scales[place],
        };
        if let Some(next) = layout.next(place).filter(|_| rows.rows <= FEW) {
            for group in &self.keys[next * groups..(next + 1) * groups] {
                prefetch(group.outputs(count));
            }
        }
        let which = rows.first..rows.first + rows.rows;
        let (scores, stride) = (&mut *rows.scores, rows.stride);
        multiply_panel::<I>(&queries.bytes, which, panel, count, sums, scores, stride);
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
        for row in weights.scores.chunks_mut(weights.stride).take(weights.rows) {
            for (weight, &scale) in row[..count].iter_mut().zip(&self.value_scales[place]) {
                *weight *= scale;
            }
        }
        let stride = layout.value_width();
        if let Some(next) = layout.next(place).filter(|_| weights.rows <= FEW) {
            prefetch(&self.values[next * BLOCK * stride..][..count * stride]);
        }
        let product = Product {
            inputs: weights.scores,
            input_stride: weights.stride,
            rows: weights.rows,
            depth: count,
            weights: &self.values[place * BLOCK * stride..],
            weight_stride: stride,
            outputs: stride,
        };
        multiply::<I::Floats, i8>(product, &mut Sums { values: outputs, stride, fresh });
    }
}

/// Returns the number of groups of a head's keys.
#[inline(always)]
fn groups(layout: &CacheLayout) -> usize {
    layout.head_width.div_ceil(bytes::GROUP)
}

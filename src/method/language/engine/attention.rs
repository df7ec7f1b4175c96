//! Attention: each position gathers the values of the positions before it, and its own.

use super::buffer::reserve;
use super::cache::{BLOCK, CacheLayout, Queries, Rows};
use super::schedule::{Run, Span};
use crate::method::language::Precision;
use crate::numerics::bytes::{self, PANEL, PanelSums};
use crate::numerics::dispatch::{InstructionSet, Kernels, Work};
use crate::numerics::functions::{exp_minus, finite};
use crate::numerics::lanes::tree;
use crate::numerics::matrix::GROUP;

/// The most scores that are computed at once, or one row if that is more.
const SCORES: usize = 1 << 16;

/// Buffers for the rows of queries that share keys.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    queries: Queries,
    scores: Vec<f32>,
    /// The sum of the weights of each row.
    totals: Vec<f32>,
    outputs: Vec<f32>,
}

/// The attention of one layer, for all rows of a block.
pub(super) struct Attend<'a, 'b> {
    pub(super) layout: &'a CacheLayout,
    /// Number of heads of queries that share a head of keys.
    pub(super) sharing: usize,
    pub(super) layer: usize,
    pub(super) runs: &'a mut [Run<'b>],
    pub(super) spans: &'a [Span],
    /// Rows of all heads of queries, `stride` apart.
    pub(super) queries: &'a [f32],
    pub(super) stride: usize,
    /// Rows of all heads of keys and of values, `key_stride` apart.
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
    pub(super) key_stride: usize,
    /// Rows of gathered values, laid out like the queries.
    pub(super) gathered: &'a mut [f32],
    pub(super) buffers: &'a mut Buffers,
}

impl Work for Attend<'_, '_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Vnni;

    #[inline(always)]
    fn run<I: Kernels>(mut self) {
        let mut sums = [[0; PANEL]; bytes::ROWS];
        for span in self.spans {
            for head in 0..self.layout.heads {
                self.put(span, head);
                self.attend::<I>(span, head, &mut sums);
            }
        }
    }
}

impl Attend<'_, '_> {
    /// Stores the keys and the values of a head for the rows of a span.
    #[inline(always)]
    fn put(&mut self, span: &Span, head: usize) {
        let width = self.layout.head_width;
        let place = self.layer * self.layout.heads + head;
        let cache = &mut *self.runs[span.run].cache;
        for at in 0..span.rows {
            let from = (span.row + at) * self.key_stride + head * width;
            let (keys, values) = (&self.keys[from..from + width], &self.values[from..from + width]);
            cache.put(self.layout, place, span.position + at, keys, values);
        }
    }

    /// Computes attention for the rows of a span and the heads of queries that share one of keys.
    #[inline(always)]
    fn attend<I: Kernels>(&mut self, span: &Span, head: usize, sums: &mut [PanelSums]) {
        let (layout, sharing) = (self.layout, self.sharing);
        let (width, value_width) = (layout.head_width, layout.value_width());
        let scale = 1.0 / (width as f32).sqrt();
        let first = head * sharing * width;
        let all = span.rows * sharing;
        let Buffers { queries, scores, totals, outputs } = &mut *self.buffers;

        // The order is row by row, and head by head in a row.
        let floats = reserve(&mut queries.floats, all * width);
        for (at, group) in floats.chunks_exact_mut(sharing * width).enumerate() {
            let start = (span.row + at) * self.stride + first;
            for (to, from) in group.iter_mut().zip(&self.queries[start..]) {
                *to = finite(from * scale);
            }
        }
        if layout.precision == Precision::Int8 {
            queries.bytes.quantise(floats, width, width);
        }

        let score_stride = (span.position + span.rows).next_multiple_of(BLOCK) + GROUP;
        let most = (SCORES / score_stride).max(1);
        let outputs = reserve(outputs, all * value_width);
        let cache = &*self.runs[span.run].cache;
        let place = self.layer * layout.heads + head;
        for start in (0..all).step_by(most) {
            let rows = most.min(all - start);
            let limit = |row: usize| span.position + row / sharing + 1;
            let scores = reserve(scores, rows * score_stride);
            let totals = reserve(totals, rows);
            let mut part = Rows { first: start, rows, scores, stride: score_stride };
            let positions = limit(start + rows - 1);
            cache.score::<I>(layout, place, queries, &mut part, positions, sums);
            for (at, total) in totals.iter_mut().enumerate() {
                let row = &mut part.scores[at * score_stride..];
                *total = weigh(&mut row[..positions.next_multiple_of(GROUP)], limit(start + at));
            }
            let outputs = &mut outputs[start * value_width..(start + rows) * value_width];
            cache.gather::<I>(layout, place, &mut part, positions, outputs);
            for (row, total) in outputs.chunks_exact_mut(value_width).zip(totals) {
                let factor = 1.0 / *total;
                row.iter_mut().for_each(|value| *value *= factor);
            }
        }

        for (at, row) in outputs.chunks_exact(value_width).enumerate() {
            let to = (span.row + at / sharing) * self.stride + first + at % sharing * width;
            self.gathered[to..to + width].copy_from_slice(&row[..width]);
        }
    }
}

/// Converts the scores of a row to weights and returns their sum: e^(score - largest score) for
/// the first `limit` scores, zero for the others.
#[inline(always)]
fn weigh(scores: &mut [f32], limit: usize) -> f32 {
    for score in &mut scores[..limit] {
        *score = finite(*score);
    }
    for score in &mut scores[limit..] {
        *score = f32::MIN;
    }
    let blocks = scores.as_chunks_mut::<GROUP>().0;
    let mut largest = [f32::MIN; GROUP];
    for block in &*blocks {
        for i in 0..GROUP {
            largest[i] = if block[i] > largest[i] { block[i] } else { largest[i] };
        }
    }
    let largest = largest.iter().fold(f32::MIN, |a, &b| if b > a { b } else { a });
    let mut sums = [0.0; GROUP];
    let full = limit / GROUP;
    for block in &mut blocks[..full] {
        for i in 0..GROUP {
            block[i] = exp_minus(largest - block[i]);
            sums[i] += block[i];
        }
    }
    for (at, block) in blocks[full..].iter_mut().enumerate() {
        for i in 0..GROUP {
            let inside = (full + at) * GROUP + i < limit;
            block[i] = if inside { exp_minus(largest - block[i]) } else { 0.0 };
            sums[i] += block[i];
        }
    }
    tree(sums)
}

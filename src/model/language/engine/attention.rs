//! Attention: each position gathers the values of those before it, and its own.

use super::Run;
use super::cache::{BLOCK, Cache, Layout, finite};
use super::schedule::Piece;
use super::scratch::reserve;
use crate::numerics::dispatch::{InstructionSet, Work};
use crate::numerics::functions::exp_minus;
use crate::numerics::integers::Integers;
use crate::numerics::lanes::tree;
use crate::numerics::matrix::{GROUP, Product, Sums, multiply};

/// Scores that are held at once, as long as that is a row of them at least.
const SCORES: usize = 1 << 16;

/// Memory for the rows of queries that share keys.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    queries: Vec<f32>,
    scores: Vec<f32>,
    sums: Vec<f32>,
    outputs: Vec<f32>,
}

/// Attention of one layer, for all rows of a block.
pub(super) struct Attend<'a, 'b> {
    pub(super) layout: &'a Layout,
    /// Heads of queries that share each head of keys.
    pub(super) sharing: usize,
    pub(super) layer: usize,
    pub(super) runs: &'a mut [Run<'b>],
    pub(super) pieces: &'a [Piece],
    /// Rows of all heads, each `stride`.
    pub(super) queries: &'a [f32],
    pub(super) stride: usize,
    /// The same for the heads of keys and of values.
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
    pub(super) key_stride: usize,
    /// Rows of all heads, as of the queries.
    pub(super) gathered: &'a mut [f32],
    pub(super) buffers: &'a mut Buffers,
}

impl Work for Attend<'_, '_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Integers>(mut self) {
        let key_width = self.layout.heads * self.layout.head_width;
        for piece in self.pieces {
            let cache = &mut *self.runs[piece.run].cache;
            for at in 0..piece.rows {
                let from = (piece.row + at) * self.key_stride;
                let (keys, values) = (&self.keys[from..], &self.values[from..]);
                let (keys, values) = (&keys[..key_width], &values[..key_width]);
                cache.put(self.layout, self.layer, piece.position + at, keys, values);
            }
        }
        for piece in self.pieces {
            for head in 0..self.layout.heads {
                self.attend::<I>(piece, head);
            }
        }
    }
}

impl Attend<'_, '_> {
    /// The rows of a piece, with the heads of queries that share one of keys.
    #[inline(always)]
    fn attend<I: Integers>(&mut self, piece: &Piece, head: usize) {
        let (layout, sharing) = (self.layout, self.sharing);
        let (width, value_width) = (layout.head_width, layout.value_width());
        let scale = 1.0 / (width as f32).sqrt();
        let first = head * sharing * width;
        let all = piece.rows * sharing;
        let Buffers { queries, scores, sums, outputs } = &mut *self.buffers;

        // Row by row, and in it head by head.
        let queries = reserve(queries, all * width);
        for (at, group) in queries.chunks_exact_mut(sharing * width).enumerate() {
            let start = (piece.row + at) * self.stride + first;
            for (to, from) in group.iter_mut().zip(&self.queries[start..]) {
                *to = finite(from * scale);
            }
        }

        let score_stride = (piece.position + piece.rows).next_multiple_of(BLOCK) + GROUP;
        let most = (SCORES / score_stride).max(1);
        let outputs = reserve(outputs, all * value_width);
        let cache = &*self.runs[piece.run].cache;
        for start in (0..all).step_by(most) {
            let rows = most.min(all - start);
            let limit = |row: usize| piece.position + row / sharing + 1;
            let scores = reserve(scores, rows * score_stride);
            let sums = reserve(sums, rows);
            let part = Part { layout, layer: self.layer, head, rows, score_stride };
            let positions = limit(start + rows - 1);
            part.score::<I>(cache, &queries[start * width..], positions, scores);
            for (at, sum) in sums.iter_mut().enumerate() {
                let row = &mut scores[at * score_stride..];
                *sum = weigh(&mut row[..positions.next_multiple_of(GROUP)], limit(start + at));
            }
            let outputs = &mut outputs[start * value_width..(start + rows) * value_width];
            part.gather::<I>(cache, scores, positions, outputs);
            for (row, sum) in outputs.chunks_exact_mut(value_width).zip(sums) {
                let factor = 1.0 / *sum;
                row.iter_mut().for_each(|value| *value *= factor);
            }
        }

        for (at, row) in outputs.chunks_exact(value_width).enumerate() {
            let to = (piece.row + at / sharing) * self.stride + first + at % sharing * width;
            self.gathered[to..to + width].copy_from_slice(&row[..width]);
        }
    }
}

/// Rows of queries that are worked on together.
struct Part<'a> {
    layout: &'a Layout,
    layer: usize,
    head: usize,
    rows: usize,
    score_stride: usize,
}

impl Part<'_> {
    /// Queries times the keys of all positions.
    #[inline(always)]
    fn score<I: Integers>(
        &self,
        cache: &Cache,
        queries: &[f32],
        positions: usize,
        scores: &mut [f32],
    ) {
        let width = self.layout.head_width;
        for start in (0..positions).step_by(BLOCK) {
            let (keys, _) = cache.head(self.layout, start / BLOCK, self.layer, self.head);
            let product = Product {
                inputs: queries,
                input_stride: width,
                rows: self.rows,
                depth: width,
                weights: keys,
                weight_stride: BLOCK,
                outputs: BLOCK.min((positions - start).next_multiple_of(GROUP)),
            };
            let values = &mut scores[start..];
            let mut sums = Sums { values, stride: self.score_stride, fresh: true };
            multiply::<I::Floats>(product, &mut sums);
        }
    }

    /// Weights times the values of all positions.
    #[inline(always)]
    fn gather<I: Integers>(
        &self,
        cache: &Cache,
        weights: &[f32],
        positions: usize,
        outputs: &mut [f32],
    ) {
        let stride = self.layout.value_width();
        for start in (0..positions).step_by(BLOCK) {
            let (_, values) = cache.head(self.layout, start / BLOCK, self.layer, self.head);
            let product = Product {
                inputs: &weights[start..],
                input_stride: self.score_stride,
                rows: self.rows,
                depth: BLOCK.min(positions - start),
                weights: values,
                weight_stride: stride,
                outputs: stride,
            };
            let mut sums = Sums { values: &mut *outputs, stride, fresh: start == 0 };
            multiply::<I::Floats>(product, &mut sums);
        }
    }
}

/// Makes weights of a row's scores: e^(score - largest score) for the first `limit` of them,
/// zero for the others. The sum of all.
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

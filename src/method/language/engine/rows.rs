//! Operations on single rows: norms, gates, biases.

use crate::numerics::dispatch::{InstructionSet, Kernels, Work};
use crate::numerics::functions::{finite, logistic};
use crate::numerics::lanes::tree;

/// Number of lanes of sums over a row.
const LANES: usize = 16;

/// Added to the variance of a layer norm.
const LAYER_EPSILON: f32 = 1e-5;

/// Sums up a function of a row's values in sixteen lanes and a tree.
#[inline(always)]
fn sum(row: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let (blocks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for i in 0..LANES {
            lanes[i] += value(block[i]);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += value(x);
    }
    tree(lanes)
}

/// Scales each row to a mean square of one, then each of its values.
pub(super) struct RootMeanSquare<'a> {
    pub(super) rows: &'a [f32],
    /// The length of a row, of which as many values count as there are scales.
    pub(super) stride: usize,
    pub(super) scales: &'a [f32],
    pub(super) epsilon: f32,
    pub(super) outputs: &'a mut [f32],
}

impl Work for RootMeanSquare<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        let width = self.scales.len();
        let outputs = self.outputs.chunks_exact_mut(self.stride);
        for (row, outputs) in self.rows.chunks_exact(self.stride).zip(outputs) {
            let row = &row[..width];
            let mean = sum(row, |x| x * x) / width as f32;
            let factor = 1.0 / (mean + self.epsilon).sqrt();
            for ((output, &x), &scale) in outputs.iter_mut().zip(row).zip(self.scales) {
                *output = (x * factor) * scale;
            }
        }
    }
}

/// Adds a part to each row and scales the sum to a mean of zero and a variance of one, then
/// each of its values, and adds an offset.
pub(super) struct LayerNorm<'a> {
    pub(super) rows: &'a mut [f32],
    pub(super) part: &'a [f32],
    pub(super) stride: usize,
    pub(super) scales: &'a [f32],
    pub(super) offsets: &'a [f32],
}

impl Work for LayerNorm<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        let width = self.scales.len();
        let parts = self.part.chunks_exact(self.stride);
        for (row, part) in self.rows.chunks_exact_mut(self.stride).zip(parts) {
            let row = &mut row[..width];
            for (x, &part) in row.iter_mut().zip(part) {
                *x += part;
            }
            let mean = sum(row, |x| x) / width as f32;
            for x in &mut *row {
                *x -= mean;
            }
            let variance = sum(row, |x| x * x) / width as f32;
            let factor = 1.0 / (variance + LAYER_EPSILON).sqrt();
            let affine = self.scales.iter().zip(self.offsets);
            for (x, (&scale, &offset)) in row.iter_mut().zip(affine) {
                *x = (*x * factor) * scale + offset;
            }
        }
    }
}

/// Adds one buffer to another.
pub(super) struct Add<'a> {
    pub(super) to: &'a mut [f32],
    pub(super) part: &'a [f32],
}

impl Work for Add<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        for (x, &part) in self.to.iter_mut().zip(self.part) {
            *x += part;
        }
    }
}

/// Applies SwiGLU: multiplies by the gate, which is x / (1 + e^-x).
pub(super) struct Gate<'a> {
    pub(super) gate: &'a [f32],
    pub(super) inner: &'a mut [f32],
}

impl Work for Gate<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        for (inner, &x) in self.inner.iter_mut().zip(self.gate) {
            *inner *= x * logistic(x);
        }
    }
}

/// Adds biases, then applies GELU in its form with a hyperbolic tangent.
pub(super) struct Gelu<'a> {
    pub(super) rows: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) biases: &'a [f32],
}

impl Work for Gelu<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        /// sqrt(8 / pi), twice sqrt(2 / pi).
        const ROOT: f32 = 1.595_769;
        for row in self.rows.chunks_exact_mut(self.stride) {
            for (y, &bias) in row.iter_mut().zip(self.biases) {
                let x = *y + bias;
                let cube = (x * x) * x;
                *y = x * logistic(ROOT * (x + 0.044_715 * cube));
            }
        }
    }
}

/// Adds biases.
pub(super) struct Bias<'a> {
    pub(super) rows: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) biases: &'a [f32],
}

impl Work for Bias<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        for row in self.rows.chunks_exact_mut(self.stride) {
            for (y, &bias) in row.iter_mut().zip(self.biases) {
                *y += bias;
            }
        }
    }
}

/// Makes all values finite.
pub(super) struct Finite<'a>(pub(super) &'a mut [f32]);

impl Work for Finite<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        for x in self.0 {
            *x = finite(*x);
        }
    }
}

//! The expected size of the next error.

use crate::numerics::functions::{clamp, exp_minus, ln};
use crate::numerics::lanes::tree;

/// Number of running averages of a channel's own errors.
const AVERAGES: usize = 6;
const RATES: [f32; AVERAGES] = [0.5, 0.2, 0.07, 0.025, 0.008, 0.002];

/// The average that all others are relative to.
const REFERENCE: usize = 4;
/// The inputs from the partner's error, and from how far predictions are apart.
const OTHER: usize = 6;
const APART: usize = 7;

/// The rate at which the usual distance of predictions follows.
const USUAL_RATE: f32 = 0.002;

/// Number of samples that the size of errors at the start is worth.
pub(super) const KNOWN: f32 = 8.0;

/// Added to the size of errors, so that no scale is zero.
pub(super) const LEAST_ERROR: f32 = 0.03;

/// The initial weights.
const START: [f32; 8] = [0.0, 0.25, 0.3, 0.25, 0.2, 0.0, 0.0, 0.0];

const LEARNING_RATE: f32 = 0.003;
const MOST_LOG: f32 = 4.0;
const MOST_SURPRISE: f32 = 3.0;

/// Predicts the logarithm of an error's size from averages over different times, from the error of
/// the partner channel, and from how far predictions are apart.
///
/// Its weights follow the gradient of the likelihood of a Laplace distribution.
pub(super) struct Volatility {
    averages: [f32; AVERAGES],
    weights: [f32; 8],
    inputs: [f32; 8],
    /// The usual value of the last input.
    usual: f32,
    time: u32,
    pub(super) expected: f32,
}

/// The last error of a channel, and its average error.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Errors {
    pub(super) last: f32,
    pub(super) average: f32,
}

impl Errors {
    const RATE: f32 = 0.01;

    pub(super) fn push(&mut self, error: f32) {
        self.last = error.abs();
        self.average += Self::RATE * (self.last - self.average);
    }
}

impl Volatility {
    /// Makes one that expects errors of this size.
    pub(super) fn new(size: f32) -> Self {
        Volatility {
            averages: [size; AVERAGES],
            weights: START,
            inputs: [0.0; 8],
            usual: 0.0,
            time: 0,
            expected: 0.0,
        }
    }

    /// Updates the expected error; `apart` is how far predictions are apart.
    #[inline(always)]
    pub(super) fn expect(&mut self, other: Errors, apart: f32) {
        let mut sizes = [other.last; 8];
        sizes[..AVERAGES].copy_from_slice(&self.averages);
        sizes[APART] = apart;
        let mut logs = [0.0; 8];
        for i in 0..8 {
            logs[i] = ln(sizes[i] + LEAST_ERROR);
        }
        for i in 0..8 {
            self.inputs[i] = logs[i] - logs[REFERENCE];
        }
        self.inputs[REFERENCE] = 1.0;
        self.inputs[OTHER] = logs[OTHER] - ln(other.average + LEAST_ERROR);
        let relative = self.inputs[APART];
        self.inputs[APART] = relative - self.usual;
        self.usual += USUAL_RATE * (relative - self.usual);
        let mut products = [0.0; 8];
        for i in 0..8 {
            products[i] = self.inputs[i] * self.weights[i];
        }
        let log = clamp(tree(products), -MOST_LOG, MOST_LOG);
        let factor = exp_minus(log.abs());
        let factor = if log > 0.0 { 1.0 / factor } else { factor };
        self.expected = (self.averages[REFERENCE] + LEAST_ERROR) * factor;
    }

    /// Learns the size of the error.
    #[inline(always)]
    pub(super) fn learn(&mut self, size: f32) {
        let surprise = clamp(size / self.expected, 0.0, MOST_SURPRISE) - 1.0;
        for i in 0..8 {
            self.weights[i] += LEARNING_RATE * surprise * self.inputs[i];
        }
        self.time = self.time.saturating_add(1);
        let first = 1.0 / (self.time as f32 + (KNOWN + 1.0));
        for i in 0..AVERAGES {
            let rate = if RATES[i] > first { RATES[i] } else { first };
            self.averages[i] += rate * (size - self.averages[i]);
        }
    }
}

//! LMS filters in single precision, for few taps.

use crate::numerics::lanes::{Lanes, tree};

/// The quantity that a filter learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::method::adaptive) enum Feedback {
    /// The error.
    Error,
    /// The sign of the error times the average error, so that outliers count no more than
    /// other samples.
    Sign,
}

const AVERAGE_RATE: f32 = 0.01;

/// Errors below this become zero, so that fading filters never hold denormals.
const LEAST_ERROR: f32 = 1e-6;

/// A filter that predicts more has diverged, and is reset.
const MOST: f32 = 1e12;

/// A filter of `N` taps, a multiple of 16. One power normalises it, since all taps are recent.
pub(in crate::method::adaptive) struct Float<const N: usize> {
    step: f32,
    feedback: Feedback,
    average: f32,
    weights: Box<[f32; N]>,
    /// Oldest first; the window is `history[at..at + N]`.
    history: Vec<f32>,
    at: usize,
    power: f64,
    pub(in crate::method::adaptive) prediction: f32,
}

impl<const N: usize> Float<N> {
    const SLACK: usize = 2048;

    pub(in crate::method::adaptive) fn new(step: f32, feedback: Feedback) -> Self {
        const { assert!(N.is_multiple_of(16)) };
        Float {
            step: step / N as f32,
            feedback,
            average: 0.0,
            weights: Box::new([0.0; N]),
            history: vec![0.0; N + Self::SLACK],
            at: 0,
            power: 0.0,
            prediction: 0.0,
        }
    }

    /// Learns the target and predicts the next one.
    #[inline(always)]
    pub(in crate::method::adaptive) fn step(&mut self, target: f32) {
        let error = target - self.prediction;
        let error = if error.abs() < LEAST_ERROR { 0.0 } else { error };
        let error = match self.feedback {
            Feedback::Error => error,
            Feedback::Sign => {
                self.average += AVERAGE_RATE * (error.abs() - self.average);
                let magnitude = if error == 0.0 { 0.0 } else { self.average };
                if error > 0.0 { magnitude } else { -magnitude }
            }
        };
        let power = 1.0 + (self.power * (1.0 / N as f64)) as f32;
        // After loud samples, rounding errors could make the sum negative.
        let power = if power > 1.0 { power } else { 1.0 };
        let gain = self.step * error / power;

        if self.at + N == self.history.len() {
            self.history.copy_within(self.at.., 0);
            self.at = 0;
            // Sums anew, so that rounding errors do not add up.
            let square = |sum: f64, &x: &f32| sum + f64::from(x) * f64::from(x);
            self.power = self.history[..N].iter().fold(0.0, square);
        }
        let old = f64::from(self.history[self.at]);
        let new = f64::from(target);
        self.power += new * new - old * old;
        self.history[self.at + N] = target;

        let window: &[f32] = &self.history[self.at..self.at + N + 1];
        let (before, after) = (&window[..N], &window[1..]);
        self.prediction = if N.is_multiple_of(32) {
            adapt::<32>(&mut self.weights[..], before, after, gain)
        } else {
            adapt::<16>(&mut self.weights[..], before, after, gain)
        };
        self.at += 1;
        if self.prediction.abs() >= MOST || self.prediction.is_nan() {
            self.weights.fill(0.0);
            self.prediction = 0.0;
        }
    }
}

/// Moves the weights along `before` and returns their dot product with `after`.
#[inline(always)]
fn adapt<const L: usize>(weights: &mut [f32], before: &[f32], after: &[f32], gain: f32) -> f32
where
    [f32; L]: Lanes<Element = f32>,
{
    let mut lanes = [0f32; L];
    for ((w, b), a) in
        weights.chunks_exact_mut(L).zip(before.chunks_exact(L)).zip(after.chunks_exact(L))
    {
        for i in 0..L {
            w[i] += gain * b[i];
            lanes[i] += w[i] * a[i];
        }
    }
    tree(lanes)
}

//! Normalised least mean squares.

use crate::numerics::lanes::tree;

const LANES: usize = 32;

/// `N` taps, a multiple of 32 or 16. Its input is its own target.
pub(super) struct Lms<const N: usize> {
    step: f32,
    weights: Box<[f32; N]>,
    /// Oldest first; the window is `history[at..at + N]`.
    history: Vec<f32>,
    at: usize,
    power: f64,
    recent_power: f64,
    pub(super) prediction: f32,
}

impl<const N: usize> Lms<N> {
    const SLACK: usize = 2048;

    pub(super) fn new(mu: f32) -> Self {
        const { assert!(N.is_multiple_of(16)) };
        Lms {
            step: mu / N as f32,
            weights: Box::new([0.0; N]),
            history: vec![0.0; N + Self::SLACK],
            at: 0,
            power: 0.0,
            recent_power: 0.0,
            prediction: 0.0,
        }
    }

    /// Learns the target, and predicts the next one.
    #[inline(always)]
    pub(super) fn step(&mut self, target: f32) {
        let recent = N.min(32);
        let error = target - self.prediction;
        let error = if error.abs() < 1e-6 { 0.0 } else { error };
        let power = 1.0
            + 0.5 * (self.power * (1.0 / N as f64)) as f32
            + 0.5 * (self.recent_power * (1.0 / recent as f64)) as f32;
        // After loud samples the sums are less exact than one; they are never to be less.
        let power = if power > 1.0 { power } else { 1.0 };
        let gain = self.step * error / power;

        if self.at + N == self.history.len() {
            self.history.copy_within(self.at.., 0);
            self.at = 0;
            // The running sums start anew.
            let square = |sum: f64, &x: &f32| sum + f64::from(x) * f64::from(x);
            self.power = self.history[..N].iter().fold(0.0, square);
            self.recent_power = self.history[N - recent..N].iter().fold(0.0, square);
        }
        let old = f64::from(self.history[self.at]);
        let recent_old = f64::from(self.history[self.at + N - recent]);
        let new = f64::from(target);
        self.power += new * new - old * old;
        self.recent_power += new * new - recent_old * recent_old;
        self.history[self.at + N] = target;

        let window: &[f32] = &self.history[self.at..self.at + N + 1];
        let (before, after) = (&window[..N], &window[1..]);
        self.prediction = if N.is_multiple_of(LANES) {
            pass::<LANES>(&mut self.weights[..], before, after, gain)
        } else {
            pass::<16>(&mut self.weights[..], before, after, gain)
        };
        self.at += 1;
    }
}

/// Moves the weights along `before` and gives their dot product with `after`.
#[inline(always)]
fn pass<const L: usize>(weights: &mut [f32], before: &[f32], after: &[f32], gain: f32) -> f32 {
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

//! Least squares that forget, solved now and then.

use super::window::Window;
use crate::numerics::lanes::{dot8, tree};

/// Predicts a signal from its own lags and those of another one.
///
/// As all inputs are lags of two signals, the whole covariance matrix follows from its
/// first rows at earlier times: with R_t(i, j) the sum of l^(t-s) x[s-i] x[s-j] over all s
/// up to t, R_t(i, j) = R_{t-i}(0, j-i). Per sample only the correlations of the newest
/// values are updated, and the matrix is put together when it is solved.
///
/// `A` own lags and `B` of the other signal; `N` = `A + B`, `M` = `N + 1` rounded up to a
/// multiple of eight, as are `LA` from `A + 1` and `LB` from `B`.
pub(super) struct Lagged<
    const A: usize,
    const B: usize,
    const N: usize,
    const M: usize,
    const LA: usize,
    const LB: usize,
> {
    weights_own: [f64; LA],
    weights_other: [f64; LB],
    own: Window,
    other: Window,
    newest: Correlations<LA, LB>,
    /// Correlations at the last `RING` times.
    ring: Vec<Correlations<LA, LB>>,
    now: usize,
    /// Samples so far, and since the last solution.
    time: u32,
    since: u32,
    matrix: Box<[[f64; M]; N]>,
}

/// How fast `Lagged` forgets.
const LAGGED_LAMBDA: f64 = 0.999;
/// What holds the weights of `Lagged` near zero where there is little to learn from.
const LAGGED_RIDGE: f64 = 100.0;

/// More than `A`, and a power of two.
const RING: usize = 32;

/// A correlation that has faded to less is over: nothing gets near the smallest numbers.
const FADED: f64 = 1e-30;

/// The least that is divided by.
const LEAST_PIVOT: f64 = 1e-9;

/// Of the own signal's newest value with the own and the other signal's lags, and of the
/// other signal's newest value with both.
#[derive(Clone, Copy)]
struct Correlations<const LA: usize, const LB: usize> {
    own_own: [f64; LA],
    own_other: [f64; LB],
    other_own: [f64; LA],
    other_other: [f64; LB],
}

impl<
    const A: usize,
    const B: usize,
    const N: usize,
    const M: usize,
    const LA: usize,
    const LB: usize,
> Lagged<A, B, N, M, LA, LB>
{
    pub(super) fn new() -> Self {
        const { assert!(N == A + B && M > N && LA > A && LB >= B && A < RING) };
        let nothing = Correlations {
            own_own: [0.0; LA],
            own_other: [0.0; LB],
            other_own: [0.0; LA],
            other_other: [0.0; LB],
        };
        Lagged {
            weights_own: [0.0; LA],
            weights_other: [0.0; LB],
            own: Window::new(LA),
            other: Window::new(LB.max(1)),
            newest: nothing,
            ring: vec![nothing; RING],
            now: 0,
            time: 0,
            since: 0,
            matrix: Box::new([[0.0; M]; N]),
        }
    }

    /// The prediction of the next sample, where `other` is the newest one that is known of
    /// the other signal.
    #[inline(always)]
    pub(super) fn predict(&mut self, other: f64) -> f64 {
        let own = dot8(&self.weights_own, self.own.get::<LA>());
        if B == 0 {
            return own;
        }
        self.other.push(other);
        own + dot8(&self.weights_other, self.other.get::<LB>())
    }

    /// Learns the sample that was predicted.
    #[inline(always)]
    pub(super) fn update(&mut self, sample: f64) {
        self.own.push(sample);
        let newest = &mut self.newest;
        let own = self.own.get::<LA>();
        fade_and_add(&mut newest.own_own, sample, own);
        if B > 0 {
            let other_sample = self.other.get::<1>()[0];
            let other = self.other.get::<LB>();
            fade_and_add(&mut newest.other_own, other_sample, own);
            fade_and_add(&mut newest.own_other, sample, other);
            fade_and_add(&mut newest.other_other, other_sample, other);
        }
        self.time = self.time.saturating_add(1);
        self.since += 1;
        let every = match self.time {
            0..64 => 2,
            64..512 => 8,
            _ => 64,
        };
        // Only the last ones before the matrix is solved matter.
        if self.since + A as u32 >= every {
            self.now = (self.now + 1) % RING;
            self.ring[self.now] = self.newest;
        }
        if self.since >= every {
            self.since = 0;
            self.solve();
        }
    }

    #[inline(always)]
    fn solve(&mut self) {
        let newest = &mut self.newest;
        let own = newest.own_own.iter_mut().chain(&mut newest.other_own);
        let other = newest.own_other.iter_mut().chain(&mut newest.other_other);
        for x in own.chain(other) {
            *x = if x.abs() < FADED { 0.0 } else { *x };
        }

        let (ring, now) = (&self.ring, self.now);
        let at = |back: usize| &ring[(now + RING - back) % RING];
        let m = &mut *self.matrix;
        *m = [[0.0; M]; N];
        for i in 0..A {
            let then = at(i + 1);
            m[i][i..A].copy_from_slice(&then.own_own[..A - i]);
            for j in (i + 1)..B {
                m[i][A + j] = then.own_other[j - 1 - i];
            }
            m[i][N] = at(0).own_own[i + 1];
        }
        for j in 0..B {
            let then = at(j);
            for i in j..A {
                m[i][A + j] = then.other_own[1 + i - j];
            }
            m[A + j][A + j..N].copy_from_slice(&then.other_other[..B - j]);
            m[A + j][N] = at(0).own_other[j];
        }
        for (i, row) in m.iter_mut().enumerate() {
            row[i] += LAGGED_RIDGE;
        }

        let weights = eliminate(m);
        self.weights_own[..A].copy_from_slice(&weights[..A]);
        self.weights_other[..B].copy_from_slice(&weights[A..N]);
    }
}

#[inline(always)]
fn fade_and_add<const L: usize>(correlations: &mut [f64; L], newest: f64, lags: &[f64; L]) {
    for (correlation, lag) in correlations.iter_mut().zip(lags) {
        *correlation = LAGGED_LAMBDA * *correlation + newest * *lag;
    }
}

/// Solves a symmetric positive system, of which the upper triangle is given and the right
/// side in column `N`.
#[inline(always)]
fn eliminate<const N: usize, const M: usize>(m: &mut [[f64; M]; N]) -> [f64; M] {
    let mut inverse = [0.0; N];
    for k in 0..N {
        let (top, rest) = m.split_at_mut(k + 1);
        let pivot = &top[k];
        let inv = 1.0 / if pivot[k] > LEAST_PIVOT { pivot[k] } else { LEAST_PIVOT };
        inverse[k] = inv;
        for (i, row) in (k + 1..N).zip(rest) {
            let factor = pivot[i] * inv;
            let start = i / 8 * 8;
            for (row, pivot) in row[start..].chunks_exact_mut(8).zip(pivot[start..].chunks_exact(8))
            {
                for q in 0..8 {
                    row[q] -= factor * pivot[q];
                }
            }
        }
    }
    let mut x = [0.0; M];
    for i in (0..N).rev() {
        let row = &m[i];
        let start = i / 8 * 8;
        // What is not known yet is zero in `x`, and so is what lies behind column N.
        let known = dot8(&row[start..], &x[start..]);
        x[i] = (row[N] - known) * inverse[i];
    }
    x
}

/// Finds the weights of `N` inputs, fewer than eight.
pub(super) struct Dense<const N: usize> {
    weights: [f64; 8],
    /// Rows of the covariance, with the right side in column `N`.
    matrix: [[f64; 8]; N],
    time: u32,
    /// A running average of |error|: samples count less where it is large.
    error: f64,
}

const DENSE_LAMBDA: f64 = 0.996;
const DENSE_RIDGE: f64 = 1.0;
const DENSE_EVERY: u32 = 16;
const DENSE_ERROR_RATE: f64 = 0.01;
const MOST_WEIGHT: f64 = 4.0;

impl<const N: usize> Dense<N> {
    pub(super) fn new() -> Self {
        const { assert!(N < 8) };
        let weights = std::array::from_fn(|at| if at < N { 1.0 } else { 0.0 });
        Dense { weights, matrix: [[0.0; 8]; N], time: 0, error: 0.0 }
    }

    #[inline(always)]
    pub(super) fn predict(&self, inputs: &[f64; 8]) -> f64 {
        let mut lanes = [0.0; 8];
        for i in 0..8 {
            lanes[i] = self.weights[i] * inputs[i];
        }
        tree(lanes)
    }

    #[inline(always)]
    pub(super) fn update(&mut self, inputs: &[f64; 8], target: f64, error: f64) {
        let root = (self.error + 2.0).sqrt();
        let weight = 1.0 / (root * root.sqrt());
        self.error += DENSE_ERROR_RATE * (error.abs() - self.error);
        let mut with_target = *inputs;
        with_target[N] = target;
        for (row, input) in self.matrix.iter_mut().zip(inputs) {
            let scale = weight * input;
            for j in 0..8 {
                row[j] = DENSE_LAMBDA * row[j] + scale * with_target[j];
            }
        }
        self.time = self.time.wrapping_add(1);
        if self.time.is_multiple_of(DENSE_EVERY) {
            self.solve();
        }
    }

    #[inline(always)]
    fn solve(&mut self) {
        for x in self.matrix.as_flattened_mut() {
            *x = if x.abs() < FADED { 0.0 } else { *x };
        }
        let mut m = self.matrix;
        for (i, row) in m.iter_mut().enumerate() {
            row[i] += DENSE_RIDGE;
            // Towards a weight of one where there is little to learn from.
            row[N] += DENSE_RIDGE;
        }
        self.weights = eliminate(&mut m);
        for w in &mut self.weights {
            *w = if *w > MOST_WEIGHT { MOST_WEIGHT } else { *w };
            *w = if *w < -MOST_WEIGHT { -MOST_WEIGHT } else { *w };
        }
    }
}

//! A predictor from the past of a signal and of another one.

use super::schedule::{Schedule, settle};
use super::system::{Block, LANES, System};
use crate::method::adaptive::past::{LAGS, Past};
use crate::method::adaptive::window::Window;
use crate::numerics::lanes::dot8;

/// The settings of a predictor from lags.
#[derive(Debug, Clone, Copy)]
pub(in crate::method::adaptive) struct LagSettings {
    /// Number of lags of the signal itself.
    pub(in crate::method::adaptive) own: usize,
    /// Number of lags of the other signal.
    pub(in crate::method::adaptive) other: usize,
    /// The factor by which the weight of a sample fades with each sample that follows.
    pub(in crate::method::adaptive) memory: f64,
    /// Ridge regularisation, which holds weights close to zero while there is little data.
    pub(in crate::method::adaptive) ridge: f64,
    /// The number of samples that the past before the chunk is worth. It says nothing about how two
    /// signals depend on each other, which much of it would hide.
    pub(in crate::method::adaptive) worth: f64,
    pub(in crate::method::adaptive) schedule: Schedule,
}

/// Predicts a signal from its own lags and those of another one.
///
/// As all inputs are lags of two signals, the whole covariance matrix follows from its first
/// rows at earlier times: with R_t(i, j) the sum of l^(t-s) x[s-i] x[s-j] over all s up to t,
/// R_t(i, j) = R_{t-i}(0, j-i). So each sample updates only the correlations of the newest
/// values, and the matrix is assembled when it is solved.
pub(in crate::method::adaptive) struct LagPredictor {
    settings: LagSettings,
    /// Numbers of blocks of own lags, from lag 0 on, and of the other signal's lags.
    blocks: [usize; 2],
    weights_own: Vec<Block>,
    weights_other: Vec<Block>,
    /// Correlations of the newest own and of the newest other value with the own lags, then
    /// of both with the other lags.
    newest: Vec<Block>,
    /// `newest` at the last `RING` times.
    ring: Vec<Block>,
    now: usize,
    /// Numbers of samples in all, and since the last solution.
    time: u32,
    since: u32,
    system: System,
}

/// Added to the ridge, times the power of the signal: for a signal that follows exactly from
/// its past, doubles cannot resolve a smaller ridge.
const LEAST_PART: f64 = 1.0 / (1u64 << 42) as f64;

/// More than any lag, and a power of two.
const RING: usize = 64;

impl LagPredictor {
    /// Makes a predictor of a channel whose past is known, as is that of the other one.
    pub(in crate::method::adaptive) fn new(settings: LagSettings, pasts: [Past; 2]) -> Self {
        let LagSettings { own, other, .. } = settings;
        assert!(own < LAGS && other <= LAGS && LAGS < RING && own > 0);
        let blocks = [(own + 1).div_ceil(LANES), other.div_ceil(LANES)];
        let nothing = |blocks: usize| vec![[0.0; LANES]; blocks];
        let each = 2 * (blocks[0] + blocks[1]);
        let mut predictor = LagPredictor {
            settings,
            blocks,
            weights_own: nothing(blocks[0]),
            weights_other: nothing(blocks[1]),
            newest: nothing(each),
            ring: nothing(each * RING),
            now: 0,
            time: 0,
            since: 0,
            system: System::new(own + other),
        };
        predictor.begin(pasts.map(|past| past.correlations(settings.worth)));
        predictor
    }

    /// Takes the correlations as those of a past in which the channels were independent.
    fn begin(&mut self, [own, other]: [[f64; LAGS]; 2]) {
        let [own_blocks, other_blocks] = self.blocks.map(|blocks| blocks * LANES);
        let newest = self.newest.as_flattened_mut();
        newest[..own_blocks].copy_from_slice(&own[..own_blocks]);
        newest[2 * own_blocks + other_blocks..].copy_from_slice(&other[..other_blocks]);
        for newest in self.ring.chunks_exact_mut(self.newest.len()) {
            newest.copy_from_slice(&self.newest);
        }
        self.solve();
    }

    /// The length of the windows that the predictor needs.
    pub(in crate::method::adaptive) const WINDOW: usize = RING;

    /// Predicts the next sample. The prediction is not limited, and may be NaN.
    ///
    /// `other` includes the newest known sample of the other signal.
    #[inline(always)]
    pub(in crate::method::adaptive) fn predict(&self, own: &Window, other: &Window) -> f64 {
        let mut prediction = dot8(self.weights_own.as_flattened(), own.get(self.blocks[0] * LANES));
        if self.blocks[1] > 0 {
            let other = other.get(self.blocks[1] * LANES);
            prediction += dot8(self.weights_other.as_flattened(), other);
        }
        prediction
    }

    /// Learns the sample that was predicted, which is now the newest of `own`.
    #[inline(always)]
    pub(in crate::method::adaptive) fn update(&mut self, own: &Window, other: &Window) {
        let [own_blocks, other_blocks] = self.blocks;
        let memory = self.settings.memory;
        let own = own.get(own_blocks * LANES).as_chunks::<LANES>().0;
        let newest = &mut self.newest[..];
        let (own_own, newest) = newest.split_at_mut(own_blocks);
        let (other_own, newest) = newest.split_at_mut(own_blocks);
        let (own_other, other_other) = newest.split_at_mut(other_blocks);
        fade_and_add(own_own, memory, own[0][0], own);
        if other_blocks > 0 {
            let other = other.get(other_blocks * LANES).as_chunks::<LANES>().0;
            fade_and_add(other_own, memory, other[0][0], own);
            fade_and_add(own_other, memory, own[0][0], other);
            fade_and_add(other_other, memory, other[0][0], other);
        }

        self.time = self.time.saturating_add(1);
        self.since += 1;
        let every = self.settings.schedule.every(self.time);
        // The matrix is made of the correlations at the last times before a solution.
        let LagSettings { own, other, .. } = self.settings;
        if self.since + own.max(other) as u32 >= every {
            self.now = (self.now + 1) % RING;
            let each = self.newest.len();
            self.ring[self.now * each..(self.now + 1) * each].copy_from_slice(&self.newest);
        }
        if self.since >= every {
            self.since = 0;
            self.solve();
        }
    }

    #[inline(always)]
    fn solve(&mut self) {
        settle(self.newest.as_flattened_mut());
        let LagSettings { own, other, ridge, .. } = self.settings;
        let [own_blocks, other_blocks] = self.blocks;
        let (ring, now, each) = (&self.ring, self.now, self.newest.len());
        let at = |back: usize| {
            let at = (now + RING - back) % RING;
            let (own_own, rest) = ring[at * each..(at + 1) * each].split_at(own_blocks);
            let (other_own, rest) = rest.split_at(own_blocks);
            let (own_other, other_other) = rest.split_at(other_blocks);
            [own_own, other_own, own_other, other_other].map(|part| part.as_flattened())
        };
        let system = &mut self.system;
        system.matrix().fill([0.0; LANES]);
        let [right_own, _, right_other, _] = at(0);
        for i in 0..own {
            let [own_own, _, own_other, _] = at(i + 1);
            let row = system.row(i);
            row[i..own].copy_from_slice(&own_own[..own - i]);
            if i + 1 < other {
                row[own + i + 1..own + other].copy_from_slice(&own_other[..other - 1 - i]);
            }
        }
        for j in 0..other {
            let [_, other_own, _, other_other] = at(j);
            for i in j..own {
                system.row(i)[own + j] = other_own[1 + i - j];
            }
            let row = system.row(own + j);
            row[own + j..own + other].copy_from_slice(&other_other[..other - j]);
        }
        let right = system.right();
        right.fill(0.0);
        right[..own].copy_from_slice(&right_own[1..=own]);
        right[own..own + other].copy_from_slice(&right_other[..other]);
        system.hold(ridge + LEAST_PART * right_own[0], 0.0);
        let weights = system.solve().as_flattened();
        self.weights_own.as_flattened_mut()[..own].copy_from_slice(&weights[..own]);
        self.weights_other.as_flattened_mut()[..other].copy_from_slice(&weights[own..own + other]);
    }
}

#[inline(always)]
fn fade_and_add(correlations: &mut [Block], memory: f64, newest: f64, lags: &[Block]) {
    for (correlations, lags) in correlations.iter_mut().zip(lags) {
        for i in 0..LANES {
            correlations[i] = memory * correlations[i] + newest * lags[i];
        }
    }
}

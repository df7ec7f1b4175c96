//! A predictor that combines other predictions.

use super::schedule::{Schedule, settle};
use super::system::{Block, LANES, System};
use crate::numerics::functions::clamp;
use crate::numerics::lanes::dot8;

/// The settings of a combiner.
#[derive(Debug, Clone, Copy)]
pub(in crate::method::adaptive) struct CombinerSettings {
    /// The factor by which the weight of a sample fades with each sample that follows.
    pub(in crate::method::adaptive) memory: f64,
    /// The initial weights, to which the ridge holds them while there is little data.
    pub(in crate::method::adaptive) start: f64,
    pub(in crate::method::adaptive) schedule: Schedule,
}

/// The most samples that are learnt together.
const BATCH: usize = 16;

const RIDGE: f64 = 10.0;
const ERROR_RATE: f64 = 0.01;
const MOST_WEIGHT: f64 = 8.0;

/// Predicts a target as a weighted sum of inputs.
pub(in crate::method::adaptive) struct Combiner {
    settings: CombinerSettings,
    weights: Vec<Block>,
    /// The covariances of the inputs, and of each input with the target.
    matrix: Vec<Block>,
    right: Vec<Block>,
    /// Inputs, targets and weights of the samples since the last solution.
    inputs: Vec<Block>,
    targets: [f64; BATCH],
    shares: [f64; BATCH],
    since: usize,
    time: u32,
    /// A running average of |error|; where it is large, samples weigh less.
    error: f64,
    system: System,
}

impl Combiner {
    pub(in crate::method::adaptive) fn new(inputs: usize, settings: CombinerSettings) -> Self {
        let system = System::new(inputs);
        let nothing = |blocks: usize| vec![[0.0; LANES]; blocks];
        let mut weights = nothing(system.width());
        weights.as_flattened_mut()[..inputs].fill(settings.start);
        Combiner {
            settings,
            weights,
            matrix: nothing(system.size() * system.width()),
            right: nothing(system.width()),
            inputs: nothing(BATCH * system.width()),
            targets: [0.0; BATCH],
            shares: [0.0; BATCH],
            since: 0,
            time: 0,
            error: 0.0,
            system,
        }
    }

    /// Returns the weight of an input.
    #[inline(always)]
    pub(in crate::method::adaptive) fn weight(&self, input: usize) -> f64 {
        self.weights.as_flattened()[input]
    }

    /// Predicts the target from `inputs`, which are padded with zeros to whole blocks.
    #[inline(always)]
    pub(in crate::method::adaptive) fn predict(&self, inputs: &[Block]) -> f64 {
        dot8(self.weights.as_flattened(), inputs[..self.weights.len()].as_flattened())
    }

    /// Learns the target of these inputs; `error` is the error of the prediction.
    #[inline(always)]
    pub(in crate::method::adaptive) fn update(
        &mut self,
        inputs: &[Block],
        target: f64,
        error: f64,
    ) {
        let root = (self.error + 2.0).sqrt();
        self.shares[self.since] = 1.0 / (root * root.sqrt());
        self.error += ERROR_RATE * (error.abs() - self.error);
        self.targets[self.since] = target;
        let width = self.weights.len();
        self.inputs[self.since * width..(self.since + 1) * width].copy_from_slice(&inputs[..width]);
        self.time = self.time.saturating_add(1);
        self.since += 1;
        if self.since >= (self.settings.schedule.every(self.time) as usize).min(BATCH) {
            self.learn();
            self.solve();
            self.since = 0;
        }
    }

    /// Adds the samples since the last solution to the sums.
    #[inline(always)]
    fn learn(&mut self) {
        let (width, size) = (self.weights.len(), self.system.size());
        // Fades the share of each sample, and the sums, to the present.
        let mut left = 1.0;
        for share in self.shares[..self.since].iter_mut().rev() {
            *share *= left;
            left *= self.settings.memory;
        }
        let samples = self.inputs.chunks_exact(width).zip(&self.shares).take(self.since);
        for i in 0..size {
            let (block, lane) = (i / LANES, i % LANES);
            let row = &mut self.matrix[i * width + block..(i + 1) * width];
            for (at, sums) in row.iter_mut().enumerate() {
                let mut s = *sums;
                for q in 0..LANES {
                    s[q] *= left;
                }
                for (inputs, share) in samples.clone() {
                    let scale = share * inputs[block][lane];
                    let x = &inputs[block + at];
                    for q in 0..LANES {
                        s[q] += scale * x[q];
                    }
                }
                *sums = s;
            }
        }
        for (at, sums) in self.right.iter_mut().enumerate() {
            for q in 0..LANES {
                sums[q] *= left;
            }
            for ((inputs, share), target) in samples.clone().zip(&self.targets) {
                let scale = share * target;
                for q in 0..LANES {
                    sums[q] += scale * inputs[at][q];
                }
            }
        }
    }

    #[inline(always)]
    fn solve(&mut self) {
        settle(self.matrix.as_flattened_mut());
        settle(self.right.as_flattened_mut());
        let size = self.system.size();
        self.system.matrix().copy_from_slice(&self.matrix);
        self.system.right().copy_from_slice(&self.right.as_flattened()[..size]);
        self.system.hold(RIDGE, self.settings.start);
        self.weights.copy_from_slice(self.system.solve());
        for weight in self.weights.as_flattened_mut() {
            *weight = clamp(*weight, -MOST_WEIGHT, MOST_WEIGHT);
        }
    }
}

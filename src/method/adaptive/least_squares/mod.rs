//! Recursive least squares with exponential forgetting, solved at intervals.

mod combiner;
mod lags;
mod system;

pub(super) use combiner::{Combiner, CombinerSettings};
pub(super) use lags::{LagPredictor, LagSettings};

/// The intervals between solutions, in samples; they grow with time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Intervals during the first 64 samples, and up to sample 512.
    pub(super) first: [u32; 2],
    pub(super) then: u32,
}

impl Schedule {
    /// Returns the interval after this many samples.
    fn every(&self, time: u32) -> u32 {
        match time {
            0..64 => self.first[0],
            64..512 => self.first[1],
            _ => self.then,
        }
    }
}

/// Sums that have faded below this become zero, so that none gets close to denormals.
const FADED: f64 = 1e-30;

fn settle(sums: &mut [f64]) {
    for sum in sums {
        *sum = if sum.abs() < FADED { 0.0 } else { *sum };
    }
}

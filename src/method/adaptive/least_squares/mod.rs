//! Least squares that forget, solved now and then.

mod combiner;
mod lags;
mod system;

pub(super) use combiner::{Combiner, CombinerSettings};
pub(super) use lags::{LagPredictor, LagSettings};

/// When weights are found anew: often at first, then every so many samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Up to 64 samples, and up to 512.
    pub(super) first: [u32; 2],
    pub(super) then: u32,
}

impl Schedule {
    /// The distance between solutions after so many samples.
    fn every(&self, time: u32) -> u32 {
        match time {
            0..64 => self.first[0],
            64..512 => self.first[1],
            _ => self.then,
        }
    }
}

/// A sum that has faded to less is over: nothing gets near the smallest numbers.
const FADED: f64 = 1e-30;

fn settle(sums: &mut [f64]) {
    for sum in sums {
        *sum = if sum.abs() < FADED { 0.0 } else { *sum };
    }
}

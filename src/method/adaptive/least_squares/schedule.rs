//! When equations are solved, and which sums have faded.

/// The intervals between solutions, in samples; they grow with time.
#[derive(Debug, Clone, Copy)]
pub(in crate::method::adaptive) struct Schedule {
    /// Intervals during the first 64 samples, and up to sample 512.
    pub(in crate::method::adaptive) first: [u32; 2],
    pub(in crate::method::adaptive) then: u32,
}

impl Schedule {
    /// Returns the interval after this many samples.
    pub(super) fn every(&self, time: u32) -> u32 {
        match time {
            0..64 => self.first[0],
            64..512 => self.first[1],
            _ => self.then,
        }
    }
}

/// Sums that have faded below this become zero, so that none gets close to denormals.
const FADED: f64 = 1e-30;

/// Sets sums that have faded to zero.
pub(super) fn settle(sums: &mut [f64]) {
    for sum in sums {
        *sum = if sum.abs() < FADED { 0.0 } else { *sum };
    }
}

//! What a residual tells of the parameters that encoders choose for its partitions.

use super::frame::{MAX_PARTITION_ORDER, fold};
use crate::entropy::{UNITS, log2};

/// How encoders choose parameters.
pub(super) const RULES: usize = 2;

/// Steps of a power of two between which the best parameter of a partition changes.
pub(super) const STEPS: usize = 16;

/// The sizes of a residual's numbers, by partition.
pub(super) struct Partitions {
    size: usize,
    predicted: usize,
    /// For each order up to the highest, the sum of sizes and of folded numbers of each
    /// partition.
    sums: Vec<Vec<(u64, u64)>>,
}

impl Partitions {
    pub(super) fn new(size: usize, predicted: usize, residual: &[i64]) -> Self {
        let most = (0..=MAX_PARTITION_ORDER)
            .take_while(|&order| {
                size.is_multiple_of(1 << order) && size >> order >= predicted.max(1)
            })
            .last()
            .unwrap_or(0);
        let length = size >> most;
        let finest = (0..1usize << most)
            .map(|number| {
                let from = (number * length).saturating_sub(predicted);
                let to = ((number + 1) * length).saturating_sub(predicted);
                residual[from..to].iter().fold((0u64, 0u64), |(sizes, folded), &value| {
                    // Hostile streams have sums that wrap round.
                    (sizes.wrapping_add(value.unsigned_abs()), folded.wrapping_add(fold(value)))
                })
            })
            .collect();
        let mut sums: Vec<Vec<(u64, u64)>> = vec![finest];
        for at in 0..most as usize {
            let coarser = sums[at]
                .chunks_exact(2)
                .map(|two| (two[0].0.wrapping_add(two[1].0), two[0].1.wrapping_add(two[1].1)))
                .collect();
            sums.push(coarser);
        }
        sums.reverse();
        Partitions { size, predicted, sums }
    }

    /// Numbers in a partition.
    fn count(&self, order: u32, number: usize) -> u64 {
        let length = self.size >> order;
        (if number == 0 { length - self.predicted } else { length }) as u64
    }

    /// The order up to `most` with which the residual takes the fewest bits, about.
    pub(super) fn best_order(&self, most: u32, wide: bool) -> u32 {
        let width = if wide { 5 } else { 4 };
        let mut best = (u64::MAX, 0);
        for order in (0..self.sums.len() as u32).take(most as usize + 1).rev() {
            let mut bits = 0u64;
            for number in 0..1usize << order {
                let (sum, _) = self.sums[order as usize][number];
                let count = self.count(order, number);
                let parameter = by_size(sum, count).min((1 << width) - 2);
                let rest = match parameter {
                    0 => sum.wrapping_shl(1),
                    _ => sum >> (parameter - 1),
                };
                let partition = (u64::from(parameter) + 1) * count + rest;
                bits = bits.wrapping_add(width + partition.wrapping_sub(count / 2));
            }
            if bits < best.0 {
                best = (bits, order);
            }
        }
        best.1
    }

    /// The parameter of a partition by the mean size of its numbers.
    pub(super) fn parameter(&self, order: u32, number: usize) -> u32 {
        let (sizes, _) = self.sums[order as usize][number];
        by_size(sizes, self.count(order, number)).min(30)
    }

    /// The parameters of a partition that encoders choose by each of the rules, and the place
    /// of the mean between two powers of two.
    pub(super) fn expected(&self, order: u32, number: usize, most: u32) -> ([u32; RULES], usize) {
        let (sizes, folded) = self.sums[order as usize][number];
        let count = self.count(order, number);
        let rules = [by_size(sizes, count), by_fold(folded, count)].map(|rule| rule.min(most));
        let place = match sizes {
            0 => 0,
            _ => (log2(sizes) + 64 * UNITS as u32 - log2(count.max(1))) % UNITS as u32,
        };
        (rules, place as usize * STEPS / UNITS as usize)
    }
}

/// The parameter for the mean size of numbers: its logarithm, rounded up.
fn by_size(sum: u64, count: u64) -> u32 {
    if sum < 2 || count == 0 {
        return 0;
    }
    let mean = (sum - 1).saturating_mul((1 << 18) / count) >> 18;
    mean.checked_ilog2().map_or(0, |log| log + 1)
}

/// The parameter for the mean of folded numbers: the logarithm of it less one half.
fn by_fold(sum: u64, count: u64) -> u32 {
    let above = sum.saturating_sub(count / 2);
    above.checked_div(count).and_then(u64::checked_ilog2).unwrap_or(0)
}

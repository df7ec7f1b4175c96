//! Ranks in place of values, for recordings in which many values never occur.
//!
//! Recordings that were scaled up from fewer bits use only some of the values between their
//! extremes. Their samples are coded as ranks among the values that occur. The table of these
//! values is a bitmap of adaptive bits, each predicted from those before it, so that regular
//! gaps cost little.

use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder, UNITS, log2};
use crate::error::Result;

/// The most values from the lowest to the highest, whether they occur or not.
const MOST: u64 = 1 << 17;

/// The most values for each sample, so that reading the table is no slower than decoding.
const MOST_A_SAMPLE: u64 = 256;

/// Returns the most values that a table for this many samples may cover.
pub(super) fn most_span(samples: u64) -> u64 {
    MOST.min(MOST_A_SAMPLE.saturating_mul(samples))
}

/// Numbers of earlier bits that predict a bit: a long and a short context.
const LONG: u32 = 16;
const SHORT: u32 = 8;

/// The values that occur, from `low` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranks {
    pub(super) low: i32,
    used: Vec<bool>,
    /// The values that occur, in order.
    values: Vec<i32>,
    /// How many of them are below zero.
    negative: i32,
}

impl Ranks {
    fn new(low: i32, used: Vec<bool>) -> Self {
        let occurring = used.iter().enumerate().filter(|(_, used)| **used);
        // The end of a table from a stream was checked before.
        let values: Vec<i32> = occurring.map(|(at, _)| low + at as i32).collect();
        let negative = values.partition_point(|&value| value < 0) as i32;
        Ranks { low, used, values, negative }
    }

    /// Finds the ranks of a chunk, with their table, if they save more than the table costs.
    pub(super) fn find(channels: &[Vec<i32>]) -> Result<Option<(Ranks, Vec<u8>)>> {
        let all = || channels.iter().flatten().copied();
        let Some((low, high)) = all().min().zip(all().max()) else { return Ok(None) };
        let span = i64::from(high).abs_diff(i64::from(low)) + 1;
        let samples = all().count() as u64;
        if !(3..=most_span(samples)).contains(&span) {
            return Ok(None);
        }
        let mut counts = vec![0u32; span as usize];
        for value in all() {
            counts[value.abs_diff(low) as usize] += 1;
        }
        let saved = saved_bits(&counts, 64).max(saved_bits(&counts, 1024));
        // The model learns small gaps without a table.
        if saved < (samples / 16).max(256) {
            return Ok(None);
        }
        let ranks = Ranks::new(low, counts.iter().map(|&count| count > 0).collect());
        let table = ranks.write()?;
        Ok((saved > 10 * table.len() as u64).then_some((ranks, table)))
    }

    /// Returns the number of values from the lowest to the highest.
    pub(super) fn span(&self) -> usize {
        self.used.len()
    }

    /// Returns the width of the ranks in bits.
    pub(super) fn bits(&self) -> u32 {
        let most = self.negative.max(self.values.len() as i32 - self.negative);
        33 - most.leading_zeros()
    }

    /// Replaces values by their ranks. Values below zero have negative ranks.
    pub(super) fn apply(&self, channels: &mut [Vec<i32>]) {
        let mut ranks = vec![0; self.used.len()];
        for (rank, &value) in self.values.iter().enumerate() {
            ranks[value.abs_diff(self.low) as usize] = rank as i32 - self.negative;
        }
        for value in channels.iter_mut().flatten() {
            *value = ranks[value.abs_diff(self.low) as usize];
        }
    }

    /// Replaces ranks by their values; `false` if some rank has no value.
    pub(super) fn undo(&self, channels: &mut [Vec<i32>]) -> bool {
        channels.iter_mut().flatten().all(|value| {
            let rank = i64::from(*value) + i64::from(self.negative);
            let found = usize::try_from(rank).ok().and_then(|rank| self.values.get(rank));
            found.map(|found| *value = *found).is_some()
        })
    }

    fn write(&self) -> Result<Vec<u8>> {
        let mut encoder = RangeEncoder::new();
        code(self.used.len(), |at, node| {
            node.encode(self.used[at], &mut encoder);
            self.used[at]
        });
        encoder.finish()
    }

    /// Reads a table of `span` values from `low` on, none of which exceeds `i32::MAX`.
    pub(super) fn read(low: i32, span: usize, table: &[u8]) -> Ranks {
        let mut decoder = RangeDecoder::new(table);
        Ranks::new(low, code(span, |_, node| node.decode(&mut decoder)))
    }
}

/// Goes through the bits of a table.
fn code(span: usize, mut bit: impl FnMut(usize, &mut AdaptiveBit) -> bool) -> Vec<bool> {
    let mut long = vec![AdaptiveBit::NEW; 1 << LONG];
    let mut short = vec![AdaptiveBit::NEW; 1 << SHORT];
    let mut before = 0usize;
    (0..span)
        .map(|at| {
            let long = &mut long[before % (1 << LONG)];
            let short = &mut short[before % (1 << SHORT)];
            // The one that is surer of itself is asked; both learn.
            let surer = if long.certainty() >= short.certainty() { *long } else { *short };
            let used = bit(at, &mut { surer });
            long.learn(used);
            short.learn(used);
            before = before << 1 | usize::from(used);
            used
        })
        .collect()
}

/// Estimates the bits that ranks save: the samples of each stretch of this many values are on
/// fewer values than scattered samples would be.
fn saved_bits(counts: &[u32], stretch: usize) -> u64 {
    let mut saved = 0u64;
    for stretch in counts.chunks(stretch) {
        let width = stretch.len() as u64;
        let samples: u64 = stretch.iter().map(|&count| u64::from(count)).sum();
        let used = stretch.iter().filter(|&&count| count > 0).count() as u64;
        if used == 0 {
            continue;
        }
        // n scattered samples would occupy at least w n / (n + w) of w values.
        let expected = (width * samples * 256 / (samples + width)).max(1);
        saved += samples * u64::from(log2(expected).saturating_sub(log2(used * 256)));
    }
    saved / UNITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaled_samples_come_back_from_ranks() {
        for (factor, offset) in [(1.37, 0), (3.0, 7), (16.0, -9000)] {
            let value = |at: i32| (f64::from(at * 37 % 4000 - 2000) * factor) as i32 + offset;
            let channels = vec![(0..20_000).map(value).collect::<Vec<i32>>(); 2];
            let Some((ranks, table)) = Ranks::find(&channels).unwrap() else {
                panic!("a factor of {factor} leaves gaps");
            };
            assert!(table.len() < 600, "{} bytes for {factor}", table.len());
            assert_eq!(Ranks::read(ranks.low, ranks.span(), &table), ranks);
            let mut coded = channels.clone();
            ranks.apply(&mut coded);
            let bits = ranks.bits();
            assert!(coded.iter().flatten().all(|&rank| rank << (32 - bits) >> (32 - bits) == rank));
            assert!(ranks.undo(&mut coded));
            assert_eq!(coded, channels);
        }
    }

    #[test]
    fn what_is_dense_has_no_ranks() {
        let channels = vec![(0..20_000).map(|at| at * 7919 % 3000 - 1500).collect::<Vec<i32>>()];
        assert!(Ranks::find(&channels).unwrap().is_none());
        assert!(Ranks::find(&[vec![i32::MIN, i32::MAX]]).unwrap().is_none());
        assert!(Ranks::find(&[]).unwrap().is_none());
    }

    #[test]
    fn a_rank_without_a_value_is_noticed() {
        let ranks = Ranks::new(-2, vec![true, false, true, true]);
        assert!(ranks.undo(&mut [vec![-1, 0, 1]]));
        for rank in [-2, 2, i32::MIN, i32::MAX] {
            assert!(!ranks.undo(&mut [vec![rank]]));
        }
    }
}

//! The values that occur in channels in which many never do.
//!
//! Recordings that were amplified, scaled up from fewer bits or decoded from a law of telephony
//! use only some of the values between their extremes. Their samples are predicted as they are,
//! and coded as *ranks* among the values that occur.
//!
//! `form.rs` writes and reads a table of values, `bitmap.rs` is the form for tables without a
//! rule, and `find.rs` finds tables.

mod bitmap;
mod find;
mod form;

pub(super) use find::{Found, find};
pub(super) use form::Form;

use crate::error::Result;
use crate::memory;

/// The most values of a table.
const MOST: u64 = 1 << 17;

/// The most values for each frame, so that making the table is no slower than decoding.
const MOST_A_FRAME: u64 = 512;

/// The most places of the index, as a power of two.
const INDEX_BITS: u32 = 17;

/// Returns the most values that a table for this many frames may have.
pub(super) fn most_values(frames: usize) -> u64 {
    MOST.min(MOST_A_FRAME.saturating_mul(frames as u64))
}

/// The values that occur, at least one, in rising order. A value's place among them is its rank.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Values {
    values: Vec<i32>,
    /// For each stretch of 2^shift numbers from the lowest value on, the first rank in it or
    /// above it; then the number of values.
    index: Vec<u32>,
    shift: u32,
}

impl Values {
    /// Takes values that rise, at least one.
    pub(super) fn new(values: Vec<i32>) -> Result<Self> {
        let (first, last) = (values[0], values[values.len() - 1]);
        let span = last.abs_diff(first);
        let shift = (32 - span.leading_zeros()).saturating_sub(INDEX_BITS);
        let mut index = memory::room((span >> shift) as usize + 2)?;
        for (rank, value) in values.iter().enumerate() {
            index.resize((value.abs_diff(first) >> shift) as usize + 1, rank as u32);
        }
        index.push(values.len() as u32);
        Ok(Values { values, index, shift })
    }

    /// Returns the number of values.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    /// Returns the lowest and the highest value.
    #[inline(always)]
    pub(super) fn range(&self) -> (i32, i32) {
        (self.values[0], self.values[self.values.len() - 1])
    }

    /// Returns the value of a rank.
    #[inline(always)]
    pub(super) fn value(&self, rank: i64) -> i64 {
        i64::from(self.values[rank as usize])
    }

    /// Tells whether a number is one of the values.
    fn has(&self, number: i32) -> bool {
        let (low, high) = self.range();
        (low..=high).contains(&number) && self.value(self.rank(number)) == i64::from(number)
    }

    /// Returns the rank of a value that occurs; for others, that of the next value above.
    #[inline(always)]
    pub(super) fn rank(&self, value: i32) -> i64 {
        let at = (value.abs_diff(self.values[0]) >> self.shift) as usize;
        let (from, to) = (self.index[at] as usize, self.index[at + 1] as usize);
        (from + self.values[from..to].partition_point(|&other| other < value)) as i64
    }

    /// Returns twice the edge between a rank and the one below it, half-way between their
    /// values.
    #[inline(always)]
    pub(super) fn edge(&self, rank: i64) -> i64 {
        self.value(rank - 1) + self.value(rank)
    }

    /// Returns the rank whose value is nearest to a place, the higher one of two.
    #[inline(always)]
    pub(super) fn nearest(&self, place: f64) -> i64 {
        let (low, high) = self.range();
        // The highest integer that is not above the place, within the range.
        let number = (place.floor() as i64).clamp(i64::from(low), i64::from(high)) as i32;
        let above = self.rank(number);
        let edge =
            |rank: i64| rank as usize >= self.count() || 2.0 * place < self.edge(rank) as f64;
        if above > 0 && edge(above) {
            above - 1
        } else if edge(above + 1) {
            above
        } else {
            above + 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_values_are_inverse() {
        let dense: Vec<i32> = (-300..300).filter(|value| value % 7 != 3).collect();
        let wide: Vec<i32> =
            (0..500).map(|at: i64| (at * at * 17_000 - (1 << 31)) as i32).collect();
        for values in [dense, wide, vec![i32::MIN, i32::MAX], vec![9]] {
            let table = Values::new(values.clone()).unwrap();
            assert_eq!(table.count(), values.len());
            for (rank, &value) in values.iter().enumerate() {
                assert_eq!(table.rank(value), rank as i64);
                assert_eq!(table.value(rank as i64), i64::from(value));
            }
        }
    }

    #[test]
    fn the_nearest_value_is_found() {
        let table = Values::new(vec![-10, -9, 0, 4, 5, 100]).unwrap();
        for (place, value) in [
            (-1e9, -10),
            (-9.6, -10),
            (-9.5, -9),
            (-4.6, -9),
            (-4.5, 0),
            (1.9, 0),
            (2.0, 4),
            (4.4, 4),
            (52.4, 5),
            (52.5, 100),
            (1e9, 100),
        ] {
            assert_eq!(table.value(table.nearest(place)), value, "{place}");
        }
        assert_eq!(Values::new(vec![3]).unwrap().nearest(7.0), 0);
    }
}

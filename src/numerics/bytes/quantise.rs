//! Numbers to bytes and a scale.

use crate::numerics::functions::{LARGEST, finite};

/// A row whose largest number is below this is a row of zeros: what 127 is divided by has a
/// finite result.
const LEAST: f32 = 1.0 / (1u128 << 100) as f32;

/// Three halves of 2^23: a number up to 127 added to it is rounded to the nearest integer,
/// an even one where two are, and has that in the lowest byte of its bits.
const ROUNDING: f32 = 12_582_912.0;

/// What a row's numbers become bytes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowScale {
    /// What a byte is to be multiplied by.
    pub(super) scale: f32,
    /// What a number is multiplied by.
    factor: f32,
    /// Whether all numbers are within [`LARGEST`].
    finite: bool,
}

impl RowScale {
    /// The largest number of a row becomes 127 or -127. What is no number is taken as the
    /// least one.
    #[inline(always)]
    pub(super) fn of(row: &[f32]) -> Self {
        // Without their sign, the bits of floats are in the order of the floats, and what is
        // no number comes last.
        let size = |x: &f32| (x.to_bits() & i32::MAX as u32) as i32;
        let most = row.iter().map(size).fold(0, i32::max);
        let finite = most <= LARGEST.to_bits() as i32;
        let most = if finite { f32::from_bits(most as u32) } else { LARGEST };
        if most < LEAST {
            return RowScale { scale: 0.0, factor: 0.0, finite };
        }
        RowScale { scale: most / 127.0, factor: 127.0 / most, finite }
    }

    /// Makes bytes of a row, or of a part of it.
    #[inline(always)]
    pub(super) fn quantise(self, row: &[f32], bytes: &mut [i8]) {
        if self.finite {
            for (byte, &x) in bytes.iter_mut().zip(row) {
                *byte = self.byte(x);
            }
        } else {
            for (byte, &x) in bytes.iter_mut().zip(row) {
                *byte = self.byte(finite(x));
            }
        }
    }

    #[inline(always)]
    fn byte(self, x: f32) -> i8 {
        (x * self.factor + ROUNDING).to_bits() as i8
    }
}

/// The bytes of a row. Gives their scale.
#[inline(always)]
pub(crate) fn quantise(row: &[f32], bytes: &mut [i8]) -> f32 {
    let scale = RowScale::of(row);
    scale.quantise(row, bytes);
    scale.scale
}

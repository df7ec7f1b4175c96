//! Quantisation of numbers to bytes and a scale.

use crate::numerics::functions::{LARGEST, finite};

/// A row whose largest number is below this becomes zeros, so that 127 divided by it is finite.
const LEAST: f32 = 1.0 / (1u128 << 100) as f32;

/// Three halves of 2^23: adding a number up to 127 rounds it to the nearest integer, ties to
/// even, which is then in the lowest byte of the bits.
const ROUNDING: f32 = 12_582_912.0;

/// The scale of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowScale {
    /// The factor from bytes to numbers.
    pub(super) scale: f32,
    /// The factor from numbers to bytes.
    factor: f32,
    /// Whether all numbers are within [`LARGEST`].
    finite: bool,
}

impl RowScale {
    /// Returns the scale of a row, with which its largest number becomes 127 or -127. NaN counts
    /// as -[`LARGEST`].
    #[inline(always)]
    pub(super) fn of(row: &[f32]) -> Self {
        // Without the sign, bits of floats sort like the floats, and NaN comes last.
        let size = |x: &f32| (x.to_bits() & i32::MAX as u32) as i32;
        let most = row.iter().map(size).fold(0, i32::max);
        let finite = most <= LARGEST.to_bits() as i32;
        let most = if finite { f32::from_bits(most as u32) } else { LARGEST };
        if most < LEAST {
            return RowScale { scale: 0.0, factor: 0.0, finite };
        }
        RowScale { scale: most / 127.0, factor: 127.0 / most, finite }
    }

    /// Quantises a row, or a part of it.
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

/// Quantises a row and returns its scale.
#[inline(always)]
pub(crate) fn quantise(row: &[f32], bytes: &mut [i8]) -> f32 {
    let scale = RowScale::of(row);
    scale.quantise(row, bytes);
    scale.scale
}

//! Functions in single precision, made of `+ - * /` alone.

use std::f32::consts::{LN_2, LOG2_E};

/// Three halves of 2^23: a small number added to it is rounded to an integer.
const ROUNDING: f32 = 12_582_912.0;
const ROUNDING_BITS: u32 = 0x4B40_0000;

/// Limits a number; NaN becomes `least`.
#[inline(always)]
pub(crate) fn clamp<T: PartialOrd>(x: T, least: T, most: T) -> T {
    let x = if x > least { x } else { least };
    if x < most { x } else { most }
}

/// Numbers beyond this, which may be infinite, are taken as this.
pub(crate) const LARGEST: f32 = 3e38;

/// Limits a number to finite ones; NaN becomes the lowest.
#[inline(always)]
pub(crate) fn finite(x: f32) -> f32 {
    clamp(x, -LARGEST, LARGEST)
}

/// Rounds to the nearest integer, ties to even, for |x| up to 2^22.
#[inline(always)]
pub(crate) fn round(x: f32) -> i32 {
    (x + ROUNDING).to_bits().wrapping_sub(ROUNDING_BITS) as i32
}

/// Returns e^-x for x >= 0, with an error of at most 1e-6, and at least 2^-126.
#[inline(always)]
pub(crate) fn exp_minus(x: f32) -> f32 {
    let t = x * -LOG2_E;
    let t = if t > -126.0 { t } else { -126.0 };
    let rounded = t + ROUNDING;
    let exponent = rounded.to_bits().wrapping_sub(ROUNDING_BITS);
    let f = t - (rounded - ROUNDING);
    let p = 0.009_618_13 + f * 0.001_333_36;
    let p = 0.055_504_11 + f * p;
    let p = 0.240_226_5 + f * p;
    let p = LN_2 + f * p;
    f32::from_bits(exponent.wrapping_add(127) << 23) * (1.0 + f * p)
}

/// Returns the natural logarithm of a positive normal number, with an error of at most 2e-6.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    // The bits of sqrt(1/2): the mantissa is between that and sqrt(2).
    const ROOT: u32 = 0x3F35_04F3;
    let bits = x.to_bits().wrapping_sub(ROOT);
    let exponent = bits as i32 >> 23;
    let m = f32::from_bits((bits & 0x7F_FFFF).wrapping_add(ROOT)) - 1.0;
    let p = 0.129_607_3 + m * -0.072_648_6;
    let p = -0.163_958_1 + m * p;
    let p = 0.200_715_2 + m * p;
    let p = -0.250_139_4 + m * p;
    let p = 0.333_319_8 + m * p;
    let p = -0.499_999_3 + m * p;
    exponent as f32 * LN_2 + m * (1.0 + m * p)
}

/// Returns 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn logistic(x: f32) -> f32 {
    let e = exp_minus(x.abs());
    let r = 1.0 / (1.0 + e);
    if x > 0.0 { r } else { e * r }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_accurate() {
        for step in 0..20_000 {
            let x = step as f32 * 0.004;
            let (mine, real) = (f64::from(exp_minus(x)), (-f64::from(x)).exp());
            assert!((mine / real - 1.0).abs() < 1e-5, "e^-{x}: {mine} {real}");
            let y = (x - 40.0).exp();
            assert!((f64::from(ln(y)) - f64::from(y).ln()).abs() < 1e-5, "ln {y}");
            let z = x - 40.0;
            let real = 1.0 / (1.0 + (-f64::from(z)).exp());
            assert!((f64::from(logistic(z)) / real - 1.0).abs() < 1e-5, "logistic {z}");
        }
        assert!(exp_minus(1e30) > 0.0 && exp_minus(f32::INFINITY) < 1e-37);
    }

    #[test]
    fn numbers_are_rounded_and_limited() {
        assert_eq!([-1.6f32, -0.5, 0.5, 1.5, 70_000.4].map(round), [-2, 0, 0, 2, 70_000]);
        assert_eq!(clamp(f32::NAN, -1.0, 1.0), -1.0);
        assert_eq!([-3.0, 0.5, 3.0].map(|x| clamp(x, -1.0, 1.0)), [-1.0, 0.5, 1.0]);
    }
}

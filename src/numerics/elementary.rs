//! Elementary functions in double precision for tables: the same bits everywhere, not fast.
//!
//! Each function reduces its argument and sums up the Taylor series from the smallest term on.
//! The reductions split a constant in two parts; the first has 32 bits behind the point, so
//! that its products with small integers are exact.

use std::f64::consts::{FRAC_2_PI, LOG2_E, SQRT_2};

/// 2^32, the denominator of the first parts.
const PART: f64 = 4_294_967_296.0;
const LN_2: (f64, f64) = (2_977_044_471.0 / PART, 1.908_214_929_270_587_7e-10);
const HALF_PI: (f64, f64) = (6_746_518_852.0 / PART, 6.077_100_506_506_192e-11);

/// Three halves of 2^52: a small number added to it is rounded to an integer.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

const MANTISSA: u64 = (1 << 52) - 1;

/// Returns e^x, for |x| up to 700.
pub(crate) fn exp(x: f64) -> f64 {
    let n = (x * LOG2_E + ROUNDING) - ROUNDING;
    let r = (x - n * LN_2.0) - n * LN_2.1;
    let mut sum = 1.0;
    for k in (1..=14).rev() {
        sum = 1.0 + r / f64::from(k) * sum;
    }
    sum * f64::from_bits(((n as i64 + 1023) as u64) << 52)
}

/// Returns the natural logarithm of a positive normal number.
pub(crate) fn ln(x: f64) -> f64 {
    let mut n = (x.to_bits() >> 52) as i32 - 1023;
    let mut m = f64::from_bits(x.to_bits() & MANTISSA | 1023 << 52);
    if m > SQRT_2 {
        m *= 0.5;
        n += 1;
    }
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for k in (0..=10).rev() {
        sum = 1.0 / f64::from(2 * k + 1) + square * sum;
    }
    let n = f64::from(n);
    n * LN_2.0 + (2.0 * s * sum + n * LN_2.1)
}

/// Returns a power of a positive normal number, whose logarithm must be within 700.
pub(crate) fn pow(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// Returns sine and cosine of an angle of at most 2^20 either way.
pub(crate) fn sin_cos(x: f64) -> (f64, f64) {
    let n = (x * FRAC_2_PI + ROUNDING) - ROUNDING;
    let r = (x - n * HALF_PI.0) - n * HALF_PI.1;
    let square = r * r;
    let (mut sin, mut cos) = (1.0, 1.0);
    for k in (1..=9).rev() {
        let even = f64::from(2 * k);
        cos = 1.0 - square / ((even - 1.0) * even) * cos;
        sin = 1.0 - square / (even * (even + 1.0)) * sin;
    }
    sin *= r;
    match n as i64 & 3 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bound of relative errors, and of absolute errors of sines.
    const ERROR: f64 = 2e-15;

    fn near(mine: f64, real: f64, error: f64, what: &str) {
        assert!((mine - real).abs() <= error * real.abs(), "{what}: {mine:e} {real:e}");
    }

    #[test]
    fn exponentials_and_logarithms_are_accurate() {
        for step in -7_000..=7_000 {
            let x = f64::from(step) * 0.099_97;
            near(exp(x), x.exp(), ERROR, &format!("e^{x}"));
            let y = x.exp();
            near(ln(y), y.ln(), ERROR, &format!("ln {y}"));
            let close = 1.0 + x * 1e-4;
            near(ln(close), close.ln(), ERROR, &format!("ln {close}"));
        }
        assert_eq!((exp(0.0), ln(1.0), pow(7.0, 0.0)), (1.0, 0.0, 1.0));
    }

    #[test]
    fn powers_are_accurate() {
        for base in [1.5, 10_000.0, 500_000.0, 1e9] {
            for width in [2, 6, 64, 128, 256] {
                for pair in 0..width / 2 {
                    let exponent = f64::from(-2 * pair) / f64::from(width);
                    let real = f64::powf(base, exponent);
                    near(pow(base, exponent), real, 1e-14, &format!("{base}^{exponent}"));
                }
            }
        }
    }

    #[test]
    fn sines_and_cosines_are_accurate() {
        let angles = (0..40_000).map(|step| f64::from(step) * 6.553_7);
        let quarters = (0..2_000).map(|n| f64::from(n) * 83.0 * std::f64::consts::FRAC_PI_2);
        let eighths = (0..2_000).map(|n| f64::from(n) * std::f64::consts::FRAC_PI_4);
        for x in angles.chain(quarters).chain(eighths) {
            for x in [x, -x, x * 1e-6] {
                let ((sin, cos), real) = (sin_cos(x), x.sin_cos());
                assert!((sin - real.0).abs() <= ERROR * real.0.abs().max(1e-6), "sin {x}");
                assert!((cos - real.1).abs() <= ERROR * real.1.abs().max(1e-6), "cos {x}");
            }
        }
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
    }

    /// No bit of the tables may change, since streams depend on them.
    #[test]
    fn bits_stay() {
        let mut digest = 0u64;
        for step in 1..=1_000 {
            let x = f64::from(step) * 0.731;
            let (sin, cos) = sin_cos(x * 300.0);
            for value in [exp(x * 0.9), exp(-x * 0.9), ln(x), pow(x, 0.7), sin, cos] {
                digest = digest.rotate_left(7) ^ value.to_bits();
            }
        }
        assert_eq!(digest, 0x718B_314A_5485_88A0);
    }
}

//! What rotary frequencies are divided by, for contexts longer than those of training.

use std::f64::consts::PI;

use crate::numerics::elementary::pow;

/// How frequencies are scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scaling {
    /// All by the same factor.
    Linear {
        /// What they are divided by.
        factor: f64,
    },
    /// Slow ones by a factor, fast ones not at all, as Llama 3.1 has it.
    Llama3 {
        /// What slow ones are divided by.
        factor: f64,
        /// Turns in the original context up to which a frequency is slow.
        low: f64,
        /// Turns in the original context from which on a frequency is fast.
        high: f64,
        /// Positions of the original context.
        original: f64,
    },
}

impl Scaling {
    /// The factor of each pair of a head's values.
    pub(super) fn factors(self, base: f64, head_width: usize) -> Vec<f32> {
        let pairs = head_width / 2;
        match self {
            Scaling::Linear { factor } => vec![factor as f32; pairs],
            Scaling::Llama3 { factor, low, high, original } => (0..pairs)
                .map(|pair| {
                    let exponent = (2 * pair) as f64 / head_width as f64;
                    let turns = original / (2.0 * PI * pow(base, exponent));
                    if turns > high {
                        1.0
                    } else if turns < low {
                        factor as f32
                    } else {
                        let smooth = (turns - low) / (high - low);
                        (1.0 / ((1.0 - smooth) / factor + smooth)) as f32
                    }
                })
                .collect(),
        }
    }

    /// Whether the numbers can be used.
    pub(super) fn is_usable(self) -> bool {
        let usable = |x: f64| x.is_finite() && x > 0.0;
        match self {
            Scaling::Linear { factor } => usable(factor),
            Scaling::Llama3 { factor, low, high, original } => {
                usable(factor) && usable(low) && usable(original) && high.is_finite() && high > low
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_those_of_published_files() {
        let scaling = Scaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, original: 8192.0 };
        let factors = scaling.factors(500_000.0, 128);
        // Llama 3.1's own: none up to pair 28, all of it from pair 35 on.
        assert!(factors[..29].iter().all(|&factor| factor == 1.0));
        assert!(factors[35..].iter().all(|&factor| factor == 8.0));
        let between = [1.207484, 1.553415, 2.026313, 2.69453, 3.684253, 5.257327];
        for (factor, expected) in factors[29..35].iter().zip(between) {
            assert!((factor / expected - 1.0).abs() < 1e-6, "{factor} {expected}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_used() {
        let llama3 = |low, high| Scaling::Llama3 { factor: 8.0, low, high, original: 8192.0 };
        assert!(llama3(1.0, 4.0).is_usable());
        for (low, high) in [(4.0, 4.0), (0.0, 4.0), (1.0, f64::INFINITY), (f64::NAN, 4.0)] {
            assert!(!llama3(low, high).is_usable());
        }
        assert!(!Scaling::Linear { factor: 0.0 }.is_usable());
    }
}

//! The scaling of rotary frequencies, for contexts longer than those of training.

use std::f64::consts::PI;

use crate::error::{Error, Result};
use crate::numerics::elementary::pow;

/// A rule for the factors that rotary frequencies are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scaling {
    /// The same factor for all frequencies.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// Llama 3.1's rule: a factor for slow frequencies, and 1 for fast ones.
    Llama3 {
        /// The factor of slow frequencies.
        factor: f64,
        /// A frequency with fewer turns in the original context is slow.
        low: f64,
        /// A frequency with more turns in the original context is fast.
        high: f64,
        /// The positions of the original context.
        original: f64,
    },
}

impl Scaling {
    /// The factor of each pair of a head's values. Fails if the numbers make no sense.
    pub(crate) fn factors(self, base: f64, head_width: usize) -> Result<Vec<f32>> {
        if !self.is_usable() {
            return Err(Error::model(format!(
                "the rotary scaling is {self:?}; its numbers must be finite and above 0, and \
                 high must be above low"
            )));
        }
        let pairs = head_width / 2;
        Ok(match self {
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
        })
    }

    /// Whether the numbers make sense.
    fn is_usable(self) -> bool {
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
    fn factors_equal_those_of_published_files() {
        let scaling = Scaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, original: 8192.0 };
        let factors = scaling.factors(500_000.0, 128).unwrap();
        // Llama 3.1's own: pairs up to 28 are fast, pairs from 35 on are slow.
        assert!(factors[..29].iter().all(|&factor| factor == 1.0));
        assert!(factors[35..].iter().all(|&factor| factor == 8.0));
        let between = [1.207484, 1.553415, 2.026313, 2.69453, 3.684253, 5.257327];
        for (factor, expected) in factors[29..35].iter().zip(between) {
            assert!((factor / expected - 1.0).abs() < 1e-6, "{factor} {expected}");
        }
    }

    #[test]
    fn unusable_numbers_are_refused() {
        let llama3 = |low, high| Scaling::Llama3 { factor: 8.0, low, high, original: 8192.0 };
        assert!(llama3(1.0, 4.0).factors(500_000.0, 128).is_ok());
        for (low, high) in [(4.0, 4.0), (0.0, 4.0), (1.0, f64::INFINITY), (f64::NAN, 4.0)] {
            assert!(llama3(low, high).factors(500_000.0, 128).is_err());
        }
        assert!(Scaling::Linear { factor: 0.0 }.factors(500_000.0, 128).is_err());
    }
}

//! How strong each frequency is.

use std::f64::consts::TAU;

/// A transform of pieces of one size, a power of two.
pub(super) struct Fourier {
    size: usize,
    /// Hann's window.
    window: Vec<f64>,
    /// Cosine and negative sine of each part of the circle's first half.
    turns: Vec<(f64, f64)>,
}

impl Fourier {
    pub(super) fn new(size: usize) -> Self {
        let size = size.next_power_of_two().max(2);
        let angle = |at: usize| TAU * at as f64 / size as f64;
        Fourier {
            size,
            window: (0..size).map(|at| 0.5 - 0.5 * angle(at).cos()).collect(),
            turns: (0..size / 2).map(|at| (angle(at).cos(), -angle(at).sin())).collect(),
        }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The power of each frequency from 0 to half the rate; that of a sine of full scale is 1.
    pub(super) fn power(&self, samples: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut values: Vec<(f64, f64)> =
            samples.zip(&self.window).map(|(sample, part)| (sample * part, 0.0)).collect();
        values.resize(self.size, (0.0, 0.0));
        self.transform(&mut values);
        let full = self.window.iter().sum::<f64>() / 2.0;
        let strengths = values[..=self.size / 2].iter();
        strengths
            .map(|(real, imaginary)| (real * real + imaginary * imaginary) / (full * full))
            .collect()
    }

    /// By halves, in place.
    fn transform(&self, values: &mut [(f64, f64)]) {
        let bits = self.size.trailing_zeros();
        for at in 0..self.size {
            let other = at.reverse_bits() >> (usize::BITS - bits);
            if at < other {
                values.swap(at, other);
            }
        }
        let mut half = 1;
        while half < self.size {
            let stride = self.size / (2 * half);
            for block in values.chunks_exact_mut(2 * half) {
                let (front, back) = block.split_at_mut(half);
                for (at, (a, b)) in front.iter_mut().zip(back).enumerate() {
                    let (cosine, sine) = self.turns[at * stride];
                    let turned = (b.0 * cosine - b.1 * sine, b.0 * sine + b.1 * cosine);
                    *b = (a.0 - turned.0, a.1 - turned.1);
                    *a = (a.0 + turned.0, a.1 + turned.1);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_has_one_frequency() {
        let fourier = Fourier::new(64);
        let power = fourier.power((0..64).map(|at| (TAU * 5.0 * f64::from(at) / 64.0).sin()));
        assert_eq!(power.len(), 33);
        assert!((power[5] - 1.0).abs() < 1e-9, "{power:?}");
        assert!((power[4] - 0.25).abs() < 1e-9 && (power[6] - 0.25).abs() < 1e-9);
        assert!(power[8..].iter().all(|power| *power < 1e-20), "{power:?}");
    }

    #[test]
    fn it_is_the_sum_that_defines_it() {
        let fourier = Fourier::new(16);
        let samples: Vec<f64> = (0..16).map(|at| f64::from(at * at % 7) - 3.0).collect();
        let power = fourier.power(samples.iter().copied());
        for (bin, power) in power.iter().enumerate() {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (at, sample) in samples.iter().enumerate() {
                let angle = TAU * (bin * at) as f64 / 16.0;
                let part = 0.5 - 0.5 * (TAU * at as f64 / 16.0).cos();
                real += sample * part * angle.cos();
                imaginary += sample * part * angle.sin();
            }
            let expected = (real * real + imaginary * imaginary) / 16.0;
            assert!((power - expected).abs() < 1e-9, "{bin}");
        }
    }

    #[test]
    fn what_is_missing_is_silence() {
        assert!(Fourier::new(2).power([].into_iter()).iter().all(|power| *power == 0.0));
        assert_eq!(Fourier::new(3).size(), 4);
    }
}

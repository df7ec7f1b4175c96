//! The spectrogram of a sound.

use std::f64::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::sound::Sound;

/// From the loudest to what is drawn as silence, in decibels.
pub(crate) const RANGE: f64 = 90.0;

/// The length of a transform in seconds, about.
const LENGTH: f64 = 0.032;

/// Transforms of a column at most: work does not grow with the length of the audio.
const TRANSFORMS: usize = 4;

/// Loudness by time and frequency.
pub(crate) struct Spectrogram {
    pub(crate) columns: usize,
    /// From 0 for silence to 255 for the loudest, row by row from above.
    pub(crate) cells: Vec<u8>,
    /// Decibels of 255; a sine of full scale has 0.
    pub(crate) loudest: f64,
}

impl Spectrogram {
    /// Computes this many rows, and at most this many columns.
    pub(crate) fn new(sound: &Sound, columns: usize, rows: usize) -> Self {
        let columns = sound.frames().clamp(1, columns);
        let mut transform = Transform::new((sound.tempo() * LENGTH) as usize);
        let highest = sound.tempo() / 2.0;
        let edge = |row: usize| frequency(pitch(highest) * row as f64 / rows as f64);
        let bands: Vec<[f64; 2]> =
            (0..rows).rev().map(|row| [row, row + 1].map(|row| edge(row) / highest)).collect();
        let levels: Vec<Vec<f64>> = (0..columns)
            .map(|column| {
                let power = transform.column(sound, column, columns);
                bands.iter().map(|&band| level(&power, band)).collect()
            })
            .collect();
        let loudest = levels.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        // The noise of near silence is not drawn as if it were loud.
        let loudest = ((loudest / 10.0).ceil() * 10.0).clamp(-60.0, 10.0);
        let cell = |level: f64| ((level - loudest + RANGE) / RANGE * 255.0).round() as u8;
        let cells = (0..rows).flat_map(|row| levels.iter().map(move |column| cell(column[row])));
        Spectrogram { columns, cells: cells.collect(), loudest }
    }
}

/// A Fourier transform with a Hann window.
struct Transform {
    fft: Arc<dyn Fft<f64>>,
    window: Vec<f64>,
    values: Vec<Complex<f64>>,
}

impl Transform {
    fn new(size: usize) -> Self {
        let size = size.clamp(64, 4096).next_power_of_two();
        let window = (0..size).map(|at| 0.5 - 0.5 * (TAU * at as f64 / size as f64).cos());
        Transform {
            fft: FftPlanner::new().plan_fft_forward(size),
            window: window.collect(),
            values: Vec::new(),
        }
    }

    /// Returns the mean power of each frequency in a column, from 0 to half the rate.
    fn column(&mut self, sound: &Sound, column: usize, columns: usize) -> Vec<f64> {
        let size = self.window.len();
        let frames = sound.column(column, columns);
        let (start, length) = (frames.start, frames.len());
        let count = (length / size).clamp(1, TRANSFORMS);
        let full = self.window.iter().sum::<f64>() / 2.0;
        let mut sum = vec![0.0; size / 2 + 1];
        for number in 0..count {
            let middle = start + length * (2 * number + 1) / (2 * count);
            self.values.clear();
            self.values.extend(self.window.iter().enumerate().map(|(at, part)| {
                // Silence surrounds the sound.
                let frame = (middle + at).checked_sub(size / 2);
                Complex::from(frame.map_or(0.0, |frame| sound.mixed(frame)) * part)
            }));
            self.fft.process(&mut self.values);
            for (sum, value) in sum.iter_mut().zip(&self.values) {
                *sum += value.norm_sqr() / (full * full * count as f64);
            }
        }
        sum
    }
}

/// Returns the strongest power within a band in decibels. The band is a part of all
/// frequencies, which are from 0 to 1.
fn level(power: &[f64], band: [f64; 2]) -> f64 {
    let last = power.len() - 1;
    let [low, high] = band.map(|frequency| frequency * last as f64);
    let inside = power.get(low.ceil() as usize..=(high as usize).min(last)).unwrap_or_default();
    let strongest = inside.iter().copied().reduce(f64::max).unwrap_or_else(|| {
        // A band between two frequencies has a part of both.
        let middle = (low + high) / 2.0;
        let below = (middle as usize).min(last.saturating_sub(1));
        let part = middle - below as f64;
        power[below] * (1.0 - part) + power[below + 1] * part
    });
    10.0 * strongest.max(1e-20).log10()
}

/// Returns the pitch of a frequency in mel.
pub(crate) fn pitch(frequency: f64) -> f64 {
    2595.0 * (1.0 + frequency / 700.0).log10()
}

/// Returns the frequency of a pitch.
fn frequency(pitch: f64) -> f64 {
    700.0 * (10f64.powf(pitch / 2595.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_4;

    use super::super::sound::Sample;
    use super::*;

    fn sound(pcm: &[u8]) -> Sound<'_> {
        Sound { pcm, sample: Sample::Signed(2), channels: 1, rate: 8000 }
    }

    #[test]
    fn a_tone_is_dark_where_it_sounds() {
        // Silence, then a tone of 1,000 Hz.
        let pcm: Vec<u8> = (0..16_000)
            .map(|at| if at < 8000 { 0.0 } else { (f64::from(at) * FRAC_PI_4).sin() })
            .flat_map(|value| ((value * 32_767.0) as i16).to_le_bytes())
            .collect();
        let Spectrogram { columns, cells, loudest } = Spectrogram::new(&sound(&pcm), 100, 80);
        assert_eq!((columns, cells.len(), loudest), (100, 8000, 0.0));
        let cell = |column: usize, row: usize| cells[row * 100 + column];
        assert!((0..80).all(|row| cell(20, row) == 0));
        let darkest = (0..80).max_by_key(|&row| cell(80, row)).unwrap();
        let expected = 80.0 * (1.0 - pitch(1000.0) / pitch(4000.0));
        assert!((darkest as f64 + 0.5 - expected).abs() <= 1.5, "{darkest} {expected}");
        assert!(cell(80, darkest) > 240 && cell(80, 2) < 60, "{}", cell(80, 2));
    }

    #[test]
    fn silence_and_next_to_nothing() {
        for frames in [0, 1, 3, 500] {
            let pcm = vec![0; frames * 2];
            let Spectrogram { columns, cells, .. } = Spectrogram::new(&sound(&pcm), 100, 20);
            assert_eq!(columns, frames.clamp(1, 100));
            assert!(cells.iter().all(|cell| *cell == 0), "{frames}");
        }
        let Spectrogram { cells, .. } = Spectrogram::new(&sound(&[0xff, 0x7f]), 100, 20);
        assert_eq!(cells.len(), 20);
        assert!(cells.iter().any(|cell| *cell > 200));
    }

    #[test]
    fn pitch_and_back() {
        assert!((pitch(1000.0) - 1000.0).abs() < 0.1);
        assert!((frequency(pitch(440.0)) - 440.0).abs() < 1e-9);
    }

    #[test]
    fn a_sine_of_full_scale_has_no_decibels() {
        let pcm: Vec<u8> = (0..4000)
            .flat_map(|at| (((f64::from(at) * FRAC_PI_4).sin() * 32_767.0) as i16).to_le_bytes())
            .collect();
        let mut transform = Transform::new(255);
        let power = transform.column(&sound(&pcm), 1, 3);
        assert_eq!(power.len(), 129);
        assert!((power[32] - 1.0).abs() < 1e-3 && (power[31] - 0.25).abs() < 1e-3, "{power:?}");
        assert!(power[35..].iter().all(|power| *power < 1e-7), "{power:?}");
    }
}

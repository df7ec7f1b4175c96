//! Which frequencies there are when.

use super::fourier::Fourier;
use crate::canvas::Raster;
use crate::colours;
use crate::sound::Sound;

/// From the loudest to what is shown as silence, in decibels.
pub(super) const RANGE: f64 = 90.0;

/// About how long a piece is that is transformed, in seconds.
const PIECE: f64 = 0.032;

/// Pieces that make a column, at most: work does not grow with the audio's length.
const PIECES: usize = 4;

/// Frequencies along time.
pub(super) struct Spectrogram {
    pub(super) raster: Raster,
    /// Decibels of the darkest cells; a sine of full scale has none.
    pub(super) loudest: f64,
}

impl Spectrogram {
    /// In so many columns at most, and so many rows.
    pub(super) fn new(sound: &Sound, columns: usize, rows: usize) -> Self {
        let columns = sound.frames().clamp(1, columns);
        let size = (sound.tempo() * PIECE) as usize;
        let fourier = Fourier::new(size.clamp(64, 4096));
        let bands: Vec<(f64, f64)> = (0..rows).rev().map(|row| band(sound, row, rows)).collect();
        let levels: Vec<Vec<f64>> = (0..columns)
            .map(|column| {
                let power = power(sound, &fourier, column, columns);
                bands.iter().map(|&band| level(&power, band, sound.tempo())).collect()
            })
            .collect();
        let loudest = levels.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        // The noise of what is nearly silence is not shown as if it were loud.
        let loudest = ((loudest / 10.0).ceil() * 10.0).clamp(-60.0, 10.0);
        let cell = |level: f64| ((level - loudest + RANGE) / RANGE * 255.0).round() as u8;
        let cells = (0..rows).flat_map(|row| levels.iter().map(move |column| cell(column[row])));
        let raster = Raster { columns, cells: cells.collect(), palette: colours::loudness() };
        Spectrogram { raster, loudest }
    }
}

/// The mean power of each frequency in a column of several.
fn power(sound: &Sound, fourier: &Fourier, column: usize, columns: usize) -> Vec<f64> {
    let of = |column: usize| (column as u128 * sound.frames() as u128 / columns as u128) as usize;
    let (start, end) = (of(column), of(column + 1));
    let pieces = ((end - start) / fourier.size()).clamp(1, PIECES);
    let mut sum = vec![0.0; fourier.size() / 2 + 1];
    for piece in 0..pieces {
        let middle = start + (end - start) * (2 * piece + 1) / (2 * pieces);
        // Before the beginning, and after the end, is silence.
        let samples = (0..fourier.size()).map(|at| {
            let frame = (middle + at).checked_sub(fourier.size() / 2);
            frame.map_or(0.0, |frame| sound.mixed(frame))
        });
        for (sum, power) in sum.iter_mut().zip(fourier.power(samples)) {
            *sum += power / pieces as f64;
        }
    }
    sum
}

/// The lowest and highest frequency of a row, which are counted from below.
fn band(sound: &Sound, row: usize, rows: usize) -> (f64, f64) {
    let highest = pitch(sound.tempo() / 2.0);
    let edge = |row: usize| frequency(highest * row as f64 / rows as f64);
    (edge(row), edge(row + 1))
}

/// The strongest power within a band, in decibels.
fn level(power: &[f64], (low, high): (f64, f64), tempo: f64) -> f64 {
    let last = power.len() - 1;
    let place = |frequency: f64| frequency / (tempo / 2.0) * last as f64;
    let (first, end) = (place(low).ceil() as usize, place(high).floor() as usize);
    let strongest = match power.get(first..=end.min(last)) {
        Some(inside) if !inside.is_empty() => inside.iter().copied().fold(0.0, f64::max),
        // Bands that lie between two frequencies have a part of both.
        _ => {
            let middle = place((low + high) / 2.0);
            let below = (middle as usize).min(last.saturating_sub(1));
            let part = middle - below as f64;
            power[below] * (1.0 - part) + power[below + 1] * part
        }
    };
    10.0 * strongest.max(1e-20).log10()
}

/// How high a frequency sounds, in mel.
pub(super) fn pitch(frequency: f64) -> f64 {
    2595.0 * (1.0 + frequency / 700.0).log10()
}

/// The frequency that sounds so high.
fn frequency(pitch: f64) -> f64 {
    700.0 * (10f64.powf(pitch / 2595.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_4;

    use super::*;
    use crate::sound::Sample;

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
        let Spectrogram { raster, loudest } = Spectrogram::new(&sound(&pcm), 100, 80);
        assert_eq!((raster.columns, raster.rows(), loudest), (100, 80, 0.0));
        let cell = |column: usize, row: usize| raster.cells[row * 100 + column];
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
            let Spectrogram { raster, .. } = Spectrogram::new(&sound(&pcm), 100, 20);
            assert_eq!(raster.columns, frames.clamp(1, 100));
            assert!(raster.cells.iter().all(|cell| *cell == 0), "{frames}");
        }
        let Spectrogram { raster, .. } = Spectrogram::new(&sound(&[0xff, 0x7f]), 100, 20);
        assert_eq!(raster.rows(), 20);
        assert!(raster.cells.iter().any(|cell| *cell > 200));
    }

    #[test]
    fn pitch_and_back() {
        assert!((pitch(1000.0) - 1000.0).abs() < 0.1);
        assert!((frequency(pitch(440.0)) - 440.0).abs() < 1e-9);
    }
}

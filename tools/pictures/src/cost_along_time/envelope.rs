//! How far samples go.

use crate::sound::Sound;

/// The lowest and the highest sample of all channels in each of at most so many columns.
pub(super) fn envelope(sound: &Sound, columns: usize) -> Vec<(f64, f64)> {
    let frames = sound.frames();
    let columns = frames.min(columns);
    let of = |column: usize| (column as u128 * frames as u128 / columns as u128) as usize;
    let column = |column: usize| {
        let samples = (of(column)..of(column + 1)).flat_map(|frame| sound.frame(frame));
        samples.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), sample| {
            (low.min(sample), high.max(sample))
        })
    };
    (0..columns).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::Sample;

    #[test]
    fn extremes_of_all_channels() {
        let pcm = [128, 0, 192, 128, 128, 128, 64, 160];
        let sound = Sound { pcm: &pcm, sample: Sample::Unsigned8, channels: 2, rate: 8 };
        assert_eq!(envelope(&sound, 2), [(-1.0, 0.5), (-0.5, 0.25)]);
        assert_eq!(envelope(&sound, 100).len(), 4);
        let none = Sound { pcm: &[], ..sound };
        assert_eq!(envelope(&none, 100), []);
    }
}

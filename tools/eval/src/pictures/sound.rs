//! Audio that is shown.

use std::ops::Range;

/// PCM and its format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound<'a> {
    /// Interleaved samples, little-endian, as in a WAV file.
    pub pcm: &'a [u8],
    /// How a sample is stored.
    pub sample: Sample,
    /// Samples of a frame.
    pub channels: usize,
    /// Frames a second; 0 if unknown.
    pub rate: u32,
}

/// How a sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// 8 bits with silence at 128.
    Unsigned8,
    /// Signed, of 2, 3 or 4 bytes.
    Signed(u8),
    /// Of 32 bits, between -1 and 1.
    Float32,
    /// Of 64 bits, between -1 and 1.
    Float64,
}

impl Sample {
    /// Returns the size of a sample.
    fn bytes(self) -> usize {
        match self {
            Sample::Unsigned8 => 1,
            Sample::Signed(bytes) => bytes.clamp(1, 4).into(),
            Sample::Float32 => 4,
            Sample::Float64 => 8,
        }
    }

    /// Returns a value between -1 and 1; NaN and infinity become silence.
    fn value(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        word[8 - bytes.len()..].copy_from_slice(bytes);
        let value = match self {
            Sample::Unsigned8 => f64::from(word[7]) / 128.0 - 1.0,
            Sample::Signed(_) => i64::from_le_bytes(word) as f64 / 2f64.powi(63),
            Sample::Float32 => f32::from_le_bytes([word[4], word[5], word[6], word[7]]).into(),
            Sample::Float64 => f64::from_le_bytes(word),
        };
        if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
    }
}

impl Sound<'_> {
    fn frame_bytes(&self) -> usize {
        self.sample.bytes() * self.channels.max(1)
    }

    pub(crate) fn frames(&self) -> usize {
        self.pcm.len() / self.frame_bytes()
    }

    /// Returns the samples of a frame, between -1 and 1.
    fn frame(&self, frame: usize) -> impl Iterator<Item = f64> {
        let size = self.frame_bytes();
        let bytes = self.pcm.get(frame * size..(frame + 1) * size).unwrap_or_default();
        let sample = self.sample;
        bytes.chunks_exact(sample.bytes()).map(move |bytes| sample.value(bytes))
    }

    /// Returns the mean of a frame's samples; frames after the end are silence.
    pub(crate) fn mixed(&self, frame: usize) -> f64 {
        self.frame(frame).sum::<f64>() / self.channels.max(1) as f64
    }

    /// Returns the frames of one of several columns.
    pub(crate) fn column(&self, column: usize, columns: usize) -> Range<usize> {
        let start = |at: usize| (at as u128 * self.frames() as u128 / columns as u128) as usize;
        start(column)..start(column + 1)
    }

    /// Returns the lowest and the highest sample of each of at most this many columns.
    pub(crate) fn envelope(&self, columns: usize) -> Vec<(f64, f64)> {
        let columns = self.frames().min(columns);
        let extremes = |column| {
            let samples = self.column(column, columns).flat_map(|frame| self.frame(frame));
            samples.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), sample| {
                (low.min(sample), high.max(sample))
            })
        };
        (0..columns).map(extremes).collect()
    }

    /// Returns the frames of a second, or 1 if unknown: time is counted in frames then.
    pub(crate) fn tempo(&self) -> f64 {
        f64::from(self.rate.max(1))
    }

    /// Returns the length in seconds, or in frames if the rate is unknown; it is above zero.
    pub(crate) fn seconds(&self) -> f64 {
        self.frames().max(1) as f64 / self.tempo()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pcm: &[u8], sample: Sample) -> Vec<f64> {
        let sound = Sound { pcm, sample, channels: 1, rate: 8000 };
        (0..sound.frames()).map(|frame| sound.mixed(frame)).collect()
    }

    #[test]
    fn samples_of_all_kinds() {
        assert_eq!(values(&[0, 128, 192], Sample::Unsigned8), [-1.0, 0.0, 0.5]);
        assert_eq!(values(&[0, 0x80, 0, 0x40, 7], Sample::Signed(2)), [-1.0, 0.5]);
        assert_eq!(values(&[0, 0, 0x80, 0, 0, 0x40], Sample::Signed(3)), [-1.0, 0.5]);
        assert_eq!(values(&[0, 0, 0, 0xc0], Sample::Signed(4)), [-0.5]);
        let floats = [0.25f32, 7.0, f32::NAN].map(f32::to_le_bytes).concat();
        assert_eq!(values(&floats, Sample::Float32), [0.25, 1.0, 0.0]);
        assert_eq!(values(&(-0.25f64).to_le_bytes(), Sample::Float64), [-0.25]);
    }

    #[test]
    fn frames_are_mixed() {
        let sound =
            Sound { pcm: &[0, 192, 128, 192, 9], sample: Sample::Unsigned8, channels: 2, rate: 0 };
        assert_eq!(sound.frames(), 2);
        assert_eq!(sound.mixed(0), -0.25);
        assert_eq!(sound.frame(1).collect::<Vec<_>>(), [0.0, 0.5]);
        assert_eq!(sound.mixed(5), 0.0);
        assert_eq!(sound.seconds(), 2.0);
    }

    #[test]
    fn envelopes_are_of_all_channels() {
        let pcm = [128, 0, 192, 128, 128, 128, 64, 160];
        let sound = Sound { pcm: &pcm, sample: Sample::Unsigned8, channels: 2, rate: 8 };
        assert_eq!(sound.envelope(2), [(-1.0, 0.5), (-0.5, 0.25)]);
        assert_eq!(sound.envelope(100).len(), 4);
        assert_eq!(Sound { pcm: &[], ..sound }.envelope(100), []);
    }
}

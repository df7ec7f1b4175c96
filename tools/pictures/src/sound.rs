//! Audio that is shown.

/// PCM and what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound<'a> {
    /// Interleaved samples, little-endian, as in a WAV file.
    pub pcm: &'a [u8],
    /// How a sample is stored.
    pub sample: Sample,
    /// Samples of a frame.
    pub channels: usize,
    /// Frames a second; 0 where it is not known.
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
    /// Bytes of a sample.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Sample::Unsigned8 => 1,
            Sample::Signed(bytes) => usize::from(bytes.clamp(1, 4)),
            Sample::Float32 => 4,
            Sample::Float64 => 8,
        }
    }

    /// A value between -1 and 1; what is no number is silence.
    fn value(self, bytes: &[u8]) -> f64 {
        let value = match (self, bytes) {
            (Sample::Unsigned8, &[byte]) => (f64::from(byte) - 128.0) / 128.0,
            (Sample::Float32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            (Sample::Float64, &[a, b, c, d, e, f, g, h]) => {
                f64::from_le_bytes([a, b, c, d, e, f, g, h])
            }
            _ => {
                let mut word = [0; 4];
                word[4 - bytes.len()..].copy_from_slice(bytes);
                f64::from(i32::from_le_bytes(word)) / 2f64.powi(31)
            }
        };
        if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
    }
}

impl Sound<'_> {
    /// Bytes of a frame.
    fn frame_bytes(&self) -> usize {
        self.sample.bytes() * self.channels.max(1)
    }

    pub(crate) fn frames(&self) -> usize {
        self.pcm.len() / self.frame_bytes()
    }

    /// The samples of a frame, between -1 and 1.
    pub(crate) fn frame(&self, frame: usize) -> impl Iterator<Item = f64> {
        let size = self.frame_bytes();
        let bytes = self.pcm.get(frame * size..(frame + 1) * size).unwrap_or_default();
        let sample = self.sample;
        bytes.chunks_exact(sample.bytes()).map(move |bytes| sample.value(bytes))
    }

    /// The mean of a frame's samples.
    pub(crate) fn mixed(&self, frame: usize) -> f64 {
        self.frame(frame).sum::<f64>() / self.channels.max(1) as f64
    }

    /// Frames a second, or 1 where it is not known: time is counted in frames then.
    pub(crate) fn tempo(&self) -> f64 {
        f64::from(self.rate.max(1))
    }

    /// Its length in seconds, or in frames; never nothing.
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
}

//! Samples of other depths, by shifts alone.

use std::fmt;

use lmac::{AudioSpec, SampleFormat};

use crate::{Error, Result};

/// A conversion from one integer format to another by the shifts of
/// [`Selection::bit_depth`](super::Selection::bit_depth).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conversion {
    from: SampleFormat,
    to: SampleFormat,
}

impl Conversion {
    /// Makes the conversion; `None` between equal formats.
    pub(super) fn between(from: SampleFormat, to: SampleFormat) -> Result<Option<Conversion>> {
        if from.is_float() || to.is_float() {
            return Err(Error::new(format!(
                "samples are floats of {} bits; shifts do not convert them to integers of {} bits",
                from.bits(),
                to.bits()
            )));
        }
        Ok((from != to).then_some(Conversion { from, to }))
    }

    /// Returns the format of the converted audio, in which all bits are valid.
    pub(super) fn spec(&self, spec: &AudioSpec) -> AudioSpec {
        let mut converted = AudioSpec::new(self.to, spec.channels, spec.rate);
        converted.channel_mask = spec.channel_mask;
        converted
    }

    /// The samples afterwards.
    pub(super) fn convert(&self, pcm: &[u8]) -> Vec<u8> {
        let size = self.from.bytes();
        let mut converted = Vec::with_capacity(pcm.len() / size * self.to.bytes());
        for sample in pcm.chunks_exact(size) {
            // At the top of 32 bits a sample of any depth is the same shift away.
            let mut high = [0; 4];
            high[4 - size..].copy_from_slice(sample);
            if self.from == SampleFormat::U8 {
                high[3] ^= 0x80;
            }
            // Low bytes are left off, which rounds down, or zero, which shifts to the left.
            if self.to == SampleFormat::U8 {
                high[3] ^= 0x80;
            }
            converted.extend_from_slice(&high[4 - self.to.bytes()..]);
        }
        converted
    }
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.bits(), self.to.bits());
        let (shift, by) = if to < from { (">>", from - to) } else { ("<<", to - from) };
        write!(f, "{from} to {to} bits: {shift} {by}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SampleFormat::{F32, S16, S24, S32, U8};

    fn converted(from: SampleFormat, to: SampleFormat, pcm: &[u8]) -> Vec<u8> {
        Conversion::between(from, to).unwrap().unwrap().convert(pcm)
    }

    #[test]
    fn sixteen_bits_become_eight_as_published() {
        let samples = [i16::MIN, -32513, -257, -256, -255, -1, 0, 1, 255, 256, 32511, i16::MAX];
        let pcm: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let expected: Vec<u8> = samples.iter().map(|&s| ((s >> 8) + 128) as u8).collect();
        assert_eq!(expected, [0, 0, 126, 127, 127, 127, 128, 128, 128, 129, 254, 255]);
        assert_eq!(converted(S16, U8, &pcm), expected);
    }

    #[test]
    fn all_depths_are_shifts() {
        let value = |format: SampleFormat, pcm: &[u8]| -> i64 {
            match format {
                U8 => i64::from(pcm[0]) - 128,
                S16 => i64::from(i16::from_le_bytes(pcm.try_into().unwrap())),
                S24 => i64::from(i32::from_le_bytes([0, pcm[0], pcm[1], pcm[2]]) >> 8),
                _ => i64::from(i32::from_le_bytes(pcm.try_into().unwrap())),
            }
        };
        for from in [U8, S16, S24, S32] {
            for to in [U8, S16, S24, S32].into_iter().filter(|&to| to != from) {
                for seed in 0..500u32 {
                    let bytes = seed.wrapping_mul(0x9E37_79B9).to_le_bytes();
                    let sample = &bytes[4 - from.bytes()..];
                    let shifted = match to.bits() as i32 - from.bits() as i32 {
                        up @ 0.. => value(from, sample) << up,
                        down => value(from, sample) >> -down,
                    };
                    let there = converted(from, to, sample);
                    assert_eq!(value(to, &there), shifted, "{from:?} to {to:?}");
                    // A wider sample converts back.
                    if to.bits() > from.bits() {
                        assert_eq!(converted(to, from, &there), sample);
                    }
                }
            }
        }
    }

    #[test]
    fn conversions_have_descriptions() {
        let said = |from, to| Conversion::between(from, to).unwrap().unwrap().to_string();
        assert_eq!(said(S16, U8), "16 to 8 bits: >> 8");
        assert_eq!(said(U8, S24), "8 to 24 bits: << 16");
        assert_eq!(Conversion::between(S24, S24).unwrap(), None);
        let error = Conversion::between(F32, S16).unwrap_err().to_string();
        assert!(error.contains("floats of 32 bits"), "{error}");
    }
}

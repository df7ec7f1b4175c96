//! Sample formats, the description of audio, and buffers of samples.

use crate::error::{Error, Result};
use crate::memory;

/// The format of a sample in PCM bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SampleFormat {
    /// Unsigned 8-bit, as in a WAV file.
    U8,
    /// Signed 16-bit.
    S16,
    /// Signed 24-bit in three bytes.
    S24,
    /// Signed 32-bit.
    S32,
    /// IEEE float of 32 bits, carried bit for bit.
    F32,
    /// IEEE float of 64 bits, carried bit for bit.
    F64,
}

impl SampleFormat {
    /// All formats.
    pub const ALL: &[SampleFormat] =
        &[Self::U8, Self::S16, Self::S24, Self::S32, Self::F32, Self::F64];

    /// Returns the integer format of `bits` bits.
    pub fn integer(bits: u32) -> Option<Self> {
        match bits {
            8 => Some(Self::U8),
            16 => Some(Self::S16),
            24 => Some(Self::S24),
            32 => Some(Self::S32),
            _ => None,
        }
    }

    /// Returns the float format of `bits` bits.
    pub fn float(bits: u32) -> Option<Self> {
        match bits {
            32 => Some(Self::F32),
            64 => Some(Self::F64),
            _ => None,
        }
    }

    /// Returns the bytes of a sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Returns the bits of a sample.
    pub fn bits(self) -> u32 {
        self.bytes() as u32 * 8
    }

    /// Returns whether samples are floating-point numbers.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Reads the value of the sample at the start of `pcm`, as `spec/coding.md` defines it.
    #[inline(always)]
    pub(crate) fn get(self, pcm: &[u8]) -> i64 {
        match self {
            Self::U8 => i64::from(pcm[0]) - 128,
            Self::S16 => i64::from(i16::from_le_bytes([pcm[0], pcm[1]])),
            Self::S24 => i64::from(i32::from_le_bytes([0, pcm[0], pcm[1], pcm[2]]) >> 8),
            Self::S32 | Self::F32 => {
                i64::from(i32::from_le_bytes([pcm[0], pcm[1], pcm[2], pcm[3]]))
            }
            Self::F64 => {
                i64::from_le_bytes([pcm[0], pcm[1], pcm[2], pcm[3], pcm[4], pcm[5], pcm[6], pcm[7]])
            }
        }
    }

    /// Writes a value of the range that [`get`](Self::get) returns.
    #[inline(always)]
    pub(crate) fn put(self, value: i64, pcm: &mut [u8]) {
        match self {
            Self::U8 => pcm[0] = (value + 128) as u8,
            Self::S16 => pcm[..2].copy_from_slice(&(value as i16).to_le_bytes()),
            Self::S24 => pcm[..3].copy_from_slice(&value.to_le_bytes()[..3]),
            Self::S32 | Self::F32 => pcm[..4].copy_from_slice(&(value as i32).to_le_bytes()),
            Self::F64 => pcm[..8].copy_from_slice(&value.to_le_bytes()),
        }
    }

    /// Returns the byte that all bytes of silence have.
    pub(crate) fn silence(self) -> u8 {
        if self == Self::U8 { 128 } else { 0 }
    }
}

/// The description of a stream's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioSpec {
    /// The format of a sample.
    pub format: SampleFormat,
    /// Channels: 1 to 65,535.
    pub channels: u16,
    /// Frames per second; 0 if it is not known.
    pub rate: u32,
    /// Speaker positions, as in `WAVE_FORMAT_EXTENSIBLE`.
    pub channel_mask: Option<u32>,
    /// The number of the sample's highest bits that carry sound (12 of 16, 20 of 24). The
    /// lower ones are usually zero.
    pub valid_bits: u8,
}

impl AudioSpec {
    /// Describes frames of `channels` samples in `format`, `rate` times a second.
    pub fn new(format: SampleFormat, channels: u16, rate: u32) -> Self {
        AudioSpec { format, channels, rate, channel_mask: None, valid_bits: format.bits() as u8 }
    }

    /// Sets the valid bits of a format that has more.
    pub fn with_valid_bits(mut self, bits: u8) -> Self {
        self.valid_bits = bits;
        self
    }

    /// Sets the speaker positions.
    pub fn with_channel_mask(mut self, mask: u32) -> Self {
        self.channel_mask = Some(mask);
        self
    }

    /// Returns the bytes of a frame.
    pub fn frame_bytes(&self) -> usize {
        usize::from(self.channels) * self.format.bytes()
    }

    /// Returns the duration of `frames` frames in seconds, if the rate is known.
    pub fn seconds(&self, frames: u64) -> Option<f64> {
        (self.rate > 0).then(|| frames as f64 / f64::from(self.rate))
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let bits = self.format.bits();
        if self.channels == 0 {
            return Err(Error::argument("the number of channels is 0; it must be 1 to 65535"));
        }
        let valid = u32::from(self.valid_bits);
        if self.format.is_float() && valid != bits {
            return Err(Error::argument(format!(
                "the number of valid bits is {valid}; it must be {bits} for floats of {bits} bits"
            )));
        }
        if valid == 0 || valid > bits {
            return Err(Error::argument(format!(
                "the number of valid bits is {valid}; it must be 1 to {bits}"
            )));
        }
        Ok(())
    }
}

/// A buffer for the samples of consecutive frames, which [`Decoder::read_frames`] fills.
///
/// [`Decoder::read_frames`]: crate::Decoder::read_frames
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    pub(crate) first_frame: u64,
    pub(crate) channels: usize,
    pub(crate) samples: Vec<i32>,
}

impl Frames {
    /// Makes an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of the first frame in the stream.
    pub fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// Returns the number of frames.
    pub fn len(&self) -> usize {
        self.samples.len().checked_div(self.channels).unwrap_or(0)
    }

    /// Returns whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Returns the samples, interleaved: signed integers, or the bits of 32-bit floats.
    pub fn samples(&self) -> &[i32] {
        &self.samples
    }
}

/// Appends the PCM of samples. Fails if a sample has more bits than the format.
pub(crate) fn samples_to_pcm(
    samples: &[i32],
    format: SampleFormat,
    pcm: &mut impl bytes::BufMut,
) -> Result<()> {
    refuse_f64(format)?;
    let spare = 32 - format.bits();
    for &sample in samples {
        if sample << spare >> spare != sample {
            return Err(Error::argument(format!(
                "the sample {sample} does not fit {} bits",
                format.bits()
            )));
        }
        let mut bytes = [0; 4];
        format.put(i64::from(sample), &mut bytes);
        pcm.put_slice(&bytes[..format.bytes()]);
    }
    Ok(())
}

/// Appends the samples of PCM in any format but 64-bit float.
pub(crate) fn pcm_to_samples(
    pcm: &[u8],
    format: SampleFormat,
    samples: &mut Vec<i32>,
) -> Result<()> {
    memory::reserve(samples, pcm.len() / format.bytes())?;
    samples.extend(pcm.chunks_exact(format.bytes()).map(|sample| format.get(sample) as i32));
    Ok(())
}

pub(crate) fn refuse_f64(format: SampleFormat) -> Result<()> {
    if format == SampleFormat::F64 {
        return Err(Error::argument(
            "64-bit floats do not fit samples of 32 bits: read and write them as bytes",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lmac_support::mixed;

    use super::*;

    #[test]
    fn every_format_round_trips() {
        for &format in SampleFormat::ALL {
            for seed in 0..1000 {
                let bytes = mixed(seed).to_le_bytes();
                let mut back = [0; 8];
                format.put(format.get(&bytes), &mut back);
                assert_eq!(back[..format.bytes()], bytes[..format.bytes()]);
            }
        }
    }

    #[test]
    fn samples_that_do_not_fit_are_refused() {
        let mut pcm = Vec::new();
        assert!(samples_to_pcm(&[-32768, 32767], SampleFormat::S16, &mut pcm).is_ok());
        assert_eq!(pcm, [0x00, 0x80, 0xFF, 0x7F]);
        for sample in [32768, -32769, i32::MIN] {
            assert!(samples_to_pcm(&[sample], SampleFormat::S16, &mut pcm).is_err());
        }
        assert!(samples_to_pcm(&[i32::MIN], SampleFormat::S32, &mut pcm).is_ok());
        assert!(samples_to_pcm(&[0], SampleFormat::F64, &mut pcm).is_err());
    }
}

//! PCM without a head.

use crate::audio::AudioSpec;
use crate::container::header::SourceKind;
use crate::error::{Error, Result};

/// What the samples of a raw file look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawLayout {
    /// What the audio is.
    pub spec: AudioSpec,
    /// Whether the most significant byte of a sample comes first.
    pub big_endian: bool,
    /// Whether integers are unsigned where the format has them signed (16, 24 and 32
    /// bits), or signed where it has them unsigned (8 bits).
    pub flipped_sign: bool,
}

impl RawLayout {
    /// Samples as a WAV file has them: little-endian, 8 bits unsigned, others signed.
    pub fn new(spec: AudioSpec) -> Self {
        RawLayout { spec, big_endian: false, flipped_sign: false }
    }

    /// With the most significant byte first.
    pub fn with_big_endian(mut self, big_endian: bool) -> Self {
        self.big_endian = big_endian;
        self
    }

    /// With the other signedness than the format has.
    pub fn with_flipped_sign(mut self, flipped: bool) -> Self {
        self.flipped_sign = flipped;
        self
    }

    pub(super) fn source(&self) -> Result<SourceKind> {
        if self.flipped_sign && self.spec.format.is_float() {
            return Err(Error::argument("float samples are always signed"));
        }
        Ok(SourceKind::Raw { big_endian: self.big_endian, flipped_sign: self.flipped_sign })
    }
}

/// Turns the samples of a raw file into PCM.
pub(super) fn to_pcm(source: SourceKind, spec: &AudioSpec, samples: &mut [u8]) {
    if let SourceKind::Raw { big_endian, flipped_sign } = source {
        swap(big_endian, spec, samples);
        flip(flipped_sign, spec, samples);
    }
}

/// The inverse of [`to_pcm`].
pub(super) fn from_pcm(source: SourceKind, spec: &AudioSpec, samples: &mut [u8]) {
    // Each of the two is its own inverse; the sign is in the last byte as long as
    // samples are little-endian.
    if let SourceKind::Raw { big_endian, flipped_sign } = source {
        flip(flipped_sign, spec, samples);
        swap(big_endian, spec, samples);
    }
}

/// Whether a raw file's samples are not PCM already.
pub(super) fn differs(source: SourceKind) -> bool {
    matches!(source, SourceKind::Raw { big_endian, flipped_sign } if big_endian || flipped_sign)
}

fn swap(wanted: bool, spec: &AudioSpec, samples: &mut [u8]) {
    if wanted {
        samples.chunks_exact_mut(spec.format.bytes()).for_each(<[u8]>::reverse);
    }
}

fn flip(wanted: bool, spec: &AudioSpec, samples: &mut [u8]) {
    if wanted {
        let bytes = spec.format.bytes();
        samples.iter_mut().skip(bytes - 1).step_by(bytes).for_each(|byte| *byte ^= 0x80);
    }
}

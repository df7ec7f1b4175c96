//! Raw PCM: a file without a head.

use super::format::{Format, HeadParser};
use crate::audio::AudioSpec;
use crate::container::source::SourceKind;
use crate::error::{Error, Result};

/// The layout of samples in a raw file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawLayout {
    /// The format of the audio.
    pub spec: AudioSpec,
    /// Whether the most significant byte of a sample comes first.
    pub big_endian: bool,
    /// Whether integers of 16, 24 and 32 bits are unsigned, or those of 8 bits signed.
    pub flipped_sign: bool,
}

impl RawLayout {
    /// Samples in the layout of WAV files: little-endian, 8 bits unsigned, others signed.
    pub fn new(spec: AudioSpec) -> Self {
        RawLayout { spec, big_endian: false, flipped_sign: false }
    }

    /// Puts the most significant byte first.
    pub fn with_big_endian(mut self, big_endian: bool) -> Self {
        self.big_endian = big_endian;
        self
    }

    /// Takes the signedness that the format does not have.
    pub fn with_flipped_sign(mut self, flipped: bool) -> Self {
        self.flipped_sign = flipped;
        self
    }

    pub(crate) fn kind(&self) -> Result<SourceKind> {
        if self.flipped_sign && self.spec.format.is_float() {
            return Err(Error::argument("float samples are always signed"));
        }
        Ok(SourceKind::Raw { big_endian: self.big_endian, flipped_sign: self.flipped_sign })
    }
}

/// Files of nothing but samples. They are never recognised: the caller knows their layout.
pub(crate) struct Raw;

impl Format for Raw {
    fn recognise(&self, _: &[u8]) -> Option<Box<dyn HeadParser>> {
        None
    }

    fn has(&self, kind: SourceKind) -> bool {
        matches!(kind, SourceKind::Raw { .. })
    }

    fn kind(&self, _: &[u8], _: &AudioSpec, _: Option<u64>) -> SourceKind {
        SourceKind::Raw { big_endian: false, flipped_sign: false }
    }

    fn implied_head(&self, _: SourceKind, _: &AudioSpec, _: Option<u64>) -> Option<Vec<u8>> {
        Some(Vec::new())
    }
}

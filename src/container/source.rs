//! The kinds of files that audio comes from, and their codes in a header.

use crate::audio::AudioSpec;

/// The kind of file that the audio of a stream came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceKind {
    /// No file: the audio was passed as samples.
    Samples,
    /// A file of nothing but PCM.
    #[non_exhaustive]
    Raw {
        /// The most significant byte of a sample came first.
        big_endian: bool,
        /// Signed where the format is unsigned, unsigned where it is signed.
        flipped_sign: bool,
    },
    /// A WAV file with the head that follows from the header of the stream.
    CanonicalWav,
    /// A WAV file with any other head, which the stream keeps in blocks.
    Wav,
}

impl SourceKind {
    /// The name in listings.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Samples => "samples",
            SourceKind::Raw { .. } => "raw",
            SourceKind::CanonicalWav | SourceKind::Wav => "wav",
        }
    }

    /// Returns whether the stream keeps the head of the file in blocks.
    pub(crate) fn keeps_head(self) -> bool {
        self == SourceKind::Wav
    }

    /// Returns whether the trailer can stand for a tail of one zero byte: the pad of a WAV
    /// file.
    pub(crate) fn may_have_pad(self) -> bool {
        matches!(self, SourceKind::CanonicalWav | SourceKind::Wav)
    }

    /// The code in two bits. All four are taken: a further kind needs a bit of the header's
    /// extension.
    pub(super) fn code(self) -> u8 {
        match self {
            SourceKind::Samples => 0,
            SourceKind::Raw { .. } => 1,
            SourceKind::CanonicalWav => 2,
            SourceKind::Wav => 3,
        }
    }

    /// The kind with the code in the lowest two bits, given the layout of raw samples.
    pub(super) fn from_code(code: u8, big_endian: bool, flipped_sign: bool) -> Self {
        match code & 3 {
            0 => SourceKind::Samples,
            1 => SourceKind::Raw { big_endian, flipped_sign },
            2 => SourceKind::CanonicalWav,
            _ => SourceKind::Wav,
        }
    }
}

/// Whether a canonical WAV head, as `spec/container.md` defines it, can describe this audio:
/// it has no fields for a channel mask and valid bits, and short ones for all lengths.
pub(crate) fn has_canonical_wav_head(spec: &AudioSpec, declared_frames: Option<u64>) -> bool {
    let plain = spec.channel_mask.is_none() && u32::from(spec.valid_bits) == spec.format.bits();
    let frame_bytes = spec.frame_bytes() as u64;
    let byte_rate = u64::from(spec.rate) * frame_bytes;
    // "WAVE", the fmt chunk, the header of the data chunk, the audio and its padding.
    let riff = declared_frames
        .and_then(|frames| frames.checked_mul(frame_bytes))
        .and_then(|data| data.checked_add(36 + data % 2));
    plain
        && u16::try_from(frame_bytes).is_ok()
        && u32::try_from(byte_rate).is_ok()
        && riff.is_some_and(|riff| u32::try_from(riff).is_ok())
}

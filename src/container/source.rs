//! The kinds of files that audio comes from, and their codes in a header.

use crate::audio::AudioSpec;
use crate::error::{Error, Result};

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
    /// A FLAC file. The stream keeps its head, and the decisions of its encoder, in blocks.
    Flac,
    /// A file of another format with PCM in it. The stream keeps its head in blocks.
    #[non_exhaustive]
    File {
        /// The format of the file.
        format: FileFormat,
        /// The most significant byte of a sample comes first.
        big_endian: bool,
        /// Signed where the format is unsigned, unsigned where it is signed.
        flipped_sign: bool,
    },
}

/// A format of files with a head, PCM, and perhaps a tail, other than WAV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFormat {
    /// A WAV file of the big-endian kind.
    Rifx,
    /// Sony Wave64.
    Wave64,
    /// AIFF and AIFF-C.
    Aiff,
    /// Apple Core Audio.
    Caf,
    /// Sun and NeXT audio.
    Au,
}

impl SourceKind {
    /// The name in listings.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Samples => "samples",
            SourceKind::Raw { .. } => "raw",
            SourceKind::CanonicalWav | SourceKind::Wav => "wav",
            SourceKind::Flac => "flac",
            SourceKind::File { format, .. } => format.name(),
        }
    }

    /// Returns whether the stream keeps the head of the file in blocks.
    pub(crate) fn keeps_head(self) -> bool {
        matches!(self, SourceKind::Wav | SourceKind::Flac | SourceKind::File { .. })
    }

    /// Returns whether samples are big-endian, and whether they have the other signedness.
    pub(crate) fn layout(self) -> (bool, bool) {
        match self {
            SourceKind::Raw { big_endian, flipped_sign }
            | SourceKind::File { big_endian, flipped_sign, .. } => (big_endian, flipped_sign),
            _ => (false, false),
        }
    }

    /// Returns whether the trailer can stand for a tail of one zero byte: the pad of a WAV
    /// file.
    pub(crate) fn may_have_pad(self) -> bool {
        matches!(self, SourceKind::CanonicalWav | SourceKind::Wav)
    }

    /// The code in two bits. All four are taken: files that are no WAV files have the code of a
    /// WAV file, and a [code](Self::file_code) of their own.
    pub(super) fn code(self) -> u8 {
        match self {
            SourceKind::Samples => 0,
            SourceKind::Raw { .. } => 1,
            SourceKind::CanonicalWav => 2,
            SourceKind::Wav | SourceKind::Flac | SourceKind::File { .. } => 3,
        }
    }

    /// The code of a file that is no WAV file.
    pub(super) fn file_code(self) -> Option<u8> {
        match self {
            SourceKind::Flac => Some(0),
            SourceKind::File { format, .. } => Some(match format {
                FileFormat::Rifx => 1,
                FileFormat::Wave64 => 2,
                FileFormat::Aiff => 3,
                FileFormat::Caf => 4,
                FileFormat::Au => 5,
            }),
            _ => None,
        }
    }

    /// The kind with the code in the lowest two bits and the code of a file, given the layout of
    /// samples.
    pub(super) fn from_codes(
        code: u8,
        file_code: Option<u8>,
        big_endian: bool,
        flipped_sign: bool,
    ) -> Result<Self> {
        let format = match (code & 3, file_code) {
            (0, None) => return Ok(SourceKind::Samples),
            (1, None) => return Ok(SourceKind::Raw { big_endian, flipped_sign }),
            (2, None) => return Ok(SourceKind::CanonicalWav),
            (3, None) => return Ok(SourceKind::Wav),
            (3, Some(0)) => return Ok(SourceKind::Flac),
            (3, Some(1)) => FileFormat::Rifx,
            (3, Some(2)) => FileFormat::Wave64,
            (3, Some(3)) => FileFormat::Aiff,
            (3, Some(4)) => FileFormat::Caf,
            (3, Some(5)) => FileFormat::Au,
            (3, Some(code)) => {
                let message = format!("the source file has the unknown code {code}");
                return Err(Error::unsupported(message));
            }
            (code, _) => {
                let message = format!("a source with the code {code} has the code of a file");
                return Err(Error::malformed(message));
            }
        };
        Ok(SourceKind::File { format, big_endian, flipped_sign })
    }
}

impl FileFormat {
    /// The name in listings.
    pub fn name(self) -> &'static str {
        match self {
            FileFormat::Rifx => "rifx",
            FileFormat::Wave64 => "w64",
            FileFormat::Aiff => "aiff",
            FileFormat::Caf => "caf",
            FileFormat::Au => "au",
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

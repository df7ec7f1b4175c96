//! Descriptions of audio and of streams.

use std::ffi::{CStr, c_char};

use lmac::{AudioSpec, FileFormat, SampleFormat, SourceKind};

use crate::error::{Fault, Result};
use crate::sized::SizedStruct;

/// The format of a sample. In PCM bytes, the lowest byte comes first.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_sample_format {
    /// Unsigned 8-bit, as in a WAV file. As int32_t, samples are signed: -128 to 127.
    LMAC_SAMPLE_U8 = 1,
    /// Signed 16-bit.
    LMAC_SAMPLE_S16 = 2,
    /// Signed 24-bit in three bytes.
    LMAC_SAMPLE_S24 = 3,
    /// Signed 32-bit.
    LMAC_SAMPLE_S32 = 4,
    /// IEEE float of 32 bits.
    LMAC_SAMPLE_F32 = 5,
    /// IEEE float of 64 bits.
    LMAC_SAMPLE_F64 = 6,
}

use lmac_sample_format::*;

/// The kind of file that the audio of a stream came from.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_source_kind {
    /// A kind that this version of the library does not know.
    LMAC_SOURCE_OTHER = 0,
    /// No file: the audio was passed as samples.
    LMAC_SOURCE_SAMPLES = 1,
    /// A file of nothing but PCM.
    LMAC_SOURCE_RAW = 2,
    /// A WAV file.
    LMAC_SOURCE_WAV = 3,
    /// A FLAC file.
    LMAC_SOURCE_FLAC = 4,
    /// A big-endian WAV file.
    LMAC_SOURCE_RIFX = 5,
    /// A Wave64 file.
    LMAC_SOURCE_W64 = 6,
    /// An AIFF or AIFF-C file.
    LMAC_SOURCE_AIFF = 7,
    /// An Apple Core Audio file.
    LMAC_SOURCE_CAF = 8,
    /// A Sun or NeXT audio file.
    LMAC_SOURCE_AU = 9,
}

use lmac_source_kind::*;

/// A description of audio, for an encoder. lmac_init() comes first.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_audio {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// The format of a sample, an lmac_sample_format.
    pub sample_format: i32,
    /// Channels: 1 to 65535.
    pub channels: u32,
    /// Frames per second; 0 if it is not known.
    pub rate: u32,
    /// The number of the sample's highest bits that carry sound (12 of 16, 20 of 24); 0 if all do.
    pub valid_bits: u32,
    /// Speaker positions, as in WAVE_FORMAT_EXTENSIBLE, if has_channel_mask is not 0.
    pub channel_mask: u32,
    /// Not 0 if channel_mask counts.
    pub has_channel_mask: i32,
}

// SAFETY: integers, and none across words.
unsafe impl SizedStruct for lmac_audio {
    const NAME: &str = "lmac_audio";
}

/// What is known of a stream. lmac_init() comes first.
///
/// A frame is one sample of every channel at one instant.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_info {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// The format of a sample, an lmac_sample_format.
    pub sample_format: i32,
    /// Not 0 if samples are floats.
    pub is_float: i32,
    /// Channels: 1 to 65535.
    pub channels: u32,
    /// Frames per second; 0 if it is not known.
    pub rate: u32,
    /// Bits of a sample: 8, 16, 24, 32 or 64.
    pub bits_per_sample: u32,
    /// The number of the sample's highest bits that carry sound.
    pub valid_bits: u32,
    /// Bytes of a frame, as lmac_decoder_read_bytes() gives it.
    pub frame_bytes: u32,
    /// Not 0 if channel_mask counts.
    pub has_channel_mask: i32,
    /// Speaker positions, as in WAVE_FORMAT_EXTENSIBLE.
    pub channel_mask: u32,
    /// Not 0 if lmac_decoder_seek() works.
    pub seekable: i32,
    /// The length of the stream; -1 if it is not known, as in a pipe before its end.
    pub total_frames: i64,
    /// The length that was announced before encoding; -1 if there is none. It may be wrong.
    pub declared_frames: i64,
    /// The most frames of a chunk, the unit of seeking, of threads and of damage.
    pub chunk_frames: u64,
    /// The version of the format that the stream has: its first number.
    pub format_major: u32,
    /// The version of the format that the stream has: its second number.
    pub format_minor: u32,
    /// The kind of file that the audio came from, an lmac_source_kind.
    pub source_kind: i32,
    /// Not 0 if md5 is known.
    pub has_md5: i32,
    /// The name of the kind of file, such as "wav". It stays valid for ever.
    pub source_name: *const c_char,
    /// The name of the language model that the stream needs, or NULL if it needs none. It stays
    /// valid until the decoder is closed.
    pub model_name: *const c_char,
    /// The MD5 of the audio as FLAC defines it, if has_md5 is not 0.
    pub md5: [u8; 16],
}

// SAFETY: integers, pointers and bytes, and no field across words that is not larger.
unsafe impl SizedStruct for lmac_info {
    const NAME: &str = "lmac_info";
}

impl From<SampleFormat> for lmac_sample_format {
    fn from(format: SampleFormat) -> Self {
        match format {
            SampleFormat::U8 => LMAC_SAMPLE_U8,
            SampleFormat::S16 => LMAC_SAMPLE_S16,
            SampleFormat::S24 => LMAC_SAMPLE_S24,
            SampleFormat::S32 => LMAC_SAMPLE_S32,
            SampleFormat::F32 => LMAC_SAMPLE_F32,
            _ => LMAC_SAMPLE_F64,
        }
    }
}

impl lmac_audio {
    /// Returns the description for the library.
    pub(crate) fn spec(&self) -> Result<AudioSpec> {
        let known = |format: &&SampleFormat| {
            lmac_sample_format::from(**format) as i32 == self.sample_format
        };
        let Some(format) = SampleFormat::ALL.iter().find(known) else {
            return Err(Fault::argument(format!(
                "sample_format is {}, which is no lmac_sample_format",
                self.sample_format
            )));
        };
        let channels = u16::try_from(self.channels).map_err(|_| {
            Fault::argument(format!("channels is {}; it must be 1 to 65535", self.channels))
        })?;
        let mut spec = AudioSpec::new(*format, channels, self.rate);
        if self.valid_bits != 0 {
            let bits = u8::try_from(self.valid_bits).map_err(|_| {
                Fault::argument(format!(
                    "valid_bits is {}; it must be 1 to {}, or 0 for all",
                    self.valid_bits,
                    format.bits()
                ))
            })?;
            spec = spec.with_valid_bits(bits);
        }
        if self.has_channel_mask != 0 {
            spec = spec.with_channel_mask(self.channel_mask);
        }
        Ok(spec)
    }
}

impl From<SourceKind> for lmac_source_kind {
    fn from(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Samples => LMAC_SOURCE_SAMPLES,
            SourceKind::Raw { .. } => LMAC_SOURCE_RAW,
            SourceKind::CanonicalWav | SourceKind::Wav => LMAC_SOURCE_WAV,
            SourceKind::Flac => LMAC_SOURCE_FLAC,
            SourceKind::File { format, .. } => match format {
                FileFormat::Rifx => LMAC_SOURCE_RIFX,
                FileFormat::Wave64 => LMAC_SOURCE_W64,
                FileFormat::Aiff => LMAC_SOURCE_AIFF,
                FileFormat::Caf => LMAC_SOURCE_CAF,
                FileFormat::Au => LMAC_SOURCE_AU,
                _ => LMAC_SOURCE_OTHER,
            },
            _ => LMAC_SOURCE_OTHER,
        }
    }
}

impl lmac_source_kind {
    /// The name of the kind.
    pub(crate) fn name(self) -> &'static CStr {
        match self {
            LMAC_SOURCE_OTHER => c"other",
            LMAC_SOURCE_SAMPLES => c"samples",
            LMAC_SOURCE_RAW => c"raw",
            LMAC_SOURCE_WAV => c"wav",
            LMAC_SOURCE_FLAC => c"flac",
            LMAC_SOURCE_RIFX => c"rifx",
            LMAC_SOURCE_W64 => c"w64",
            LMAC_SOURCE_AIFF => c"aiff",
            LMAC_SOURCE_CAF => c"caf",
            LMAC_SOURCE_AU => c"au",
        }
    }
}

//! The header: the format of the audio and the kind of its source.

use super::fields::{Fields, StreamId, put_u32, put_varint};
use super::model;
use super::source::{SourceKind, has_canonical_wav_head};
use super::{MAGIC, MAX_CHUNK_PCM, MAX_HEADER_BODY, VERSION};
use crate::audio::{AudioSpec, SampleFormat};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::method::identity::ModelUse;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) spec: AudioSpec,
    pub(crate) source: SourceKind,
    /// The most frames that a chunk has.
    pub(crate) chunk_frames: u64,
    /// The length that was announced before encoding.
    pub(crate) declared_frames: Option<u64>,
    pub(crate) has_md5: bool,
    /// The language model that chunks may need.
    pub(crate) model: Option<ModelUse>,
    pub(crate) salt: u32,
}

/// A header with its bytes and the id that they give the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) header: Header,
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: StreamId,
}

/// Rates that the header holds in five bits; their code is the position plus one.
const RATES: [u32; 31] = [
    8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176_400,
    192_000, 352_800, 384_000, 705_600, 768_000, 4000, 5512, 6000, 7350, 10000, 18900, 20000,
    22255, 25000, 37800, 40000, 44056, 50000,
];

const FORMATS: [SampleFormat; 6] = [
    SampleFormat::U8,
    SampleFormat::S16,
    SampleFormat::S24,
    SampleFormat::S32,
    SampleFormat::F32,
    SampleFormat::F64,
];

mod flag {
    pub(super) const MD5: u8 = 1 << 4;
    pub(super) const DECLARED_FRAMES: u8 = 1 << 5;
    pub(super) const EXTENSION: u8 = 1 << 6;
    pub(super) const RESERVED: u8 = 1 << 7;
}

mod extension {
    pub(super) const CHANNEL_MASK: u8 = 1 << 0;
    pub(super) const VALID_BITS: u8 = 1 << 1;
    pub(super) const CHUNK_FRAMES: u8 = 1 << 2;
    pub(super) const BIG_ENDIAN: u8 = 1 << 3;
    pub(super) const FLIPPED_SIGN: u8 = 1 << 4;
    pub(super) const MODEL: u8 = 1 << 5;
    pub(super) const FILE: u8 = 1 << 6;
    pub(super) const RESERVED: u8 = 1 << 7;
}

/// The most frames of a chunk by default: ten seconds, but enough that the bytes around a
/// payload do not count, and not more than sixteen MiB.
pub(crate) fn default_chunk_frames(spec: &AudioSpec) -> u64 {
    let frame_bytes = spec.frame_bytes() as u64;
    let most = ((1 << 24) / frame_bytes).max(1);
    let least = (1u64 << 16).div_ceil(frame_bytes);
    (10 * u64::from(spec.rate)).max(least).min(most)
}

impl Header {
    pub(crate) fn seal(self) -> Sealed {
        let body = self.body();
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION.0, VERSION.1]);
        put_varint(&mut bytes, body.len() as u64);
        bytes.extend(body);
        let crc = crc32fast::hash(&bytes);
        put_u32(&mut bytes, crc);
        Sealed { header: self, bytes, id: StreamId(crc) }
    }

    fn body(&self) -> Vec<u8> {
        let spec = &self.spec;
        let rate_code = RATES.iter().position(|&rate| rate == spec.rate).map_or(0, |at| at + 1);
        let channel_code = if spec.channels <= 2 { spec.channels as u8 } else { 0 };
        let (big_endian, flipped_sign) = self.source.layout();
        let mut extended = u8::from(big_endian) * extension::BIG_ENDIAN
            + u8::from(flipped_sign) * extension::FLIPPED_SIGN;
        let mut tail = Vec::new();
        if let Some(code) = self.source.file_code() {
            extended |= extension::FILE;
            tail.push(code);
        }
        if channel_code == 0 {
            put_varint(&mut tail, u64::from(spec.channels));
        }
        if rate_code == 0 {
            put_varint(&mut tail, u64::from(spec.rate));
        }
        if let Some(mask) = spec.channel_mask {
            extended |= extension::CHANNEL_MASK;
            put_u32(&mut tail, mask);
        }
        if u32::from(spec.valid_bits) != spec.format.bits() {
            extended |= extension::VALID_BITS;
            tail.push(spec.valid_bits);
        }
        if self.chunk_frames != default_chunk_frames(spec) {
            extended |= extension::CHUNK_FRAMES;
            put_varint(&mut tail, self.chunk_frames);
        }
        let mut flags = channel_code | self.source.code() << 2;
        if self.has_md5 {
            flags |= flag::MD5;
        }
        if let Some(frames) = self.declared_frames {
            flags |= flag::DECLARED_FRAMES;
            put_varint(&mut tail, frames);
        }
        if let Some(model) = &self.model {
            extended |= extension::MODEL;
            model::write(model, &mut tail);
        }
        if extended != 0 {
            flags |= flag::EXTENSION;
        }

        let format_code =
            FORMATS.iter().position(|&format| format == spec.format).unwrap_or_default();
        let mut body = vec![(rate_code as u8) << 3 | format_code as u8, flags];
        if extended != 0 {
            body.push(extended);
        }
        body.extend(tail);
        put_u32(&mut body, self.salt);
        body
    }

    /// Reads a header from the front of `bytes`. [`ErrorKind::Truncated`] if there are too
    /// few.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Sealed> {
        let known = bytes.len().min(MAGIC.len());
        if bytes[..known] != MAGIC[..known] {
            return Err(Error::new(ErrorKind::NotLmac));
        }
        Self::parse_fields(bytes).map_err(|error| error.at(Place::Header))
    }

    /// Returns the fewest bytes that a header has that begins with these.
    pub(crate) fn least_length(bytes: &[u8]) -> usize {
        // The length of the body stands behind the version.
        let start = MAGIC.len() + 2;
        let mut fields = Fields::new(bytes.get(start..).unwrap_or_default());
        let body = fields.varint().unwrap_or(0).min(MAX_HEADER_BODY) as usize;
        start + fields.position().max(1) + body + size_of::<u32>()
    }

    fn parse_fields(bytes: &[u8]) -> Result<Sealed> {
        let mut fields = Fields::new(bytes);
        fields.take(MAGIC.len())?;
        let (major, minor) = (fields.u8()?, fields.u8()?);
        if major != VERSION.0 {
            return Err(Error::unsupported(format!("the format has version {major}.{minor}")));
        }
        let length = fields.varint()?;
        if length > MAX_HEADER_BODY {
            return Err(Error::malformed(format!(
                "the body has {length} bytes; at most {MAX_HEADER_BODY} are allowed"
            )));
        }
        let body = fields.take(length as usize)?;
        let before_crc = fields.position();
        let crc = fields.u32()?;
        if crc32fast::hash(&bytes[..before_crc]) != crc {
            return Err(Error::new(ErrorKind::Checksum("header")));
        }
        let mut rest = Fields::new(body);
        let header = Self::parse_body(&mut rest).map_err(|error| match error.kind() {
            ErrorKind::Truncated => {
                Error::malformed(format!("the body of {length} bytes ends within a field"))
            }
            _ => error,
        })?;
        if rest.position() < body.len() && minor <= VERSION.1 {
            let used = rest.position();
            return Err(Error::malformed(format!(
                "the body has {length} bytes; its fields {used}"
            )));
        }
        let bytes = bytes[..fields.position()].to_vec();
        Ok(Sealed { header, bytes, id: StreamId(crc) })
    }

    fn parse_body(fields: &mut Fields) -> Result<Header> {
        let format_and_rate = fields.u8()?;
        let format = *FORMATS.get(usize::from(format_and_rate & 7)).ok_or_else(|| {
            let code = format_and_rate & 7;
            Error::unsupported(format!("the sample format has the unknown code {code}"))
        })?;
        let flags = fields.u8()?;
        if flags & flag::RESERVED != 0 {
            return Err(Error::unsupported(format!("the flags {flags:#04x} have an unknown bit")));
        }
        let extended = if flags & flag::EXTENSION != 0 { fields.u8()? } else { 0 };
        if extended & extension::RESERVED != 0 {
            return Err(Error::unsupported(format!(
                "the extension {extended:#04x} has an unknown bit"
            )));
        }
        let file_code = if extended & extension::FILE != 0 { Some(fields.u8()?) } else { None };

        let channels = match flags & 3 {
            0 => {
                let channels = fields.varint()?;
                u16::try_from(channels).map_err(|_| {
                    Error::malformed(format!("{channels} channels; at most 65535 are allowed"))
                })?
            }
            3 => return Err(Error::unsupported("the channels have the unknown code 3")),
            few => u16::from(few),
        };
        let rate = match usize::from(format_and_rate >> 3) {
            0 => {
                let rate = fields.varint()?;
                u32::try_from(rate).map_err(|_| {
                    Error::malformed(format!("the rate is {rate}; it must be below 2^32"))
                })?
            }
            code => RATES[code - 1],
        };
        let mut spec = AudioSpec::new(format, channels, rate);
        if extended & extension::CHANNEL_MASK != 0 {
            spec.channel_mask = Some(fields.u32()?);
        }
        if extended & extension::VALID_BITS != 0 {
            spec.valid_bits = fields.u8()?;
            if format.is_float() || u32::from(spec.valid_bits) >= format.bits() {
                return Err(Error::malformed(format!(
                    "{} valid bits are stored for {format:?} samples; only fewer bits than those of \
                     an integer are",
                    spec.valid_bits
                )));
            }
        }
        spec.validate().map_err(|error| Error::malformed(error.to_string()))?;

        let chunk_frames = if extended & extension::CHUNK_FRAMES != 0 {
            fields.varint()?
        } else {
            default_chunk_frames(&spec)
        };
        let chunk_pcm = chunk_frames.checked_mul(spec.frame_bytes() as u64);
        if chunk_frames == 0 || chunk_pcm.is_none_or(|bytes| bytes > MAX_CHUNK_PCM) {
            return Err(Error::malformed(format!(
                "chunks of {chunk_frames} frames; each must have 1 to {MAX_CHUNK_PCM} bytes of PCM"
            )));
        }
        let declared_frames =
            if flags & flag::DECLARED_FRAMES != 0 { Some(fields.varint()?) } else { None };
        let model =
            if extended & extension::MODEL != 0 { Some(model::parse(fields)?) } else { None };
        let salt = fields.u32()?;

        let big_endian = extended & extension::BIG_ENDIAN != 0;
        let flipped_sign = extended & extension::FLIPPED_SIGN != 0;
        let source = SourceKind::from_codes(flags >> 2, file_code, big_endian, flipped_sign)?;
        let header = Header {
            spec,
            source,
            chunk_frames,
            declared_frames,
            has_md5: flags & flag::MD5 != 0,
            model,
            salt,
        };
        match source {
            SourceKind::Raw { flipped_sign: true, .. }
            | SourceKind::File { flipped_sign: true, .. }
                if format.is_float() =>
            {
                Err(Error::malformed("float samples have a flipped sign; only integers can"))
            }
            SourceKind::Flac if format.is_float() || spec.valid_bits < 4 || spec.channels > 8 => {
                Err(Error::malformed(
                    "no FLAC file can hold the audio: it holds integers of 4 to 32 bits in 1 to 8 \
                     channels",
                ))
            }
            SourceKind::Raw { .. } | SourceKind::File { .. } => Ok(header),
            _ if big_endian || flipped_sign => {
                let name = source.name();
                Err(Error::malformed(format!("the source \"{name}\" has the layout of a raw file")))
            }
            SourceKind::CanonicalWav if !has_canonical_wav_head(&spec, declared_frames) => {
                Err(Error::malformed("no canonical WAV head can describe the audio"))
            }
            _ => Ok(header),
        }
    }

    /// Frames of a chunk that does not say how many it has.
    pub(crate) fn implied_frames(&self, first_frame: u64) -> Option<u64> {
        let rest = self.declared_frames?.saturating_sub(first_frame);
        Some(rest.min(self.chunk_frames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::source::FileFormat;

    fn header() -> Header {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
        Header {
            spec,
            source: SourceKind::CanonicalWav,
            chunk_frames: default_chunk_frames(&spec),
            declared_frames: Some(1000),
            has_md5: true,
            model: None,
            salt: 7,
        }
    }

    #[test]
    fn every_header_comes_back() {
        let wide = AudioSpec::new(SampleFormat::S24, 65535, 44101)
            .with_valid_bits(20)
            .with_channel_mask(0x3F);
        for header in [
            header(),
            Header { spec: wide, source: SourceKind::Wav, chunk_frames: 3, ..header() },
            Header { source: SourceKind::Flac, ..header() },
            Header {
                source: SourceKind::File {
                    format: FileFormat::Au,
                    big_endian: true,
                    flipped_sign: false,
                },
                ..header()
            },
            Header {
                source: SourceKind::Raw { big_endian: true, flipped_sign: true },
                declared_frames: None,
                has_md5: false,
                ..header()
            },
            Header { model: Some(model::tests::example()), ..header() },
        ] {
            let sealed = header.seal();
            assert_eq!(Header::parse(&sealed.bytes).unwrap(), sealed);
            for cut in 0..sealed.bytes.len() {
                let error = Header::parse(&sealed.bytes[..cut]).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Truncated), "{error}");
            }
        }
    }

    #[test]
    fn default_chunks_are_neither_tiny_nor_huge() {
        let frames =
            |format, channels, rate| default_chunk_frames(&AudioSpec::new(format, channels, rate));
        assert_eq!(frames(SampleFormat::S16, 2, 44100), 441_000);
        assert_eq!(frames(SampleFormat::U8, 1, 0), 65_536);
        assert_eq!(frames(SampleFormat::S16, 1, u32::MAX), 1 << 23);
        assert_eq!(frames(SampleFormat::F64, 65535, 48000), 32);
    }
}

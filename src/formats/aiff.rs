//! AIFF and AIFF-C files.

use byteorder::{BigEndian, ByteOrder};

use super::chunks::{ChunkHeader, ChunkParser, Chunks, ends_within};
use super::foreign;
use super::format::{Head, Progress};
use super::pcm_file::{self, PcmFile};
use crate::audio::AudioSpec;
use crate::container::MAX_HEAD;
use crate::container::source::{FileFormat, SourceKind};
use crate::error::{Error, Result};

/// AIFF files, and those of the kind AIFF-C with PCM.
pub(crate) const AIFF: PcmFile = PcmFile {
    format: FileFormat::Aiff,
    parser: |start| {
        let form = start.get(8..12).filter(|_| start.starts_with(b"FORM"));
        let compressed = match form {
            Some(b"AIFF") => false,
            Some(b"AIFC") => true,
            _ => return None,
        };
        Some(Box::new(ChunkParser::new(AiffChunks { compressed, common: None })))
    },
};

const NAME: &str = "AIFF file";

/// A length that stands for "not known".
const UNKNOWN: u32 = u32::MAX;

struct AiffChunks {
    /// Whether the common chunk names a compression.
    compressed: bool,
    common: Option<Common>,
}

/// What the common chunk says.
#[derive(Clone, Copy)]
struct Common {
    spec: AudioSpec,
    kind: SourceKind,
    frames: u32,
}

impl Chunks for AiffChunks {
    const NAME: &'static str = NAME;
    const START: usize = 12;
    const HEADER: usize = 8;
    const AUDIO: [u8; 4] = *b"SSND";

    fn header(&self, bytes: &[u8]) -> Result<ChunkHeader> {
        let length = u64::from(BigEndian::read_u32(&bytes[4..]));
        let id = [bytes[0], bytes[1], bytes[2], bytes[3]];
        Ok(ChunkHeader { id, length, padded: length + length % 2 })
    }

    fn take(&mut self, id: [u8; 4], content: &[u8]) -> Result<()> {
        if &id == b"COMM" {
            self.common = Some(Common::parse(content, self.compressed)?);
        }
        Ok(())
    }

    fn finish(&self, bytes: &[u8], body: usize, header: &ChunkHeader) -> Result<Progress> {
        let common = self.common.ok_or_else(|| {
            Error::input(
                "this AIFF file describes its audio behind the audio, or not at all: no COMM \
                 chunk comes before the SSND chunk. Files are read in one pass; copy this one \
                 with sox or ffmpeg, which put the COMM chunk first",
            )
        })?;
        // The offset of the first frame and the size of blocks.
        let fields = body + 8;
        let Some(offset) = bytes.get(body..fields).map(BigEndian::read_u32) else {
            let or_else = match common.frames {
                0 => Ok(common.head(body, Some(0))),
                _ => Err(ends_within(NAME, Self::AUDIO)),
            };
            return Ok(Progress::Needs { bytes: fields, or_else });
        };
        let length = fields as u64 + u64::from(offset);
        if length > MAX_HEAD as u64 {
            return Err(Error::input(format!(
                "the audio in this AIFF file begins {offset} bytes after the start of its chunk; \
                 more than {} MiB before the audio cannot be kept",
                MAX_HEAD >> 20
            )));
        }
        let length = length as usize;
        if bytes.len() < length {
            let or_else = Err(ends_within(NAME, Self::AUDIO));
            return Ok(Progress::Needs { bytes: length, or_else });
        }
        // A program that writes to a pipe leaves lengths at all ones or zero.
        let unknown = |number| number == 0 || number == u64::from(UNKNOWN);
        let in_chunk =
            (!unknown(header.length)).then(|| header.length.saturating_sub(8 + u64::from(offset)));
        let frames = u64::from(common.frames);
        let in_frames = (!unknown(frames)).then(|| frames * common.spec.frame_bytes() as u64);
        // The chunk can be filled up to whole blocks.
        let audio_bytes = in_chunk.into_iter().chain(in_frames).min();
        Ok(Progress::Done(common.head(length, audio_bytes)))
    }

    fn without_audio(&self, length: usize) -> Result<Head> {
        match self.common {
            Some(common) if common.frames == 0 => Ok(common.head(length, Some(0))),
            _ => Err(Error::input("this AIFF file has no audio: it ends without an SSND chunk")),
        }
    }
}

impl Common {
    fn parse(content: &[u8], compressed: bool) -> Result<Self> {
        let least = if compressed { 22 } else { 18 };
        if content.len() < least {
            return Err(Error::input(format!(
                "the COMM chunk of this AIFF file has {} bytes; it must have at least {least}",
                content.len()
            )));
        }
        let channels = pcm_file::channels(NAME, BigEndian::read_u16(content).into())?;
        let frames = BigEndian::read_u32(&content[2..]);
        let bits = u32::from(BigEndian::read_u16(&content[6..]));
        let rate = rate(&content[8..18]);
        let compression = match compressed {
            true => [content[18], content[19], content[20], content[21]],
            false => *b"NONE",
        };
        // The bits that the coding tells, or those that the chunk does.
        let (bits, big_endian, signed, float) = match &compression {
            b"NONE" | b"twos" => (bits, true, true, false),
            b"sowt" => (bits, false, true, false),
            b"raw " => (bits, true, false, false),
            b"in24" => (24, true, true, false),
            b"in32" => (32, true, true, false),
            b"42ni" => (24, false, true, false),
            b"23ni" => (32, false, true, false),
            b"fl32" | b"FL32" => (32, true, true, true),
            b"fl64" | b"FL64" => (64, true, true, true),
            _ => return Err(foreign::describe_named_coding(compression)),
        };
        let format = pcm_file::sample_format(NAME, bits, float)?;
        let spec = AudioSpec::new(format, channels, rate).with_valid_bits(bits as u8);
        let kind = pcm_file::kind(FileFormat::Aiff, format, big_endian, signed);
        Ok(Common { spec, kind, frames })
    }

    fn head(&self, length: usize, audio_bytes: Option<u64>) -> Head {
        Head { length, spec: self.spec, audio_bytes, kind: Some(self.kind) }
    }
}

/// The rate in an extended float of 80 bits, rounded; 0 if it is not one that a stream can have.
fn rate(bytes: &[u8]) -> u32 {
    let sign_and_exponent = BigEndian::read_u16(bytes);
    let mantissa = BigEndian::read_u64(&bytes[2..]);
    // The value is the mantissa over 2 to this power. Negative numbers have the top bit, which
    // makes the power too small.
    let power = (16383 + 63) - i32::from(sign_and_exponent);
    if !(1..=64).contains(&power) {
        return 0;
    }
    let rounded = (u128::from(mantissa) + (1 << (power - 1))) >> power;
    u32::try_from(rounded).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_rounded() {
        for (exponent, mantissa, expected) in [
            (0x400E, 0xAC44_0000_0000_0000, 44100),
            (0x400E, 0xBB80_0000_0000_0000, 48000),
            (0x400B, 0xFA00_0000_0000_0000, 8000),
            (0x400D, 0xAC44_0000_0000_0000, 22050),
            (0x400D, 0xAC45_0000_0000_0000, 22051),
            (0x400D, 0xAC46_0000_0000_0000, 22051),
            (0x400C, 0xADE0_0000_0000_0000, 11128),
            (0x3FFF, 0x8000_0000_0000_0000, 1),
            (0x3FFE, 0x8000_0000_0000_0000, 1),
            (0x3FFD, 0xFFFF_FFFF_FFFF_FFFF, 0),
            (0x401E, 0xFFFF_FFFF_0000_0000, u32::MAX),
            (0x401E, 0xFFFF_FFFF_FFFF_FFFF, 0),
            (0x401F, 0x8000_0000_0000_0000, 0),
            (0x403D, 0x0000_0000_0000_0001, 1),
            (0x403E, 0x8000_0000_0000_0000, 0),
            (0xC00E, 0xAC44_0000_0000_0000, 0),
            (0x7FFF, 0x8000_0000_0000_0000, 0),
            (0x7FFF, u64::MAX, 0),
            (0xFFFF, u64::MAX, 0),
            (0, 0, 0),
        ] {
            let mut bytes = [0; 10];
            BigEndian::write_u16(&mut bytes, exponent);
            BigEndian::write_u64(&mut bytes[2..], mantissa);
            assert_eq!(rate(&bytes), expected, "{exponent:04x} {mantissa:016x}");
        }
    }
}

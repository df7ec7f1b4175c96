//! Core Audio files (CAF), by Apple.

use byteorder::{BigEndian, ByteOrder};

use super::chunks::{ChunkHeader, ChunkParser, Chunks, ends_within};
use super::foreign;
use super::format::{Head, Progress};
use super::pcm_file::{self, PcmFile};
use crate::audio::AudioSpec;
use crate::container::source::{FileFormat, SourceKind};
use crate::error::{Error, Result};

/// Core Audio files with PCM.
pub(crate) const CAF: PcmFile = PcmFile {
    format: FileFormat::Caf,
    parser: |start| {
        let is_caf = start.starts_with(b"caff");
        is_caf.then(|| Box::new(ChunkParser::new(CafChunks { description: None })) as _)
    },
};

const NAME: &str = "Core Audio file";

/// Flags of linear PCM.
const FLOAT: u32 = 1;
const LITTLE_ENDIAN: u32 = 2;

/// A length that stands for "to the end".
const TO_THE_END: u64 = u64::MAX;

struct CafChunks {
    description: Option<(AudioSpec, SourceKind)>,
}

impl Chunks for CafChunks {
    const NAME: &'static str = NAME;
    const START: usize = 8;
    const HEADER: usize = 12;
    const AUDIO: [u8; 4] = *b"data";

    fn header(&self, bytes: &[u8]) -> Result<ChunkHeader> {
        let length = BigEndian::read_u64(&bytes[4..]);
        let id = [bytes[0], bytes[1], bytes[2], bytes[3]];
        Ok(ChunkHeader { id, length, padded: length })
    }

    fn take(&mut self, id: [u8; 4], content: &[u8]) -> Result<()> {
        if &id == b"desc" {
            self.description = Some(parse_description(content)?);
        }
        Ok(())
    }

    fn finish(&self, bytes: &[u8], body: usize, header: &ChunkHeader) -> Result<Progress> {
        let (spec, kind) = self.description.ok_or_else(|| {
            Error::input(
                "this Core Audio file does not describe its audio: a desc chunk is missing before \
                 the data chunk",
            )
        })?;
        // A count of edits comes before the audio.
        let length = body + 4;
        let audio_bytes = match header.length {
            TO_THE_END => None,
            4..=0x7FFF_FFFF_FFFF_FFFF => Some(header.length - 4),
            wrong => {
                return Err(Error::input(format!(
                    "the data chunk of this Core Audio file counts {} bytes; it must count -1, or \
                     at least 4",
                    wrong as i64
                )));
            }
        };
        if bytes.len() < length {
            let or_else = Err(ends_within(NAME, Self::AUDIO));
            return Ok(Progress::Needs { bytes: length, or_else });
        }
        Ok(Progress::Done(Head { length, spec, audio_bytes, kind: Some(kind) }))
    }
}

fn parse_description(content: &[u8]) -> Result<(AudioSpec, SourceKind)> {
    if content.len() < 32 {
        return Err(Error::input(format!(
            "the desc chunk of this Core Audio file has {} bytes; it must have 32",
            content.len()
        )));
    }
    let coding = [content[8], content[9], content[10], content[11]];
    if &coding != b"lpcm" {
        return Err(foreign::describe_named_coding(coding));
    }
    let field = |at: usize| BigEndian::read_u32(&content[at..]);
    let (flags, packet_bytes, packet_frames) = (field(12), field(16), field(20));
    let channels = pcm_file::channels(NAME, field(24))?;
    let bits = field(28);
    let float = flags & FLOAT != 0;
    let packed = u64::from(channels) * u64::from(bits) == 8 * u64::from(packet_bytes);
    if packet_frames != 1 || !packed {
        return Err(Error::input(format!(
            "samples of {bits} bits in packets of {packet_bytes} bytes and {packet_frames} frames \
             for {channels} channels cannot be carried; samples of whole bytes can, without \
             anything between them"
        )));
    }
    let format = pcm_file::sample_format(NAME, bits, float)?;
    if format.bits() != bits {
        return Err(Error::input(format!(
            "samples of {bits} bits in this Core Audio file are not whole bytes and cannot be \
             carried"
        )));
    }
    let rate = BigEndian::read_f64(content).round();
    // What is not a number is in no range.
    let rate = if (0.0..=f64::from(u32::MAX)).contains(&rate) { rate as u32 } else { 0 };
    let big_endian = flags & LITTLE_ENDIAN == 0;
    let kind = pcm_file::kind(FileFormat::Caf, format, big_endian, true);
    Ok((AudioSpec::new(format, channels, rate), kind))
}

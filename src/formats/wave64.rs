//! Wave64 files: WAV with lengths of 64 bits, by Sony.

use byteorder::{ByteOrder, LittleEndian};

use super::chunks::{ChunkHeader, ChunkParser, Chunks};
use super::format::{Head, Progress};
use super::pcm_file::{self, PcmFile};
use super::wav::{Order, parse_format, without_format};
use crate::audio::AudioSpec;
use crate::container::source::FileFormat;
use crate::error::{Error, Result};

/// Wave64 files with audio.
pub(crate) const WAVE64: PcmFile = PcmFile {
    format: FileFormat::Wave64,
    parser: |start| {
        let is_wave64 = start.starts_with(RIFF) && start.get(24..40) == Some(WAVE);
        is_wave64.then(|| Box::new(ChunkParser::new(Wave64Chunks { spec: None })) as _)
    },
};

/// The GUID that a file begins with.
const RIFF: &[u8] = b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\0\0";
/// The GUID of files with audio.
const WAVE: &[u8] = b"wave\xF3\xAC\xD3\x11\x8C\xD1\0\xC0\x4F\x8E\xDB\x8A";

/// Bytes of the header of a chunk, which its length counts.
const HEADER: u64 = 24;

struct Wave64Chunks {
    spec: Option<AudioSpec>,
}

impl Chunks for Wave64Chunks {
    const NAME: &'static str = "Wave64 file";
    const START: usize = 40;
    const HEADER: usize = HEADER as usize;
    const AUDIO: [u8; 4] = *b"data";

    fn header(&self, bytes: &[u8]) -> Result<ChunkHeader> {
        let id = match bytes[4..16] == WAVE[4..] {
            true => [bytes[0], bytes[1], bytes[2], bytes[3]],
            // Of another maker.
            false => *b"GUID",
        };
        let counted = LittleEndian::read_u64(&bytes[16..]);
        // A program that writes to a pipe leaves lengths at zero, or at the largest number.
        let length = match counted.checked_sub(HEADER) {
            Some(length) => length,
            None if id == Self::AUDIO && counted == 0 => u64::MAX,
            None => {
                return Err(Error::input(format!(
                    "the \"{}\" chunk of this Wave64 file counts {counted} bytes; with its header \
                     it has at least {HEADER}",
                    id.escape_ascii()
                )));
            }
        };
        let padded = length.checked_next_multiple_of(8).unwrap_or(u64::MAX);
        Ok(ChunkHeader { id, length, padded })
    }

    fn take(&mut self, id: [u8; 4], content: &[u8]) -> Result<()> {
        if &id == b"fmt " {
            self.spec = Some(parse_format(Self::NAME, content, Order::Little)?);
        }
        Ok(())
    }

    fn finish(&self, bytes: &[u8], body: usize, header: &ChunkHeader) -> Result<Progress> {
        let spec = self.spec.ok_or_else(|| without_format(Self::NAME))?;
        let signed = spec.format.bytes() > 1;
        let kind = Some(pcm_file::kind(FileFormat::Wave64, spec.format, false, signed));
        let file_length = LittleEndian::read_u64(&bytes[16..]);
        let nothing_follows = file_length <= body as u64 || file_length >= i64::MAX as u64;
        let audio_bytes = match header.length {
            0 if nothing_follows => None,
            unknown if unknown >= i64::MAX as u64 - HEADER => None,
            known => Some(known),
        };
        Ok(Progress::Done(Head { length: body, spec, audio_bytes, kind }))
    }
}

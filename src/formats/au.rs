//! Audio files of Sun and NeXT (AU, SND).

use byteorder::{BigEndian, ByteOrder};

use super::foreign;
use super::format::{Head, HeadParser, Progress};
use super::pcm_file::{self, PcmFile};
use crate::audio::AudioSpec;
use crate::container::MAX_HEAD;
use crate::container::source::FileFormat;
use crate::error::{Error, Result};

/// AU files with PCM.
pub(crate) const AU: PcmFile = PcmFile {
    format: FileFormat::Au,
    parser: |start| start.starts_with(b".snd").then(|| Box::new(Parser) as _),
};

const NAME: &str = "AU file";

/// The least bytes of a head: those with a meaning. A text may follow.
const FIELDS: usize = 24;

/// A length that stands for "not known".
const UNKNOWN: u32 = u32::MAX;

struct Parser;

impl HeadParser for Parser {
    fn advance(&mut self, bytes: &[u8]) -> Result<Progress> {
        let ends_early = || Err(Error::input("this AU file ends within its head"));
        if bytes.len() < FIELDS {
            return Ok(Progress::Needs { bytes: FIELDS, or_else: ends_early() });
        }
        let field = |at: usize| BigEndian::read_u32(&bytes[at..]);
        let (length, audio_bytes, coding, rate) = (field(4), field(8), field(12), field(16));
        let channels = pcm_file::channels(NAME, field(20))?;
        let (bits, float) = match coding {
            2 => (8, false),
            3 => (16, false),
            4 => (24, false),
            5 => (32, false),
            6 => (32, true),
            7 => (64, true),
            _ => return Err(foreign::describe_au_coding(coding)),
        };
        let format = pcm_file::sample_format(NAME, bits, float)?;
        let length = length as usize;
        if !(FIELDS..=MAX_HEAD).contains(&length) {
            return Err(Error::input(format!(
                "the head of this AU file counts {length} bytes; it can have {FIELDS} bytes to \
                 {} MiB",
                MAX_HEAD >> 20
            )));
        }
        if bytes.len() < length {
            return Ok(Progress::Needs { bytes: length, or_else: ends_early() });
        }
        let kind = Some(pcm_file::kind(FileFormat::Au, format, true, true));
        let spec = AudioSpec::new(format, channels, rate);
        // Some programs that write to a pipe leave the length at zero.
        let known = audio_bytes != UNKNOWN && audio_bytes != 0;
        let audio_bytes = known.then_some(audio_bytes.into());
        Ok(Progress::Done(Head { length, spec, audio_bytes, kind }))
    }
}

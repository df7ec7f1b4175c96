//! What the formats with a head, PCM and perhaps a tail have in common.

use super::format::{Format, HeadParser};
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::source::{FileFormat, SourceKind};
use crate::error::{Error, Result};

/// A format whose head the stream keeps in blocks.
pub(crate) struct PcmFile {
    pub(super) format: FileFormat,
    /// [`Format::recognise`] of the format.
    pub(super) parser: fn(&[u8]) -> Option<Box<dyn HeadParser>>,
}

impl Format for PcmFile {
    fn recognise(&self, start: &[u8]) -> Option<Box<dyn HeadParser>> {
        (self.parser)(start)
    }

    fn has(&self, kind: SourceKind) -> bool {
        matches!(kind, SourceKind::File { format, .. } if format == self.format)
    }

    fn kind(&self, _: &[u8], _: &AudioSpec, _: Option<u64>) -> SourceKind {
        SourceKind::File { format: self.format, big_endian: false, flipped_sign: false }
    }

    fn implied_head(&self, _: SourceKind, _: &AudioSpec, _: Option<u64>) -> Option<Vec<u8>> {
        None
    }
}

/// The kind of source that a file with such samples is; floats are signed.
pub(super) fn kind(
    format: FileFormat,
    samples: SampleFormat,
    big_endian: bool,
    signed: bool,
) -> SourceKind {
    let one_byte = samples.bytes() == 1;
    SourceKind::File {
        format,
        big_endian: big_endian && !one_byte,
        // PCM of one byte is unsigned, all other is signed.
        flipped_sign: signed == one_byte,
    }
}

/// The format of samples of so many bits in whole bytes; `name` is what the file is called.
pub(super) fn sample_format(name: &str, bits: u32, float: bool) -> Result<SampleFormat> {
    let format = match float {
        true => SampleFormat::float(bits),
        false if (1..=32).contains(&bits) => SampleFormat::integer(bits.next_multiple_of(8)),
        false => None,
    };
    format.ok_or_else(|| {
        let kind = if float { "float" } else { "integer" };
        Error::input(format!(
            "the {kind} samples of {bits} bits in this {name} cannot be carried; integers of 1 to \
             32 bits and floats of 32 and 64 bits can"
        ))
    })
}

/// The channels that a file counts; `name` is what it is called.
pub(super) fn channels(name: &str, count: u32) -> Result<u16> {
    u16::try_from(count).ok().filter(|&count| count > 0).ok_or_else(|| {
        Error::input(format!("this {name} counts {count} channels; it can have 1 to 65535"))
    })
}

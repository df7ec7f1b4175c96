//! The formats of files that audio comes from: what the head of a file says, and how a file
//! comes back from its stream. Slices in, bytes out.
//!
//! A new format is a module here, an entry in [`FORMATS`], and a
//! [`SourceKind`] with its code in `src/container/source.rs`.

mod aiff;
mod au;
mod caf;
mod chunks;
pub(crate) mod flac;
mod foreign;
mod format;
pub(crate) mod layout;
mod pcm_file;
pub(crate) mod raw;
pub(crate) mod wav;
mod wave64;

pub(crate) use self::format::{Format, Head, HeadParser, Progress, START};
use crate::container::source::SourceKind;
use crate::error::Result;

/// All formats. Files are recognised by the first one that does.
const FORMATS: [&dyn Format; 8] = [
    &wav::Wav,
    &wav::RIFX,
    &flac::Flac,
    &wave64::WAVE64,
    &aiff::AIFF,
    &caf::CAF,
    &au::AU,
    &raw::Raw,
];

/// The format of a file that begins with `start`, and a parser for its head.
pub(crate) fn recognise(start: &[u8]) -> Result<(&'static dyn Format, Box<dyn HeadParser>)> {
    FORMATS
        .into_iter()
        .find_map(|format| Some((format, format.recognise(start)?)))
        .ok_or_else(|| foreign::describe(start))
}

/// The format of sources of this kind; WAV for audio that came from no file.
pub(crate) fn of(kind: SourceKind) -> &'static dyn Format {
    FORMATS.into_iter().find(|format| format.has(kind)).unwrap_or(&wav::Wav)
}

/// Whether these bytes are a head from its first byte to the last one before the audio.
pub(crate) fn is_whole_head(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(START)];
    let parsed = recognise(start).and_then(|(_, mut parser)| match parser.advance(bytes)? {
        Progress::Done(head) => Ok(head),
        Progress::Needs { or_else, .. } => or_else,
    });
    parsed.is_ok_and(|head| head.length == bytes.len())
}

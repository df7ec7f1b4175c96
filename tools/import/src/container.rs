//! The containers that are read, and files that are not.

use std::io::{self, Read, Seek, SeekFrom};

use crate::error::Error;
use crate::matroska;

/// Extensions of the files that can be imported.
pub const EXTENSIONS: &[&str] = &["caf", "m4a", "m4b", "mka", "mkv", "mov", "mp4", "oga", "ogg"];

/// Bytes at the start of a file that are looked at here.
pub(crate) const START: usize = 1 << 16;

/// An Ogg page has at most this many bytes.
const OGG_PAGE: u64 = 65307;

/// A container that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Mp4,
    Ogg,
    Matroska,
    Caf,
    Flac,
}

impl Container {
    /// The container of a file that begins with these bytes.
    ///
    /// Symphonia's probe searches a megabyte for a known mark. That would take other files for
    /// audio.
    pub(crate) fn of(start: &[u8]) -> Result<Container, Error> {
        Ok(match start {
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Container::Mp4,
            [b'O', b'g', b'g', b'S', ..] => match start.get(28..36) {
                Some(b"Speex   ") => return Err(Error::Lossy("Speex")),
                _ => Container::Ogg,
            },
            [0x1A, 0x45, 0xDF, 0xA3, ..] => Container::Matroska,
            [b'c', b'a', b'f', b'f', ..] => Container::Caf,
            [b'f', b'L', b'a', b'C', ..] => Container::Flac,
            [b'w', b'v', b'p', b'k', ..] => return Err(Error::NoDecoder("WavPack")),
            [b'M', b'A', b'C', b' ', ..] => return Err(Error::NoDecoder("Monkey's Audio")),
            [b'T', b'T', b'A', b'1' | b'2', ..] => return Err(Error::NoDecoder("TTA")),
            [b'O', b'F', b'R', b' ', ..] => return Err(Error::NoDecoder("OptimFROG")),
            [b't', b'B', b'a', b'K', ..] => return Err(Error::NoDecoder("TAK")),
            [b'D', b'S', b'D', b' ', ..] => return Err(Error::NoDecoder("DSD")),
            // An ID3 tag can stand before any audio, but only these two begin with it by custom.
            [b'I', b'D', b'3', ..] => return Err(Error::Lossy("MP3 or AAC")),
            // The layer of MPEG audio is in two bits; AAC has zeros there.
            [0xFF, second, ..] if second & 0xF6 == 0xF0 => return Err(Error::Lossy("AAC")),
            [0xFF, second, ..] if second & 0xE6 == 0xE2 => return Err(Error::Lossy("MP3")),
            [b'M', b'P', b'+' | b'C', ..] => return Err(Error::Lossy("Musepack")),
            _ => return Err(Error::Unknown),
        })
    }

    /// Checks that the file is not cut off, where its container tells and Symphonia does not look.
    pub(crate) fn check_whole(
        self,
        start: &[u8],
        file: &mut (impl Read + Seek),
    ) -> Result<(), Error> {
        let length = file.seek(SeekFrom::End(0))?;
        let whole = match self {
            Container::Ogg => ends_with_last_page(file, length)?,
            Container::Matroska => matroska::end(start).is_none_or(|end| end <= length),
            _ => true,
        };
        if whole { Ok(()) } else { Err(Error::file("the file is cut off")) }
    }
}

/// Whether the last page of an Ogg file says that it is the last of its stream.
fn ends_with_last_page(file: &mut (impl Read + Seek), length: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(length.saturating_sub(OGG_PAGE)))?;
    let mut end = Vec::new();
    file.take(OGG_PAGE).read_to_end(&mut end)?;
    Ok(end.windows(6).rev().find(|it| it.starts_with(b"OggS\0")).is_some_and(|it| it[5] & 4 != 0))
}

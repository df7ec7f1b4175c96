//! The containers that are read, and files that are not.

use crate::error::Error;

/// Extensions of the files that can be imported.
pub const EXTENSIONS: &[&str] = &["caf", "m4a", "m4b", "mka", "mkv", "mov", "mp4", "oga", "ogg"];

/// Bytes at the start of a file that tell its container.
pub(crate) const START: usize = 16;

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
            [b'O', b'g', b'g', b'S', ..] => Container::Ogg,
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
}

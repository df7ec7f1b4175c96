//! Files of other formats and codings: naming them in errors.

use crate::error::{Error, ErrorKind};

/// The error for a file that begins with these bytes and is of no known format.
pub(super) fn describe(start: &[u8]) -> Error {
    let form = start.get(8..12).unwrap_or_default();
    let name = match start {
        [] => return Error::input("the file is empty; it has no head"),
        [0x89, b'l', b'm', b'a', b'c', ..] => {
            return Error::input("this file is an lmac stream already");
        }
        [b'R', b'I', b'F', b'X', ..] => "a big-endian WAV file (RIFX)".into(),
        [b'R', b'I', b'F', b'F', ..] if start.len() >= 12 => {
            format!("a RIFF file of the kind \"{}\"", form.escape_ascii())
        }
        [b'F', b'O', b'R', b'M', ..] if form == b"AIFF" || form == b"AIFC" => "an AIFF file".into(),
        [b'r', b'i', b'f', b'f', 0x2E, 0x91, ..] => "a Wave64 file (W64)".into(),
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file".into(),
        [b'I', b'D', b'3', ..] | [0xFF, 0xE2..=0xFF, ..] => "an MP3 or AAC file".into(),
        [b'M', b'A', b'C', b' ', ..] => "a Monkey's Audio file".into(),
        [b'w', b'v', b'p', b'k', ..] => "a WavPack file".into(),
        [b'c', b'a', b'f', b'f', ..] => "a Core Audio file (CAF)".into(),
        [b'.', b's', b'n', b'd', ..] => "a Sun audio file (AU)".into(),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MP4 file".into(),
        _ => return Error::new(ErrorKind::NotWav(None)),
    };
    Error::new(ErrorKind::NotWav(Some(name)))
}

/// The error for a WAV file with audio in this coding.
pub(super) fn describe_coding(tag: u16) -> Error {
    let name = match tag {
        0x0002 => "Microsoft ADPCM",
        0x0006 => "A-law",
        0x0007 => "mu-law",
        0x0011 => "IMA ADPCM",
        0x0016 => "G.723 ADPCM",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0050 => "MPEG audio",
        0x0055 => "MP3",
        0x00FF | 0x1600 | 0x1610 => "AAC",
        0x0160..=0x0163 => "Windows Media Audio",
        0x674F..=0x6771 => "Ogg Vorbis",
        0xF1AC => "FLAC",
        _ => return Error::new(ErrorKind::NotPcm(format!("in the coding 0x{tag:04X}"))),
    };
    Error::new(ErrorKind::NotPcm(name.into()))
}

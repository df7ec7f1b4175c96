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
        [b'R', b'I', b'F', b'F' | b'X', ..] if start.len() >= 12 => {
            format!("a RIFF file of the kind \"{}\"", form.escape_ascii())
        }
        [b'F', b'O', b'R', b'M', ..] if start.len() >= 12 => {
            format!("an IFF file of the kind \"{}\"", form.escape_ascii())
        }
        [b'r', b'i', b'f', b'f', 0x2E, 0x91, ..] => "a Wave64 file without audio".into(),
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file".into(),
        [b'I', b'D', b'3', ..] | [0xFF, 0xE2..=0xFF, ..] => "an MP3 or AAC file".into(),
        [b'M', b'A', b'C', b' ', ..] => "a Monkey's Audio file".into(),
        [b'w', b'v', b'p', b'k', ..] => "a WavPack file".into(),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MP4 file".into(),
        _ => return Error::new(ErrorKind::OtherFormat(None)),
    };
    Error::new(ErrorKind::OtherFormat(Some(name)))
}

/// The error for a WAV or Wave64 file with audio in this coding.
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

/// The error for an AIFF-C or Core Audio file with audio in this coding.
pub(super) fn describe_named_coding(id: [u8; 4]) -> Error {
    let name = match &id {
        b"ulaw" | b"ULAW" => "mu-law",
        b"alaw" | b"ALAW" => "A-law",
        b"ima4" | b"IMA4" => "IMA ADPCM",
        [b'm', b's', 0, 0x02] => "Microsoft ADPCM",
        [b'm', b's', 0, 0x11] => "IMA ADPCM",
        b"ADP4" => "DVI ADPCM",
        b"MAC3" | b"MAC6" => "MACE",
        b"G722" => "G.722 ADPCM",
        b"G726" => "G.726 ADPCM",
        b"GSM " | b"agsm" => "GSM 6.10",
        b"DWVW" => "delta with variable word width",
        b"QDMC" | b"QDM2" => "QDesign Music",
        b"Qclp" => "QCELP",
        b"ilbc" => "iLBC",
        b"samr" => "AMR",
        b"alac" => "ALAC",
        b"flac" => "FLAC",
        b"opus" => "Opus",
        b"ac-3" => "AC-3",
        b"aac " | b"aach" | b"aacp" => "AAC",
        b".mp1" | b".mp2" => "MPEG audio",
        b".mp3" => "MP3",
        _ => {
            let name = format!("in the coding \"{}\"", id.escape_ascii());
            return Error::new(ErrorKind::NotPcm(name));
        }
    };
    Error::new(ErrorKind::NotPcm(name.into()))
}

/// The error for an AU file with audio in this coding.
pub(super) fn describe_au_coding(code: u32) -> Error {
    let name = match code {
        1 => "mu-law",
        23 => "G.721 ADPCM",
        24 => "G.722 ADPCM",
        25 | 26 => "G.723 ADPCM",
        27 => "A-law",
        _ => return Error::new(ErrorKind::NotPcm(format!("in the coding {code}"))),
    };
    Error::new(ErrorKind::NotPcm(name.into()))
}

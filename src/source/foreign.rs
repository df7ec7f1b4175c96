//! Files that are no WAV file, and what can be done about them.

/// A sentence about a file that begins with these bytes and is no WAV file.
pub(super) fn describe(start: &[u8]) -> String {
    let convert = |what: &str| {
        format!("this is {what}; convert it to WAV first, for instance with sox or ffmpeg")
    };
    let form = start.get(8..12).unwrap_or_default();
    match start {
        [] => "the file is empty; a WAV file has at least a head".into(),
        [b'R', b'I', b'F', b'X', ..] => convert("a big-endian WAV file (RIFX)"),
        [b'R', b'I', b'F', b'F', ..] if start.len() >= 12 => {
            convert(&format!("a RIFF file of the kind \"{}\"", form.escape_ascii()))
        }
        [b'f', b'L', b'a', b'C', ..] => "this is a FLAC file; decode it first, with flac -d".into(),
        [b'F', b'O', b'R', b'M', ..] if form == b"AIFF" || form == b"AIFC" => {
            convert("an AIFF file")
        }
        [b'r', b'i', b'f', b'f', 0x2E, 0x91, ..] => convert("a Wave64 file (W64)"),
        [b'O', b'g', b'g', b'S', ..] => convert("an Ogg file"),
        [b'I', b'D', b'3', ..] | [0xFF, 0xE2..=0xFF, ..] => convert("an MP3 or AAC file"),
        [b'M', b'A', b'C', b' ', ..] => convert("a Monkey's Audio file"),
        [b'w', b'v', b'p', b'k', ..] => convert("a WavPack file"),
        [b'c', b'a', b'f', b'f', ..] => convert("a Core Audio file (CAF)"),
        [b'.', b's', b'n', b'd', ..] => convert("a Sun audio file (AU)"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => convert("an MP4 file"),
        [0x89, b'l', b'm', b'a', b'c', ..] => "this is an lmac stream already".into(),
        _ => "this is no WAV file; PCM without a head is encoded with --raw, \
              --rate, --channels and --bits"
            .into(),
    }
}

/// A sentence about a WAV file whose audio is in this coding.
pub(super) fn describe_coding(tag: u16) -> String {
    let name = match tag {
        0x0000 => "of an unknown coding",
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
        _ => {
            return format!(
                "the audio in this WAV file is of the coding 0x{tag:04X}, not PCM; {DECODE_IT}"
            );
        }
    };
    format!("the audio in this WAV file is {name}, not PCM; {DECODE_IT}")
}

const DECODE_IT: &str = "decode it to PCM first, for instance with sox or ffmpeg";

//! ID3v2 tags of the versions 2.2, 2.3 and 2.4.

use std::borrow::Cow;

use super::reading::{be, latin, text, utf16};
use super::{MAX_COMMENTS, Picture, Tags};
use crate::error::{Error, Result};
use crate::memory;

const HEADER: usize = 10;

/// The bytes of the ID3v2 tag at the front of these bytes, if there is one.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<HEADER>()?;
    let sane = header.starts_with(b"ID3") && header[3] != 0xFF && header[4] != 0xFF;
    let size = syncsafe(&header[6..]).filter(|_| sane)?;
    let footer = if header[5] & 0x10 != 0 { HEADER } else { 0 };
    Some(HEADER + size as usize + footer)
}

/// Reads the ID3v2 tag at the front of these bytes. Frames that cannot be read are left out.
pub(super) fn parse(bytes: &[u8]) -> Result<Tags> {
    let header = bytes.first_chunk::<HEADER>().filter(|_| length(bytes).is_some());
    let header = header.ok_or_else(|| Error::malformed("an ID3v2 tag does not begin here"))?;
    let (version, flags) = (header[3], header[5]);
    if !(2..=4).contains(&version) {
        return Err(Error::unsupported(format!("the ID3v2 tag has the version 2.{version}")));
    }
    let size = syncsafe(&header[6..]).unwrap_or(0) as usize;
    let body = &bytes[HEADER..];
    let body = &body[..size.min(body.len())];
    let synchronised = match flags & 0x80 != 0 && version < 4 {
        true => resynchronised(body)?,
        false => Cow::Borrowed(body),
    };
    let mut body: &[u8] = &synchronised;
    if flags & 0x40 != 0 && version > 2 {
        let length = match version {
            3 => body.get(..4).map(|size| be(size) as usize + 4),
            _ => body.get(..4).and_then(syncsafe).map(|size| size as usize),
        };
        body = length.and_then(|length| body.get(length..)).unwrap_or_default();
    }
    let mut tags = Tags::new();
    while let Some((frame, rest)) = next_frame(body, version) {
        if let Some(content) = frame.content(version, flags & 0x80 != 0)? {
            read_frame(&frame.id(), &content, &mut tags)?;
        }
        if tags.pictures.len() > MAX_COMMENTS {
            break;
        }
        body = rest;
    }
    Ok(tags)
}

struct Frame<'a> {
    id: &'a [u8],
    /// The second byte of its flags.
    flags: u8,
    data: &'a [u8],
}

fn next_frame(body: &[u8], version: u8) -> Option<(Frame<'_>, &[u8])> {
    let (id, header) = if version == 2 { (3, 6) } else { (4, HEADER) };
    let start = body.get(..header)?;
    let sizes = &start[id..2 * id];
    // Some programs wrote plain lengths where syncsafe ones are due.
    let size = match version {
        4 => syncsafe(sizes).unwrap_or_else(|| be(sizes)),
        _ => be(sizes),
    };
    let named = start[..id].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let (data, rest) = body[header..].split_at_checked(size as usize).filter(|_| named)?;
    let flags = if version == 2 { 0 } else { start[9] };
    Some((Frame { id: &start[..id], flags, data }, rest))
}

impl Frame<'_> {
    /// Its id in version 2.3 or 2.4.
    fn id(&self) -> String {
        let id = String::from_utf8_lossy(self.id);
        match OLD_IDS.iter().find(|(old, _)| *old == id) {
            Some((_, new)) => (*new).into(),
            None => id.into_owned(),
        }
    }

    /// Its bytes, unless they are compressed or encrypted.
    fn content(&self, version: u8, unsynchronised: bool) -> Result<Option<Cow<'_, [u8]>>> {
        let set = |bit: u8| self.flags & bit != 0;
        let (closed, grouped, counted) = match version {
            3 => (set(0xC0), set(0x20), false),
            4 => (set(0x0C), set(0x40), set(0x01)),
            _ => (false, false, false),
        };
        let skipped = usize::from(grouped) + 4 * usize::from(counted);
        let Some(data) = self.data.get(skipped..).filter(|_| !closed) else { return Ok(None) };
        Ok(Some(match version == 4 && (set(0x02) || unsynchronised) {
            true => resynchronised(data)?,
            false => Cow::Borrowed(data),
        }))
    }
}

/// A number of seven bits in each byte; `None` if a byte has its top bit set.
fn syncsafe(bytes: &[u8]) -> Option<u32> {
    let fits = bytes.iter().all(|byte| byte & 0x80 == 0);
    fits.then(|| bytes.iter().fold(0, |value, &byte| value << 7 | u32::from(byte)))
}

/// The bytes without the zeros that keep them from looking like MPEG audio.
fn resynchronised(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let mut out = memory::room(bytes.len())?;
    let mut before = 0;
    for &byte in bytes {
        if before != 0xFF || byte != 0 {
            out.push(byte);
        }
        before = byte;
    }
    Ok(Cow::Owned(out))
}

fn read_frame(id: &str, content: &[u8], tags: &mut Tags) -> Result<()> {
    match id {
        "TXXX" => {
            let mut texts = texts(content)?.into_iter();
            let field = texts.next().unwrap_or_default();
            texts.for_each(|value| tags.put(&field, &value));
        }
        "COMM" | "USLT" => {
            let field = if id == "COMM" { "COMMENT" } else { "LYRICS" };
            let Some((&encoding, rest)) = content.split_first() else { return Ok(()) };
            // A language of three letters.
            let (description, value) = split(encoding, rest.get(3..).unwrap_or_default());
            let (description, value) = (decode(encoding, description)?, decode(encoding, value)?);
            match description.is_empty() {
                true => tags.put(field, &value),
                false => tags.put(&format!("{field}:{description}"), &value),
            }
        }
        "APIC" | "PIC" => tags.pictures.extend(read_picture(id, content)?),
        "TRCK" | "TPOS" => {
            let (number, total) = match id {
                "TRCK" => ("TRACKNUMBER", "TRACKTOTAL"),
                _ => ("DISCNUMBER", "DISCTOTAL"),
            };
            if let Some(value) = texts(content)?.first() {
                tags.put_numbered(number, total, value);
            }
        }
        "TCON" => {
            for value in texts(content)? {
                genres(&value, |genre| tags.put("GENRE", genre));
            }
        }
        _ if id.starts_with('T') => {
            let known = FIELDS.iter().find(|(name, _)| *name == id);
            let field = known.map_or(id, |(_, field)| field);
            texts(content)?.iter().for_each(|value| tags.put(field, value));
        }
        _ => {}
    }
    Ok(())
}

/// The texts of a frame, whose first byte is their encoding.
fn texts(content: &[u8]) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let Some((&encoding, mut rest)) = content.split_first() else { return Ok(texts) };
    while !rest.is_empty() && texts.len() < MAX_COMMENTS {
        let (one, more) = split(encoding, rest);
        texts.push(decode(encoding, one)?);
        rest = more;
    }
    Ok(texts)
}

/// The bytes before and behind the first terminator.
fn split(encoding: u8, bytes: &[u8]) -> (&[u8], &[u8]) {
    let wide = matches!(encoding, 1 | 2);
    let end = match wide {
        true => bytes.chunks_exact(2).position(|unit| unit == [0, 0]).map(|at| 2 * at),
        false => bytes.iter().position(|&byte| byte == 0),
    };
    match end {
        Some(end) => (&bytes[..end], &bytes[end + 1 + usize::from(wide)..]),
        None => (bytes, &[]),
    }
}

fn decode(encoding: u8, bytes: &[u8]) -> Result<String> {
    match (encoding, bytes) {
        (1, [0xFF, 0xFE, rest @ ..]) => utf16(rest, false),
        (1, [0xFE, 0xFF, rest @ ..]) => utf16(rest, true),
        (1, _) => utf16(bytes, false),
        (2, _) => utf16(bytes, true),
        (3, _) => text(bytes),
        _ => latin(bytes),
    }
}

/// Genres as `(17)`, `(17)(18)Rock`, `17` or `Rock`.
fn genres(value: &str, mut put: impl FnMut(&str)) {
    let mut rest = value;
    while let Some((number, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        let Some(name) = genre(number) else { break };
        put(name);
        rest = after;
    }
    // Behind numbers stands a refinement, often the same name again.
    if !rest.is_empty() && (rest.len() == value.len() || genre_number(value) != genre_name(rest)) {
        put(genre(rest).unwrap_or(rest));
    }
}

fn genre(number: &str) -> Option<&'static str> {
    match number {
        "RX" => Some("Remix"),
        "CR" => Some("Cover"),
        _ => GENRES.get(number.parse::<usize>().ok()?).copied(),
    }
}

fn genre_number(value: &str) -> Option<usize> {
    value.strip_prefix('(')?.split_once(')')?.0.parse().ok()
}

fn genre_name(value: &str) -> Option<usize> {
    GENRES.iter().position(|name| name.eq_ignore_ascii_case(value))
}

fn read_picture(id: &str, content: &[u8]) -> Result<Option<Picture>> {
    let Some((&encoding, rest)) = content.split_first() else { return Ok(None) };
    let (mime, rest) = match id {
        // Three letters, such as JPG.
        "PIC" => match rest.split_at_checked(3) {
            Some((format, rest)) if format == b"-->" => ("-->".into(), rest),
            Some((_, rest)) => (String::new(), rest),
            None => return Ok(None),
        },
        _ => {
            let (mime, rest) = split(0, rest);
            (latin(mime)?, rest)
        }
    };
    let Some((&kind, rest)) = rest.split_first() else { return Ok(None) };
    let (description, data) = split(encoding, rest);
    let mut picture = Picture::new(memory::copied(data)?);
    picture.kind = kind.into();
    picture.description = decode(encoding, description)?;
    if picture.mime.is_empty() || mime == "-->" {
        picture.mime = mime;
    }
    Ok(Some(picture))
}

/// Ids of version 2.2 and those that have their meaning.
const OLD_IDS: [(&str, &str); 31] = [
    ("TT1", "TIT1"),
    ("TT2", "TIT2"),
    ("TT3", "TIT3"),
    ("TP1", "TPE1"),
    ("TP2", "TPE2"),
    ("TP3", "TPE3"),
    ("TP4", "TPE4"),
    ("TAL", "TALB"),
    ("TRK", "TRCK"),
    ("TPA", "TPOS"),
    ("TCO", "TCON"),
    ("TYE", "TYER"),
    ("TOR", "TORY"),
    ("TCM", "TCOM"),
    ("TXT", "TEXT"),
    ("TBP", "TBPM"),
    ("TKE", "TKEY"),
    ("TRC", "TSRC"),
    ("TPB", "TPUB"),
    ("TCR", "TCOP"),
    ("TEN", "TENC"),
    ("TSS", "TSSE"),
    ("TLA", "TLAN"),
    ("TMT", "TMED"),
    ("TCP", "TCMP"),
    ("TSP", "TSOP"),
    ("TSA", "TSOA"),
    ("TST", "TSOT"),
    ("TXX", "TXXX"),
    ("COM", "COMM"),
    ("ULT", "USLT"),
];

/// Ids of texts and their fields.
const FIELDS: [(&str, &str); 29] = [
    ("TIT1", "GROUPING"),
    ("TIT2", "TITLE"),
    ("TIT3", "SUBTITLE"),
    ("TALB", "ALBUM"),
    ("TPE1", "ARTIST"),
    ("TPE2", "ALBUMARTIST"),
    ("TPE3", "CONDUCTOR"),
    ("TPE4", "REMIXER"),
    ("TCOM", "COMPOSER"),
    ("TEXT", "LYRICIST"),
    ("TDRC", "DATE"),
    ("TYER", "DATE"),
    ("TDOR", "ORIGINALDATE"),
    ("TORY", "ORIGINALDATE"),
    ("TBPM", "BPM"),
    ("TKEY", "KEY"),
    ("TSRC", "ISRC"),
    ("TPUB", "LABEL"),
    ("TCOP", "COPYRIGHT"),
    ("TENC", "ENCODED-BY"),
    ("TSSE", "ENCODER"),
    ("TLAN", "LANGUAGE"),
    ("TMED", "MEDIA"),
    ("TCMP", "COMPILATION"),
    ("TSOP", "ARTISTSORT"),
    ("TSOA", "ALBUMSORT"),
    ("TSOT", "TITLESORT"),
    ("TSO2", "ALBUMARTISTSORT"),
    ("TMOO", "MOOD"),
];

/// The genres of ID3v1, by number.
const GENRES: [&str; 80] = [
    "Blues",
    "Classic Rock",
    "Country",
    "Dance",
    "Disco",
    "Funk",
    "Grunge",
    "Hip-Hop",
    "Jazz",
    "Metal",
    "New Age",
    "Oldies",
    "Other",
    "Pop",
    "R&B",
    "Rap",
    "Reggae",
    "Rock",
    "Techno",
    "Industrial",
    "Alternative",
    "Ska",
    "Death Metal",
    "Pranks",
    "Soundtrack",
    "Euro-Techno",
    "Ambient",
    "Trip-Hop",
    "Vocal",
    "Jazz+Funk",
    "Fusion",
    "Trance",
    "Classical",
    "Instrumental",
    "Acid",
    "House",
    "Game",
    "Sound Clip",
    "Gospel",
    "Noise",
    "Alternative Rock",
    "Bass",
    "Soul",
    "Punk",
    "Space",
    "Meditative",
    "Instrumental Pop",
    "Instrumental Rock",
    "Ethnic",
    "Gothic",
    "Darkwave",
    "Techno-Industrial",
    "Electronic",
    "Pop-Folk",
    "Eurodance",
    "Dream",
    "Southern Rock",
    "Comedy",
    "Cult",
    "Gangsta",
    "Top 40",
    "Christian Rap",
    "Pop/Funk",
    "Jungle",
    "Native American",
    "Cabaret",
    "New Wave",
    "Psychedelic",
    "Rave",
    "Showtunes",
    "Trailer",
    "Lo-Fi",
    "Tribal",
    "Acid Punk",
    "Acid Jazz",
    "Polka",
    "Retro",
    "Musical",
    "Rock & Roll",
    "Hard Rock",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(version: u8, flags: u8, frames: &[u8]) -> Vec<u8> {
        let size = frames.len() as u32;
        let size = [size >> 21, size >> 14, size >> 7, size].map(|byte| byte as u8 & 0x7F);
        [b"ID3", &[version, 0, flags][..], &size, frames].concat()
    }

    fn frame(id: &str, flags: u8, content: &[u8]) -> Vec<u8> {
        let mut frame = id.as_bytes().to_vec();
        let size = (content.len() as u32).to_be_bytes();
        frame.extend(&size[4 - id.len()..]);
        if id.len() == 4 {
            frame.extend([0, flags]);
        }
        frame.extend(content);
        frame
    }

    fn wide(text: &str, big: bool) -> Vec<u8> {
        let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(order).collect()
    }

    fn comments(tags: &Tags) -> Vec<String> {
        tags.comments.iter().map(|(field, value)| format!("{field}={value}")).collect()
    }

    #[test]
    fn version_3() {
        let title = [&[1, 0xFF, 0xFE][..], &wide("Träume", false), &[0, 0]].concat();
        let gain = [&[1, 0xFE, 0xFF][..], &wide("replaygain_track_gain\0", true)].concat();
        let gain = [&gain[..], &[0xFE, 0xFF], &wide("-6.5 dB", true)].concat();
        let frames = [
            frame("TIT2", 0, &title),
            frame("TPE1", 0, b"\0Bj\xF6rk\0"),
            frame("TRCK", 0, b"\x003/12"),
            frame("TCON", 0, b"\0(17)(8)Rock"),
            frame("TCON", 0, b"\0(9)Metal"),
            frame("TCON", 0, b"\x0032"),
            frame("TYER", 0, b"\x001999"),
            frame("TXXX", 0, &gain),
            frame("COMM", 0, b"\0engnone\0of it"),
            frame("COMM", 0, b"\x03eng\0all \xC3\xA9"),
            frame("TPUB", 0x80, b"\0compressed"),
            frame("TCOP", 0x20, b"g\0me"),
            frame("TFLT", 0, b"\0MPG"),
            frame("PRIV", 0, b"anything"),
            frame("APIC", 0, b"\0image/jpeg\0\x04back\0\xFF\xD8\xFFdata"),
            vec![0; 40],
        ];
        let tags = parse(&tag(3, 0, &frames.concat())).unwrap();
        assert_eq!(
            comments(&tags),
            [
                "TITLE=Träume",
                "ARTIST=Björk",
                "TRACKNUMBER=3",
                "TRACKTOTAL=12",
                "GENRE=Rock",
                "GENRE=Jazz",
                "GENRE=Metal",
                "GENRE=Classical",
                "DATE=1999",
                "REPLAYGAIN_TRACK_GAIN=-6.5 dB",
                "COMMENT:NONE=of it",
                "COMMENT=all é",
                "COPYRIGHT=me",
                "TFLT=MPG",
            ]
        );
        let [picture] = &tags.pictures[..] else { panic!("{:?}", tags.pictures) };
        assert_eq!((picture.kind, picture.mime.as_str()), (4, "image/jpeg"));
        assert_eq!((picture.description.as_str(), picture.data.len()), ("back", 7));
    }

    #[test]
    fn version_4() {
        let mut counted = vec![0, 0, 0, 6];
        counted.extend(b"\x03a\xFF\0b");
        let frames = [
            frame("TPE1", 0, b"\x03one\0two"),
            frame("TALB", 0x03, &counted),
            frame("TPE2", 0, &[&[2][..], &wide("big", true)].concat()),
        ];
        let tags = parse(&tag(4, 0, &frames.concat())).unwrap();
        assert_eq!(comments(&tags)[..2], ["ARTIST=one", "ARTIST=two"]);
        assert_eq!(
            comments(&tags)[2..],
            ["ALBUM=aÿb", "TPE2=big"].map(|text| text.replace("TPE2", "ALBUMARTIST"))
        );
        // An extended header, whose length counts itself.
        let extended = [&[0, 0, 0, 6, 1, 0][..], &frames[0]].concat();
        assert_eq!(comments(&parse(&tag(4, 0x40, &extended)).unwrap()).len(), 2);
    }

    #[test]
    fn version_2_with_unsynchronisation() {
        let picture = b"\0JPG\x03\0\xFF\0\xD8\xFF\0\xE0";
        let mut frames = [frame("TT2", 0, b"\0Song"), frame("PIC", 0, picture)].concat();
        // The length is that before zeros were put in.
        let at = frames.len() - picture.len() - 1;
        frames[at] -= 2;
        let tags = parse(&tag(2, 0x80, &frames)).unwrap();
        assert_eq!(comments(&tags), ["TITLE=Song"]);
        assert_eq!(tags.pictures[0].data, b"\xFF\xD8\xFF\xE0");
        assert_eq!(tags.pictures[0].mime, "image/jpeg");
    }

    #[test]
    fn hostile_tags() {
        assert!(parse(b"").is_err() && parse(b"ID3\x03\0\0\0\0\0\x80").is_err());
        assert!(parse(&tag(5, 0, b"")).unwrap_err().to_string().contains("version 2.5"));
        for version in 2..=4 {
            for id in ["TIT2", "TXXX", "COMM", "APIC", "TRCK", "TCON", "TT2", "PIC", "COM"] {
                for content in
                    [&b""[..], b"\x01", b"\x01\xFF", b"\x01eng\xFE\xFF\0", b"\0(", b"\0()"]
                {
                    for flags in [0, 0x40, 0x80, 0xC0] {
                        let whole = tag(version, flags, &frame(id, 0xFF, content));
                        for length in 0..whole.len() {
                            let _ = parse(&whole[..length]);
                        }
                        let _ = parse(&tag(version, flags, &frame(id, 0, content)));
                        let mut long = whole.clone();
                        long[6..10].fill(0x7F);
                        let _ = parse(&long);
                        if let Some(size) = long.get_mut(14..18) {
                            size.fill(0xFF);
                        }
                        let _ = parse(&long);
                    }
                }
            }
        }
    }
}

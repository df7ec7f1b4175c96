//! The chunks of WAV and AIFF files that hold texts.

use super::reading::{be, le, text};
use super::{Tags, id3};
use crate::error::Result;

/// How a file writes the lengths of its chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    LittleEndian,
    BigEndian,
}

/// The tags that each kind of chunk holds. The first kinds say the most.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) id3: Tags,
    pub(super) texts: Tags,
    pub(super) broadcast: Tags,
    pub(super) ixml: Tags,
}

impl Found {
    /// All of them.
    pub(super) fn joined(self) -> Tags {
        let mut tags = self.id3;
        [self.texts, self.broadcast, self.ixml].into_iter().for_each(|more| tags.complete(more));
        tags
    }
}

/// Each whole chunk's id and data.
pub(super) fn chunks(mut bytes: &[u8], order: Order) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (header, rest) = bytes.split_first_chunk::<8>()?;
        let [a, b, c, d, ..] = *header;
        let length = match order {
            Order::LittleEndian => le(&header[4..]) as usize,
            Order::BigEndian => be(&header[4..]) as usize,
        };
        let data = rest.get(..length)?;
        bytes = rest.get(length + length % 2..).unwrap_or_default();
        Some(([a, b, c, d], data))
    })
}

/// Takes the texts of one chunk. A chunk that cannot be read is left out.
pub(super) fn take(id: [u8; 4], data: &[u8], order: Order, found: &mut Found) -> Result<()> {
    match &id {
        b"id3 " | b"ID3 " | b"ID32" if found.id3.is_empty() => {
            if let Ok(tags) = id3::parse(data) {
                found.id3 = tags;
            }
        }
        b"LIST" => {
            if let Some(list) = data.strip_prefix(b"INFO") {
                for (id, data) in chunks(list, order) {
                    found.texts.put(&field_of(&id), &c_text(data)?);
                }
            }
        }
        b"NAME" => found.texts.put("TITLE", &c_text(data)?),
        b"AUTH" => found.texts.put("ARTIST", &c_text(data)?),
        b"(c) " => found.texts.put("COPYRIGHT", &c_text(data)?),
        b"ANNO" => found.texts.put("COMMENT", &c_text(data)?),
        b"bext" => read_broadcast(data, &mut found.broadcast)?,
        b"iXML" => found.ixml.put("IXML", &c_text(data)?),
        _ => {}
    }
    Ok(())
}

/// A text up to the first zero.
fn c_text(bytes: &[u8]) -> Result<String> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    text(&bytes[..end])
}

/// The field of a text in an INFO list.
fn field_of(id: &[u8; 4]) -> String {
    match INFO.iter().find(|(own, _)| *own == id) {
        Some((_, field)) => (*field).into(),
        None => String::from_utf8_lossy(id).trim().into(),
    }
}

const INFO: [(&[u8; 4], &str); 24] = [
    (b"INAM", "TITLE"),
    (b"IART", "ARTIST"),
    (b"IPRD", "ALBUM"),
    (b"ICRD", "DATE"),
    (b"IGNR", "GENRE"),
    (b"ICMT", "COMMENT"),
    (b"ITRK", "TRACKNUMBER"),
    (b"IPRT", "TRACKNUMBER"),
    (b"ITOC", "TRACKTOTAL"),
    (b"ISFT", "ENCODER"),
    (b"ICOP", "COPYRIGHT"),
    (b"IENG", "ENGINEER"),
    (b"ISBJ", "SUBJECT"),
    (b"IKEY", "KEYWORDS"),
    (b"ILNG", "LANGUAGE"),
    (b"IMED", "MEDIA"),
    (b"IMUS", "COMPOSER"),
    (b"IWRI", "LYRICIST"),
    (b"ITCH", "ENCODED-BY"),
    (b"ISRC", "SOURCE"),
    (b"ICMS", "COMMISSIONED"),
    (b"IARL", "ARCHIVAL_LOCATION"),
    (b"IPRO", "PRODUCER"),
    (b"ISRF", "SOURCE_FORM"),
];

/// A field of a broadcast chunk: its name, its first byte and its bytes.
const BROADCAST: [(&str, usize, usize); 5] = [
    ("DESCRIPTION", 0, 256),
    ("ORIGINATOR", 256, 32),
    ("ORIGINATOR_REFERENCE", 288, 32),
    ("ORIGINATION_DATE", 320, 10),
    ("ORIGINATION_TIME", 330, 8),
];
const TIME_REFERENCE: std::ops::Range<usize> = 338..346;
const VERSION: std::ops::Range<usize> = 346..348;
const UMID: std::ops::Range<usize> = 348..412;
/// Numbers of two bytes, in hundredths.
const LOUDNESS: [(&str, usize); 5] = [
    ("LOUDNESS_VALUE", 412),
    ("LOUDNESS_RANGE", 414),
    ("MAX_TRUE_PEAK_LEVEL", 416),
    ("MAX_MOMENTARY_LOUDNESS", 418),
    ("MAX_SHORT_TERM_LOUDNESS", 420),
];
/// Stands for a loudness that is not known.
const NO_LOUDNESS: i16 = i16::MAX;
const CODING_HISTORY: usize = 602;

fn read_broadcast(data: &[u8], tags: &mut Tags) -> Result<()> {
    for (field, at, length) in BROADCAST {
        if let Some(bytes) = data.get(at..at + length) {
            tags.put(field, &c_text(bytes)?);
        }
    }
    if let Some(samples) = data.get(TIME_REFERENCE).map(le).filter(|&samples| samples > 0) {
        tags.put("TIME_REFERENCE", &samples.to_string());
    }
    let version = data.get(VERSION).map_or(0, le);
    let umid = data.get(UMID).filter(|umid| version > 0 && umid.iter().any(|&byte| byte != 0));
    if let Some(umid) = umid {
        let hex: String = umid.iter().map(|byte| format!("{byte:02X}")).collect();
        tags.put("UMID", &hex);
    }
    for (field, at) in LOUDNESS {
        if let Some(bytes) = data.get(at..at + 2).filter(|_| version > 1) {
            let value = le(bytes) as u16 as i16;
            if value != NO_LOUDNESS {
                tags.put(field, &format!("{:.2}", f64::from(value) / 100.0));
            }
        }
    }
    tags.put("CODING_HISTORY", &c_text(data.get(CODING_HISTORY..).unwrap_or_default())?);
    Ok(())
}

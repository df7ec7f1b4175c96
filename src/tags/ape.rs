//! APEv2 tags at the end of files.

use super::reading::{Reading, le, text};
use super::{MAX_COMMENTS, Picture, Tags};
use crate::error::{Error, Result};
use crate::memory;

/// Bytes of the header, and of the footer, which is like it.
const FOOTER: usize = 32;
/// Bytes of an ID3v1 tag, which may stand behind.
const ID3V1: usize = 128;

/// Reads the APEv2 tag at the end of these bytes; `None` if there is none.
pub(super) fn at_end(bytes: &[u8]) -> Option<Result<Tags>> {
    let bytes = match bytes.len().checked_sub(ID3V1) {
        Some(at) if bytes[at..].starts_with(b"TAG") => &bytes[..at],
        _ => bytes,
    };
    let (rest, footer) = bytes.split_at_checked(bytes.len().checked_sub(FOOTER)?)?;
    footer.starts_with(b"APETAGEX").then(|| parse(rest, footer))
}

fn parse(before: &[u8], footer: &[u8]) -> Result<Tags> {
    let (size, count) = (le(&footer[12..16]) as usize, le(&footer[16..20]));
    // The size counts the footer.
    let start = size.checked_sub(FOOTER).and_then(|size| before.len().checked_sub(size));
    let start = start.ok_or_else(|| {
        let left = before.len() + FOOTER;
        Error::malformed(format!("the APE tag has {size} bytes; the file ends after {left}"))
    })?;
    let mut items = Reading::new(&before[start..]);
    let mut tags = Tags::new();
    for _ in 0..count.min(MAX_COMMENTS as u64) {
        let length = items.u32_le("the length of an item of the APE tag")?;
        let flags = items.u32_le("the flags of an item of the APE tag")?;
        let end = items.rest().iter().position(|&byte| byte == 0);
        let end = end.ok_or_else(|| Error::malformed("an item of the APE tag has no name"))?;
        let key = text(items.take(end, "the name of an item of the APE tag")?)?;
        items.take(1, "the end of a name")?;
        let value = items.take(length as usize, "an item of the APE tag")?;
        match flags >> 1 & 3 {
            0 => read_text(&key, value, &mut tags)?,
            1 => tags.pictures.extend(read_picture(&key, value)?),
            _ => {}
        }
    }
    Ok(tags)
}

/// Most bytes of a name.
const MAX_KEY: usize = 255;

fn read_text(key: &str, value: &[u8], tags: &mut Tags) -> Result<()> {
    if key.len() > MAX_KEY {
        return Ok(());
    }
    let lower = key.to_ascii_lowercase();
    for value in value.split(|&byte| byte == 0).take(MAX_COMMENTS) {
        let value = text(value)?;
        match lower.as_str() {
            "track" => tags.put_numbered("TRACKNUMBER", "TRACKTOTAL", &value),
            "disc" | "media" => tags.put_numbered("DISCNUMBER", "DISCTOTAL", &value),
            "year" => tags.put("DATE", &value),
            "album artist" => tags.put("ALBUMARTIST", &value),
            "publisher" => tags.put("LABEL", &value),
            _ => tags.put(key, &value),
        }
    }
    Ok(())
}

/// A picture, which has its file's name in front.
fn read_picture(key: &str, value: &[u8]) -> Result<Option<Picture>> {
    let key = key.to_ascii_lowercase();
    let Some(shows) = key.strip_prefix("cover art (") else { return Ok(None) };
    let Some(end) = value.iter().position(|&byte| byte == 0) else { return Ok(None) };
    let mut picture = Picture::new(memory::copied(&value[end + 1..])?);
    picture.description = text(&value[..end])?;
    picture.kind = match shows {
        "front)" => Picture::FRONT_COVER,
        "back)" => Picture::FRONT_COVER + 1,
        _ => 0,
    };
    Ok(Some(picture))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, flags: u32, value: &[u8]) -> Vec<u8> {
        let length = (value.len() as u32).to_le_bytes();
        [&length[..], &flags.to_le_bytes(), key.as_bytes(), &[0], value].concat()
    }

    fn tag(items: &[Vec<u8>]) -> Vec<u8> {
        let mut footer = b"APETAGEX\xD0\x07\0\0".to_vec();
        let size = items.concat().len() + FOOTER;
        footer.extend((size as u32).to_le_bytes());
        footer.extend((items.len() as u32).to_le_bytes());
        footer.resize(FOOTER, 0);
        [items.concat(), footer].concat()
    }

    #[test]
    fn items_are_found() {
        let items = [
            item("Title", 0, "Träume".as_bytes()),
            item("ARTIST", 0, b"a\0b"),
            item("Track", 0, b"4/9"),
            item("Year", 0, b"1980"),
            item("Cover Art (Front)", 2, b"cover.gif\0GIF89a\x01\0\x02\0\0"),
            item("Link", 4, b"http://example.org"),
        ];
        let mut file = [&b"audio before"[..], &tag(&items)].concat();
        let tags = at_end(&file).unwrap().unwrap();
        let comments = ["TITLE", "ARTIST", "ARTIST", "TRACKNUMBER", "TRACKTOTAL", "DATE"];
        assert!(tags.comments.iter().map(|(field, _)| field).eq(comments.iter()));
        assert_eq!(tags.pictures[0].mime, "image/gif");
        assert_eq!((tags.pictures[0].height, tags.pictures[0].kind), (2, 3));
        file.extend(b"TAG");
        file.resize(file.len() + 125, b' ');
        assert_eq!(at_end(&file).unwrap().unwrap(), tags);
        assert!(at_end(b"none").is_none() && at_end(&[0; 500]).is_none());
    }

    #[test]
    fn hostile_tags() {
        let good = tag(&[item("Title", 0, b"x"), item("Cover Art (Front)", 2, b"y")]);
        for at in 0..good.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = at_end(&bad);
                let _ = at_end(&bad[at..]);
            }
        }
        let mut long = good.clone();
        let at = long.len() - FOOTER + 12;
        long[at..at + 4].fill(0xFF);
        let error = at_end(&long).unwrap().unwrap_err();
        assert!(error.to_string().contains("has 4294967295 bytes"), "{error}");
    }
}

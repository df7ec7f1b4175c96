//! The metadata blocks of FLAC, which tags are stored as.

use super::reading::{Reading, be, text};
use super::{MAX_COMMENTS, Picture, Tags};
use crate::container::MAX_TAGS;
use crate::error::{Error, Result};
use crate::memory;

const PADDING: u8 = 1;
const APPLICATION: u8 = 2;
const VORBIS_COMMENT: u8 = 4;
const CUESHEET: u8 = 5;
const PICTURE: u8 = 6;
/// Set in the header of the last block.
const LAST: u8 = 0x80;

/// Bytes before the data of a block.
pub(crate) const BLOCK_HEADER: usize = 4;
/// Most blocks of a run.
const MAX_BLOCKS: usize = 1 << 16;
/// Most blocks of a run that hold comments or padding.
const MOST_OTHERS: usize = 8;
/// Most bytes of a block's data.
const MAX_BLOCK: usize = (1 << 24) - 1;

/// Reads the run of blocks that tags are stored as.
pub(crate) fn parse(run: &[u8]) -> Result<Tags> {
    let mut tags = Tags::new();
    let mut number = 0;
    let rest = each_block(run, |kind, data| {
        match kind {
            VORBIS_COMMENT if number == 0 => read_comments(data, &mut tags)?,
            VORBIS_COMMENT => {
                let message = format!("metadata block {number} has comments; the first block has");
                return Err(Error::malformed(message));
            }
            CUESHEET => tags.cue_sheets.push(memory::copied(data)?),
            PICTURE => tags.pictures.push(read_picture(data)?),
            APPLICATION => tags.applications.push(memory::copied(data)?),
            PADDING => {}
            kind => {
                return Err(Error::malformed(format!(
                    "metadata block {number} has the type {kind}; 1, 2, 4, 5 and 6 are allowed"
                )));
            }
        }
        number += 1;
        Ok(())
    })?;
    match rest.len() {
        0 => Ok(tags),
        more => Err(Error::malformed(format!("{more} bytes follow the last metadata block"))),
    }
}

/// Finds the tags in the metadata blocks of a FLAC file, which begin behind its marker.
pub(super) fn of_file(blocks: &[u8]) -> Result<Tags> {
    let mut tags = Tags::new();
    let mut commented = false;
    each_block(blocks, |kind, data| {
        match kind {
            VORBIS_COMMENT if !commented => {
                read_comments(data, &mut tags)?;
                commented = true;
            }
            CUESHEET => tags.cue_sheets.push(memory::copied(data)?),
            PICTURE => tags.pictures.push(read_picture(data)?),
            APPLICATION => tags.applications.push(memory::copied(data)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(tags)
}

/// Passes type and data of each block to `take`. Returns the bytes behind the last block.
fn each_block(bytes: &[u8], mut take: impl FnMut(u8, &[u8]) -> Result<()>) -> Result<&[u8]> {
    let mut reading = Reading::new(bytes);
    for number in 0.. {
        if number == MAX_BLOCKS {
            return Err(Error::malformed(format!(
                "there are more than {MAX_BLOCKS} metadata blocks, the most allowed"
            )));
        }
        let name = format!("metadata block {number}");
        let header = reading.take(BLOCK_HEADER, &format!("the header of {name}"))?;
        let data = reading.take(be(&header[1..]) as usize, &name)?;
        take(header[0] & !LAST, data)?;
        if header[0] & LAST != 0 {
            break;
        }
    }
    Ok(reading.rest())
}

fn read_comments(data: &[u8], tags: &mut Tags) -> Result<()> {
    let mut reading = Reading::new(data);
    let length = reading.u32_le("the length of the vendor")?;
    tags.vendor = text(reading.take(length as usize, "the vendor")?)?;
    let count = reading.u32_le("the number of comments")?;
    if count as usize > MAX_COMMENTS {
        return Err(Error::malformed(format!(
            "there are {count} comments; at most {MAX_COMMENTS} are allowed"
        )));
    }
    for number in 0..count {
        let length = reading.u32_le("the length of a comment")?;
        let comment = reading.take(length as usize, &format!("comment {number}"))?;
        match std::str::from_utf8(comment).ok().and_then(|comment| comment.split_once('=')) {
            Some((field, value)) => {
                let value = text(value.as_bytes())?;
                tags.comments.push((field.into(), value));
            }
            None => tags.other_comments.push(memory::copied(comment)?),
        }
    }
    Ok(())
}

fn read_picture(data: &[u8]) -> Result<Picture> {
    let mut reading = Reading::new(data);
    let kind = reading.u32_be("the kind of a picture")?;
    let length = reading.u32_be("the length of a picture's media type")?;
    let mime = text(reading.take(length as usize, "the media type of a picture")?)?;
    let length = reading.u32_be("the length of a picture's description")?;
    let description = text(reading.take(length as usize, "the description of a picture")?)?;
    let mut number = || reading.u32_be("the size of a picture");
    let (width, height, depth, colors) = (number()?, number()?, number()?, number()?);
    let length = reading.u32_be("the length of a picture")?;
    let data = memory::copied(reading.take(length as usize, "a picture")?)?;
    Ok(Picture { kind, mime, description, width, height, depth, colors, data })
}

/// The bytes that these tags take without padding.
pub(crate) fn run_length(tags: &Tags) -> Result<usize> {
    Ok(write_run(tags, 0)?.len())
}

/// Writes tags as a run of blocks, with padding that has room for `padding` bytes.
pub(crate) fn write_padded(tags: &Tags, padding: u32) -> Result<Vec<u8>> {
    write_run(tags, if padding == 0 { 0 } else { BLOCK_HEADER.saturating_add(padding as usize) })
}

/// Writes tags as a run of blocks, with padding of `space` bytes behind them: none, or at least
/// the four of a block's header.
pub(crate) fn write_run(tags: &Tags, mut space: usize) -> Result<Vec<u8>> {
    let mut run = Run::default();
    let blocks = tags.cue_sheets.len() + tags.applications.len() + tags.pictures.len();
    if blocks > MAX_BLOCKS - MOST_OTHERS {
        return Err(Error::argument(format!(
            "there are {blocks} pictures and other blocks; at most {} are allowed",
            MAX_BLOCKS - MOST_OTHERS
        )));
    }
    run.block(VORBIS_COMMENT, "the comments", |out| write_comments(tags, out))?;
    for sheet in &tags.cue_sheets {
        run.block(CUESHEET, "a cue sheet", |out| memory::append(out, sheet))?;
    }
    for application in &tags.applications {
        run.block(APPLICATION, "the data of an application", |out| {
            memory::append(out, application)
        })?;
    }
    for picture in &tags.pictures {
        run.block(PICTURE, "a picture", |out| write_picture(picture, out))?;
    }
    check_length(run.bytes.len().saturating_add(space))?;
    while space >= BLOCK_HEADER {
        let mut now = space.min(BLOCK_HEADER + MAX_BLOCK);
        if (1..BLOCK_HEADER).contains(&(space - now)) {
            now -= BLOCK_HEADER;
        }
        run.block(PADDING, "padding", |out| {
            memory::reserve(out, now - BLOCK_HEADER)?;
            out.resize(out.len() + now - BLOCK_HEADER, 0);
            Ok(())
        })?;
        space -= now;
    }
    let Run { mut bytes, last } = run;
    bytes[last] |= LAST;
    Ok(bytes)
}

fn check_length(length: usize) -> Result<()> {
    if length <= MAX_TAGS {
        return Ok(());
    }
    Err(Error::argument(format!("the tags take {length} bytes; at most {MAX_TAGS} are allowed")))
}

/// Blocks that were written.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    /// Where the last of them begins.
    last: usize,
}

impl Run {
    fn block(
        &mut self,
        kind: u8,
        name: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        self.last = self.bytes.len();
        memory::append(&mut self.bytes, &[kind, 0, 0, 0])?;
        write(&mut self.bytes)?;
        let length = self.bytes.len() - self.last - BLOCK_HEADER;
        if length > MAX_BLOCK {
            return Err(Error::argument(format!(
                "{name} takes {length} bytes; a metadata block has at most {MAX_BLOCK}"
            )));
        }
        let header = &mut self.bytes[self.last..self.last + BLOCK_HEADER];
        header[1..].copy_from_slice(&(length as u32).to_be_bytes()[1..]);
        Ok(())
    }
}

fn write_comments(tags: &Tags, out: &mut Vec<u8>) -> Result<()> {
    let count = tags.comments.len() + tags.other_comments.len();
    if count > MAX_COMMENTS {
        return Err(Error::argument(format!(
            "there are {count} comments; at most {MAX_COMMENTS} are allowed"
        )));
    }
    let put = |out: &mut Vec<u8>, parts: &[&[u8]]| {
        memory::append(out, &length_of(parts)?.to_le_bytes())?;
        parts.iter().try_for_each(|part| memory::append(out, part))
    };
    put(out, &[tags.vendor.as_bytes()])?;
    memory::append(out, &(count as u32).to_le_bytes())?;
    for (field, value) in &tags.comments {
        if field.contains('=') {
            return Err(Error::argument(format!("the name of the field \"{field}\" has a =")));
        }
        put(out, &[field.as_bytes(), b"=", value.as_bytes()])?;
    }
    tags.other_comments.iter().try_for_each(|comment| put(out, &[comment]))
}

fn write_picture(picture: &Picture, out: &mut Vec<u8>) -> Result<()> {
    let put = |out: &mut Vec<u8>, bytes: &[u8]| {
        memory::append(out, &length_of(&[bytes])?.to_be_bytes())?;
        memory::append(out, bytes)
    };
    memory::append(out, &picture.kind.to_be_bytes())?;
    put(out, picture.mime.as_bytes())?;
    put(out, picture.description.as_bytes())?;
    for number in [picture.width, picture.height, picture.depth, picture.colors] {
        memory::append(out, &number.to_be_bytes())?;
    }
    put(out, &picture.data)
}

/// The sum of the lengths of these parts. One that does not fit is refused with its block.
fn length_of(parts: &[&[u8]]) -> Result<u32> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    u32::try_from(length).map_err(|_| {
        Error::argument(format!(
            "a part of the tags takes {length} bytes; a metadata block has at most {MAX_BLOCK}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rich() -> Tags {
        let mut tags = Tags::new();
        tags.add("TITLE", "Träume = dreams").unwrap();
        tags.add("EMPTY", "").unwrap();
        tags.other_comments = vec![b"\xFF\xFE".to_vec(), b"no sign".to_vec()];
        tags.cue_sheets = vec![vec![7; 30]];
        tags.applications = vec![b"riff1234".to_vec()];
        let mut picture = Picture::new(vec![1, 2, 3]);
        picture.description = "\u{1F3B5}".into();
        tags.pictures = vec![picture.clone(), picture];
        tags
    }

    #[test]
    fn tags_come_back() {
        for tags in [Tags::new(), rich()] {
            for space in [0, 4, 5, 100] {
                let run = write_run(&tags, space).unwrap();
                assert_eq!(run.len(), run_length(&tags).unwrap() + space);
                assert_eq!(parse(&run).unwrap(), tags);
            }
        }
    }

    #[test]
    fn padding_of_any_length() {
        let tags = Tags::new();
        for space in [MAX_BLOCK + 4, MAX_BLOCK + 5, MAX_BLOCK + 8, 2 * MAX_BLOCK + 9] {
            let run = write_run(&tags, space).unwrap();
            assert_eq!(run.len(), run_length(&tags).unwrap() + space);
            assert_eq!(parse(&run).unwrap(), tags);
        }
    }

    #[test]
    fn damaged_runs_are_errors() {
        let run = write_run(&rich(), 10).unwrap();
        for length in 0..run.len() {
            let error = parse(&run[..length]).unwrap_err();
            assert!(error.to_string().contains("bytes are left for it"), "{error}");
        }
        let mut longer = run.clone();
        longer.push(0);
        let error = parse(&longer).unwrap_err();
        assert_eq!(error.to_string(), "malformed: 1 bytes follow the last metadata block");
        for at in 0..run.len() {
            for bit in 0..8 {
                let mut other = run.clone();
                other[at] ^= 1 << bit;
                let _ = parse(&other);
                let _ = of_file(&other);
            }
        }
        let many = [1, 0, 0, 0].repeat(MAX_BLOCKS + 1);
        let error = parse(&many).unwrap_err();
        assert!(error.to_string().contains("more than 65536 metadata blocks"), "{error}");
        let error = parse(&[0x80 | 3, 0, 0, 0]).unwrap_err();
        assert!(error.to_string().contains("has the type 3; 1, 2, 4, 5 and 6"), "{error}");
        let twice = [&[4, 0, 0, 8][..], &[0; 8], &[0x84, 0, 0, 8], &[0; 8]].concat();
        assert!(parse(&twice).unwrap_err().to_string().contains("metadata block 1 has comments"));
        // A file may have them anywhere, and twice.
        assert!(of_file(&twice).unwrap().is_empty());
    }

    #[test]
    fn tags_that_are_too_large_are_refused() {
        let mut tags = Tags::new();
        tags.pictures.push(Picture::new(vec![0; MAX_BLOCK]));
        let error = write_run(&tags, 0).unwrap_err();
        assert!(error.to_string().starts_with("a picture takes 16777247 bytes"), "{error}");
        tags.pictures = vec![Picture::new(vec![0; MAX_BLOCK - 100]); 4];
        let error = write_run(&tags, 4096).unwrap_err();
        assert!(error.to_string().starts_with("the tags take 671"), "{error}");
        tags.pictures.clear();
        assert!(write_padded(&tags, u32::MAX).is_err());
        tags.comments = vec![("A=".into(), "b".into())];
        assert!(write_run(&tags, 0).is_err());
        tags.comments = vec![("A".into(), "b".into()); MAX_COMMENTS + 1];
        assert!(write_run(&tags, 0).unwrap_err().to_string().contains("65537 comments"));
    }
}

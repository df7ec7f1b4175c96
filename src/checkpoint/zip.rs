//! Zip archives: torch's and numpy's files are such.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::file::Source;
use super::inflate::Deflated;
use super::stored::Place;
use crate::error::{Error, Result};

/// An archive's list of members.
#[derive(Debug)]
pub(super) struct Archive {
    source: Arc<Source>,
    members: BTreeMap<String, Member>,
}

/// A member as the list has it.
#[derive(Debug)]
struct Member {
    method: u16,
    /// Bytes in the file.
    stored: u64,
    /// Bytes that they stand for.
    length: u64,
    /// Where the member's own header is.
    header: u64,
    /// Where the next member or the list begins: no two members share a byte, so that all
    /// of them together stand for no more than the file can.
    end: u64,
}

/// What the end of the archive says of its list.
struct End {
    offset: u64,
    length: u64,
}

/// A list of a million members has fewer bytes.
const MOST_LIST: u64 = 128 << 20;

const END: [u8; 4] = *b"PK\x05\x06";
const END_64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LISTED: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";

impl Archive {
    /// Reads the list of the archive at `path`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let source = Arc::new(Source::open(path)?);
        let End { offset, length } = end(&source)?;
        if length > MOST_LIST {
            return Err(source.error(format!("a list of {length} bytes is no list of members")));
        }
        let list = source.read(offset, length)?;
        let mut members = BTreeMap::new();
        let mut places = vec![offset];
        let mut rest = list.as_slice();
        while !rest.is_empty() {
            let (name, member) = next(&mut rest)
                .ok_or_else(|| source.error("the list of the archive's members is damaged"))?;
            places.push(member.header);
            if let Some(name) = name.filter(|name| !name.ends_with('/')) {
                if members.contains_key(&name) {
                    return Err(source.error(format!("the member {name} is there twice")));
                }
                members.insert(name, member);
            }
        }
        places.sort_unstable();
        if places.windows(2).any(|two| two[0] == two[1]) {
            return Err(source.error("two of the archive's members begin at one place"));
        }
        for member in members.values_mut() {
            let behind = places.partition_point(|&place| place <= member.header);
            member.end = places.get(behind).copied().unwrap_or(offset);
        }
        Ok(Archive { source, members })
    }

    /// Names of all members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The file.
    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Where the bytes of a member are.
    pub(super) fn place(&self, name: &str) -> Result<Place> {
        let member = self
            .members
            .get(name)
            .ok_or_else(|| self.source.error(format!("the member {name} is missing")))?;
        let header = self.source.read(member.header, 30)?;
        if header[..4] != LOCAL {
            return Err(self.source.error(format!("the member {name} has no header")));
        }
        let around = u64::from(number_16(&header, 26)) + u64::from(number_16(&header, 28));
        let start = member.header + 30 + around;
        let end = start.checked_add(member.stored).filter(|&end| end <= member.end);
        let Some(end) = end else {
            return Err(self.source.error(format!("the member {name} reaches into what follows")));
        };
        match member.method {
            0 if member.stored != member.length => {
                Err(self.source.error(format!("the member {name} has two lengths")))
            }
            0 => Ok(Place::Plain(start..end)),
            8 => Ok(Place::Deflated(
                Deflated::new(&self.source, start, member.stored, member.length)?,
                0,
            )),
            other => Err(self.source.error(format!(
                "the member {name} is compressed by method {other}: only deflate is supported"
            ))),
        }
    }

    /// The bytes of a member, where they are no more than `most`.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>> {
        let place = self.place(name)?;
        let length = place.length();
        if length > most {
            return Err(self.error(format!("the member {name} has {length} bytes, over {most}")));
        }
        self.beginning(&place, length)
    }

    /// The first bytes of a member, `most` at most.
    pub(super) fn start(&self, name: &str, most: u64) -> Result<Vec<u8>> {
        let place = self.place(name)?;
        self.beginning(&place, place.length().min(most))
    }

    /// So many bytes from the beginning of a place.
    fn beginning(&self, place: &Place, length: u64) -> Result<Vec<u8>> {
        match place {
            Place::Plain(bytes) => self.source.read(bytes.start, length),
            Place::Deflated(deflated, skip) => {
                let length = usize::try_from(length).map_err(|_| self.error("is too large"))?;
                deflated.read(&self.source, *skip, length)
            }
        }
    }

    /// An error of the archive.
    pub(super) fn error(&self, what: impl std::fmt::Display) -> Error {
        self.source.error(what)
    }
}

/// Finds the end of an archive: a record behind which there is only its own comment.
fn end(source: &Source) -> Result<End> {
    let none = || source.error("is no zip archive, or is cut off");
    let window = source.length().min(22 + u64::from(u16::MAX));
    let first = source.length() - window;
    let tail = source.read(first, window)?;
    let at = (0..=tail.len().saturating_sub(22))
        .rev()
        .find(|&at| {
            tail[at..].starts_with(&END)
                && tail.len() >= at + 22
                && usize::from(number_16(&tail, at + 20)) == tail.len() - at - 22
        })
        .ok_or_else(none)?;
    let record = &tail[at..];
    let place = first + at as u64;
    let locator = match place.checked_sub(20) {
        Some(before) => source.read(before, 20)?,
        None => Vec::new(),
    };
    if locator.starts_with(&END_64_LOCATOR) {
        let record = source.read(number_64(&locator, 8), 56)?;
        if !record.starts_with(&END_64) {
            return Err(source.error("the end of the archive is damaged"));
        }
        return Ok(End { length: number_64(&record, 40), offset: number_64(&record, 48) });
    }
    Ok(End { length: number_32(record, 12).into(), offset: number_32(record, 16).into() })
}

/// Takes the next member off the list; its name is `None` where it is no text.
fn next(list: &mut &[u8]) -> Option<(Option<String>, Member)> {
    let (fixed, rest) = list.split_at_checked(46)?;
    // Encrypted members have the first flag.
    if !fixed.starts_with(&LISTED) || number_16(fixed, 8) & 1 != 0 {
        return None;
    }
    let (name, rest) = rest.split_at_checked(number_16(fixed, 28).into())?;
    let (extra, rest) = rest.split_at_checked(number_16(fixed, 30).into())?;
    let (_comment, rest) = rest.split_at_checked(number_16(fixed, 32).into())?;
    *list = rest;
    let mut large = large_numbers(extra);
    let mut number = |at: usize| match number_32(fixed, at) {
        u32::MAX => {
            let (bytes, rest) = large.split_at_checked(8)?;
            large = rest;
            Some(number_64(bytes, 0))
        }
        small => Some(small.into()),
    };
    let (length, stored, header) = (number(24)?, number(20)?, number(42)?);
    let member = Member { method: number_16(fixed, 10), stored, length, header, end: header };
    Some((String::from_utf8(name.to_vec()).ok(), member))
}

/// The numbers of a member that do not fit 32 bits.
fn large_numbers(mut extra: &[u8]) -> &[u8] {
    while let Some((start, rest)) = extra.split_at_checked(4) {
        let length = usize::from(number_16(start, 2)).min(rest.len());
        if number_16(start, 0) == 1 {
            return &rest[..length];
        }
        extra = &rest[length..];
    }
    &[]
}

/// Numbers at a place that the caller knows to be there.
fn number_16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn number_32(bytes: &[u8], at: usize) -> u32 {
    u32::from(number_16(bytes, at)) | u32::from(number_16(bytes, at + 2)) << 16
}

fn number_64(bytes: &[u8], at: usize) -> u64 {
    u64::from(number_32(bytes, at)) | u64::from(number_32(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use lmac_support::zip::{Form, archive};

    use super::*;

    fn open(bytes: &[u8]) -> Result<Archive> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        std::fs::write(&path, bytes).unwrap();
        Archive::open(&path)
    }

    #[test]
    fn little_is_inflated_of_a_bomb() {
        let zeros = vec![0; 16 << 20];
        let form = Form { deflated: true, ..Form::default() };
        let mut bytes = archive(&[("bomb".into(), zeros)], form);
        assert!(bytes.len() < 32 << 10);
        let archive = open(&bytes).unwrap();
        assert_eq!(archive.start("bomb", 1 << 16).unwrap(), vec![0; 1 << 16]);
        assert_eq!(archive.read("bomb", 16 << 20).unwrap().len(), 16 << 20);
        assert!(archive.read("bomb", (16 << 20) - 1).is_err());
        // One bit of the length: more than a member of this size can hold.
        let list = bytes.windows(4).rposition(|four| four == LISTED).unwrap();
        bytes[list + 27] |= 0x80;
        let error = open(&bytes).unwrap().start("bomb", 10).unwrap_err().to_string();
        assert!(error.contains("cannot be inflated"), "{error}");
    }

    #[test]
    fn members_share_no_byte() {
        let members = ["a", "b"].map(|name| (name.to_owned(), vec![7; 100]));
        for deflated in [false, true] {
            let bytes = archive(&members, Form { deflated, ..Form::default() });
            let good = open(&bytes).unwrap();
            assert_eq!(good.read("a", 100).unwrap(), good.read("b", 100).unwrap());
            let mut lists = bytes.windows(4).enumerate().filter(|(_, four)| *four == LISTED);
            let (first, second) = (lists.next().unwrap().0, lists.next().unwrap().0);
            let mut same = bytes.clone();
            same[second + 42..second + 46].fill(0);
            let error = open(&same).unwrap_err().to_string();
            assert!(error.contains("begin at one place"), "{error}");
            for entry in [first, second] {
                let mut longer = bytes.clone();
                longer[entry + 20] += 1;
                longer[entry + 24] += 1;
                let longer = open(&longer).unwrap();
                let name = if entry == first { "a" } else { "b" };
                let error = longer.read(name, 200).unwrap_err().to_string();
                assert!(error.contains("reaches into what follows"), "{error}");
            }
        }
    }
}

//! Zip archives, which torch and numpy write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use byteorder::{ByteOrder, LE};

use super::file::CheckpointFile;
use super::inflate::Deflated;
use super::stored::Location;
use crate::error::{Error, Result};

/// An archive, with the list of its members.
#[derive(Debug)]
pub(crate) struct Archive {
    file: Arc<CheckpointFile>,
    members: BTreeMap<String, Member>,
}

/// A member's entry in the list.
#[derive(Debug)]
struct Member {
    method: u16,
    /// The number of bytes in the file.
    stored: u64,
    /// The number of bytes when inflated.
    length: u64,
    /// The offset of the member's own header.
    header: u64,
    /// The offset of the next member or of the list. No two members share a byte, so their
    /// lengths together are bounded by the size of the file.
    end: u64,
}

/// The location of the list, from the end record of the archive.
struct List {
    offset: u64,
    length: u64,
}

/// The most bytes of a list. A list of a million members has fewer.
const MOST_LIST: u64 = 128 << 20;

const END: [u8; 4] = *b"PK\x05\x06";
const END_64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LISTED: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";

impl Archive {
    /// Reads the list of the archive at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = Arc::new(CheckpointFile::open(path)?);
        let List { offset, length } = list(&file)?;
        if length > MOST_LIST {
            return Err(file.error(format!(
                "the list of members has {length} bytes; at most {MOST_LIST} are supported"
            )));
        }
        let list = file.read(offset, length)?;
        let mut members = BTreeMap::new();
        let mut offsets = vec![offset];
        let mut rest = list.as_slice();
        while !rest.is_empty() {
            let (name, member) = next(&mut rest)
                .ok_or_else(|| file.error("the list of the archive's members is damaged"))?;
            offsets.push(member.header);
            if let Some(name) = name.filter(|name| !name.ends_with('/')) {
                if members.contains_key(&name) {
                    return Err(file.error(format!("there are two members of the name {name}")));
                }
                members.insert(name, member);
            }
        }
        offsets.sort_unstable();
        if offsets.windows(2).any(|two| two[0] == two[1]) {
            return Err(file.error("two members begin at the same offset"));
        }
        for member in members.values_mut() {
            let behind = offsets.partition_point(|&other| other <= member.header);
            member.end = offsets.get(behind).copied().unwrap_or(offset);
        }
        Ok(Archive { file, members })
    }

    /// The names of all members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The file.
    pub(crate) fn file(&self) -> &Arc<CheckpointFile> {
        &self.file
    }

    /// The location of a member's bytes.
    pub(crate) fn location(&self, name: &str) -> Result<Location> {
        let member = self
            .members
            .get(name)
            .ok_or_else(|| self.file.error(format!("the member {name} is missing")))?;
        let header = self.file.read(member.header, 30)?;
        if header[..4] != LOCAL {
            return Err(self.file.error(format!("the header of the member {name} is damaged")));
        }
        let around =
            u64::from(LE::read_u16(&header[26..])) + u64::from(LE::read_u16(&header[28..]));
        let start = member.header + 30 + around;
        let end = start.checked_add(member.stored).filter(|&end| end <= member.end);
        let Some(end) = end else {
            return Err(self.file.error(format!("the member {name} overlaps the next one")));
        };
        match member.method {
            0 if member.stored != member.length => Err(self.file.error(format!(
                "the member {name} is not compressed, but has {} bytes in the file and {} inflated",
                member.stored, member.length
            ))),
            0 => Ok(Location::Plain(start..end)),
            8 => Ok(Location::Deflated(
                Deflated::new(&self.file, start, member.stored, member.length)?,
                0,
            )),
            other => Err(self.file.error(format!(
                "the member {name} is compressed with method {other}; only 8 (deflate) is supported"
            ))),
        }
    }

    /// Reads a member, which may have at most `most` bytes.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>> {
        let location = self.location(name)?;
        let length = location.length();
        if length > most {
            return Err(self.error(format!(
                "the member {name} has {length} bytes; at most {most} are supported"
            )));
        }
        self.beginning(&location, length)
    }

    /// Reads the first bytes of a member, at most `most`.
    pub(crate) fn start(&self, name: &str, most: u64) -> Result<Vec<u8>> {
        let location = self.location(name)?;
        self.beginning(&location, location.length().min(most))
    }

    /// Reads `length` bytes at a location.
    fn beginning(&self, location: &Location, length: u64) -> Result<Vec<u8>> {
        match location {
            Location::Plain(bytes) => self.file.read(bytes.start, length),
            Location::Deflated(deflated, skip) => {
                deflated.read(&self.file, *skip, usize::try_from(length).unwrap_or(usize::MAX))
            }
        }
    }

    /// An error in the archive.
    pub(crate) fn error(&self, what: impl std::fmt::Display) -> Error {
        self.file.error(what)
    }
}

/// Finds the list of members by the end record: only that record's comment follows it.
fn list(file: &CheckpointFile) -> Result<List> {
    let none = || file.error("not a zip archive, or cut off: it has no end record");
    let window = file.length().min(22 + u64::from(u16::MAX));
    let first = file.length() - window;
    let tail = file.read(first, window)?;
    let at = (0..=tail.len().saturating_sub(22))
        .rev()
        .find(|&at| {
            tail[at..].starts_with(&END)
                && tail.len() >= at + 22
                && usize::from(LE::read_u16(&tail[at + 20..])) == tail.len() - at - 22
        })
        .ok_or_else(none)?;
    let record = &tail[at..];
    let end = first + at as u64;
    let locator = match end.checked_sub(20) {
        Some(before) => file.read(before, 20)?,
        None => Vec::new(),
    };
    if locator.starts_with(&END_64_LOCATOR) {
        let record = file.read(LE::read_u64(&locator[8..]), 56)?;
        if !record.starts_with(&END_64) {
            return Err(file.error("the end record of the archive is damaged"));
        }
        return Ok(List {
            length: LE::read_u64(&record[40..]),
            offset: LE::read_u64(&record[48..]),
        });
    }
    Ok(List {
        length: LE::read_u32(&record[12..]).into(),
        offset: LE::read_u32(&record[16..]).into(),
    })
}

/// Takes the next member off the list; its name is `None` if it is not UTF-8.
fn next(list: &mut &[u8]) -> Option<(Option<String>, Member)> {
    let (fixed, rest) = list.split_at_checked(46)?;
    // Encrypted members have the first flag.
    if !fixed.starts_with(&LISTED) || LE::read_u16(&fixed[8..]) & 1 != 0 {
        return None;
    }
    let (name, rest) = rest.split_at_checked(LE::read_u16(&fixed[28..]).into())?;
    let (extra, rest) = rest.split_at_checked(LE::read_u16(&fixed[30..]).into())?;
    let (_comment, rest) = rest.split_at_checked(LE::read_u16(&fixed[32..]).into())?;
    *list = rest;
    let mut large = large_numbers(extra);
    let mut number = |at: usize| match LE::read_u32(&fixed[at..]) {
        u32::MAX => {
            let (bytes, rest) = large.split_at_checked(8)?;
            large = rest;
            Some(LE::read_u64(bytes))
        }
        small => Some(small.into()),
    };
    let (length, stored, header) = (number(24)?, number(20)?, number(42)?);
    let member = Member { method: LE::read_u16(&fixed[10..]), stored, length, header, end: header };
    Some((String::from_utf8(name.to_vec()).ok(), member))
}

/// The numbers of a member that do not fit in 32 bits, from its extra fields.
fn large_numbers(mut extra: &[u8]) -> &[u8] {
    while let Some((start, rest)) = extra.split_at_checked(4) {
        let length = usize::from(LE::read_u16(&start[2..])).min(rest.len());
        if LE::read_u16(start) == 1 {
            return &rest[..length];
        }
        extra = &rest[length..];
    }
    &[]
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
    fn a_bomb_is_inflated_only_as_far_as_it_is_read() {
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
    fn members_that_share_bytes_are_refused() {
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
            assert!(error.contains("begin at the same offset"), "{error}");
            for entry in [first, second] {
                let mut longer = bytes.clone();
                longer[entry + 20] += 1;
                longer[entry + 24] += 1;
                let longer = open(&longer).unwrap();
                let name = if entry == first { "a" } else { "b" };
                let error = longer.read(name, 200).unwrap_err().to_string();
                assert!(error.contains("overlaps the next one"), "{error}");
            }
        }
    }
}

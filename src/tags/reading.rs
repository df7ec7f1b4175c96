//! Fields and texts in the bytes of tags.

use crate::error::{Error, Result};
use crate::memory;

/// Reads fields from the front of a slice.
pub(super) struct Reading<'a> {
    bytes: &'a [u8],
}

impl<'a> Reading<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reading { bytes }
    }

    /// The bytes that are left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Takes bytes; `None` if there are not as many.
    pub(super) fn try_take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    /// Takes bytes of the thing that `of` names.
    pub(super) fn take(&mut self, length: usize, of: &str) -> Result<&'a [u8]> {
        let left = self.bytes.len();
        self.try_take(length).ok_or_else(|| {
            Error::malformed(format!("{of} has {length} bytes; only {left} bytes are left for it"))
        })
    }

    pub(super) fn u32_le(&mut self, of: &str) -> Result<u32> {
        let bytes = self.take(4, of)?;
        Ok(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)))
    }

    pub(super) fn u32_be(&mut self, of: &str) -> Result<u32> {
        self.take(4, of).map(be)
    }
}

/// A big-endian number of at most four bytes.
pub(super) fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

/// A little-endian number of at most eight bytes.
pub(super) fn le(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A text in UTF-8, or in Windows-1252 if it is not UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<String> {
    match String::from_utf8(memory::copied(bytes)?) {
        Ok(text) => Ok(text),
        Err(error) => latin(error.as_bytes()),
    }
}

/// A text in Windows-1252, which is Latin-1 with more characters.
pub(super) fn latin(bytes: &[u8]) -> Result<String> {
    collected(bytes.iter().map(|&byte| match byte {
        0x80..=0x9F => WINDOWS[usize::from(byte & 0x1F)],
        _ => char::from(byte),
    }))
}

/// A text in UTF-16, big-endian or not.
pub(super) fn utf16(bytes: &[u8], big_endian: bool) -> Result<String> {
    let units = bytes.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    });
    collected(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)))
}

fn collected(characters: impl Iterator<Item = char>) -> Result<String> {
    let mut bytes = Vec::new();
    for character in characters {
        memory::append(&mut bytes, character.encode_utf8(&mut [0; 4]).as_bytes())?;
    }
    // It is made of whole characters.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// The characters of Windows-1252 from 0x80 to 0x9F.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

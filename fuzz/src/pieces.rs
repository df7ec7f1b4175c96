//! A reader that hands out pieces.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that come in pieces of these lengths, over and over; a length of zero is an
/// interruption.
#[derive(Debug)]
pub struct Pieces<'a> {
    bytes: &'a [u8],
    position: u64,
    lengths: &'a [u8],
    next: usize,
}

impl<'a> Pieces<'a> {
    /// Creates a reader of `bytes`.
    pub fn new(bytes: &'a [u8], lengths: &'a [u8]) -> Self {
        Pieces { bytes, position: 0, lengths, next: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(self.position).unwrap_or(usize::MAX).min(self.bytes.len());
        let rest = &self.bytes[start..];
        let length = match self.lengths {
            [] => rest.len(),
            lengths => {
                let length = usize::from(lengths[self.next % lengths.len()]);
                self.next += 1;
                // Interruptions end, even if all lengths are zero.
                if length == 0 && !self.next.is_multiple_of(lengths.len() + 1) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                // One byte to thousands.
                (length * length / 8).max(1)
            }
        };
        let length = length.min(rest.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => (self.bytes.len() as u64).checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

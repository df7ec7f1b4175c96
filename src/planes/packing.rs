//! Packed bits, eight to a byte, and the kinds of planes.

use crate::error::{Error, Result};
use crate::memory::Growing;

/// The kind of a plane: how its bits are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaneKind {
    Zeros,
    Ones,
    Packed,
    Modelled,
}

impl PlaneKind {
    /// Returns the kind's letter in listings.
    pub(crate) fn letter(self) -> char {
        ['0', '1', 'p', 'm'][self as usize]
    }
}

const KINDS: [PlaneKind; 4] =
    [PlaneKind::Zeros, PlaneKind::Ones, PlaneKind::Packed, PlaneKind::Modelled];

/// Writes kinds, four to a byte, with plane 0 in the lowest bits.
pub(crate) fn write_kinds(kinds: &[PlaneKind]) -> impl Iterator<Item = u8> {
    kinds.chunks(4).map(|four| four.iter().rev().fold(0, |byte, &kind| byte << 2 | kind as u8))
}

/// Reads the kinds of this number of planes.
pub(crate) fn read_kinds(bytes: &[u8], planes: usize) -> Result<Vec<PlaneKind>> {
    let all = bytes
        .iter()
        .flat_map(|byte| (0..4).map(move |at| KINDS[usize::from(byte >> (2 * at) & 3)]));
    let kinds: Vec<_> = all.collect();
    if let Some(at) = kinds[planes..].iter().position(|&kind| kind != PlaneKind::Zeros) {
        return Err(Error::malformed(format!(
            "plane {} has a kind, but samples have {planes} planes",
            planes + at
        )));
    }
    Ok(kinds[..planes].to_vec())
}

/// Writes bits, the first one into the highest bit of a byte.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Growing,
    /// Bits that do not fill a byte yet, from the highest down.
    held: u64,
    count: u32,
}

impl BitWriter {
    #[inline(always)]
    pub(crate) fn push(&mut self, bit: bool) {
        self.push_bits(u64::from(bit), 1);
    }

    /// Writes the lowest `count` bits, at most 56, highest first.
    #[inline(always)]
    pub(crate) fn push_bits(&mut self, bits: u64, count: u32) {
        if count == 0 {
            return;
        }
        self.held |= bits << (64 - count) >> self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.extend(&[(self.held >> 56) as u8]);
            self.held <<= 8;
            self.count -= 8;
        }
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        if self.count > 0 {
            self.bytes.extend(&[(self.held >> 56) as u8]);
        }
        self.bytes.finish()
    }
}

/// Reads the bits of a [`BitWriter`], and zeros after their end.
pub(crate) struct BitReader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    held: u64,
    count: u32,
}

/// A reader that was put aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SuspendedBits {
    held: u64,
    count: u32,
    /// Bytes that are left.
    left: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes: bytes.iter(), held: 0, count: 0 }
    }

    /// Puts the reader aside, to let its bytes go.
    pub(crate) fn suspend(&self) -> SuspendedBits {
        SuspendedBits { held: self.held, count: self.count, left: self.bytes.len() }
    }

    /// Goes on with the same bytes.
    pub(crate) fn resume(bytes: &'a [u8], state: SuspendedBits) -> Self {
        let SuspendedBits { held, count, left } = state;
        let rest = &bytes[bytes.len().saturating_sub(left)..];
        BitReader { bytes: rest.iter(), held, count }
    }

    #[inline(always)]
    pub(crate) fn take(&mut self) -> bool {
        self.take_bits(1) != 0
    }

    /// Reads the next bits, at most 56.
    #[inline(always)]
    pub(crate) fn take_bits(&mut self, count: u32) -> u64 {
        if count == 0 {
            return 0;
        }
        while self.count < count {
            let byte = self.bytes.next().copied().unwrap_or(0);
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        let bits = self.held >> (64 - count);
        self.held <<= count;
        self.count -= count;
        bits
    }

    /// Tells whether all bytes are read, and the rest of the last byte is zero.
    pub(crate) fn is_done(&self) -> bool {
        self.held == 0 && self.bytes.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back() {
        for length in 0..40 {
            let bits: Vec<bool> = (0..length).map(|at| at * 7 % 5 < 2).collect();
            let mut writer = BitWriter::default();
            bits.iter().for_each(|&bit| writer.push(bit));
            let bytes = writer.finish().unwrap();
            assert_eq!(bytes.len(), bits.len().div_ceil(8));
            let mut reader = BitReader::new(&bytes);
            assert_eq!(bits.iter().map(|_| reader.take()).collect::<Vec<_>>(), bits);
            assert!(reader.is_done());

            let mut writer = BitWriter::default();
            let parts = [(0x1_2345_6789, 37), (0, 0), (5, 3), (0xFF_FFFF_FFFF_FFFF, 56), (1, 1)];
            parts.iter().for_each(|&(bits, count)| writer.push_bits(bits, count));
            let bytes = writer.finish().unwrap();
            let mut reader = BitReader::new(&bytes);
            for (bits, count) in parts {
                assert_eq!(reader.take_bits(count), bits);
            }
            assert!(reader.is_done());
        }
    }

    #[test]
    fn kinds_come_back() {
        let kinds = [KINDS[3], KINDS[0], KINDS[2], KINDS[1], KINDS[3]];
        for planes in 1..=5 {
            let bytes: Vec<u8> = write_kinds(&kinds[..planes]).collect();
            assert_eq!(bytes.len(), planes.div_ceil(4));
            assert_eq!(read_kinds(&bytes, planes).unwrap(), kinds[..planes]);
        }
        assert!(read_kinds(&[0b0100_0000], 3).is_err());
    }
}

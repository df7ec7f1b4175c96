//! Integers and checksums: the fields of everything else.

use byteorder::{ByteOrder, LittleEndian};
use crc32fast::Hasher;

use crate::error::{Error, ErrorKind, Result};

/// Reads fields from the front of a slice. Running out of bytes is
/// [`ErrorKind::Truncated`]: the caller may know of more.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Fields { bytes, position: 0 }
    }

    /// Bytes taken so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.position..];
        if rest.len() < length {
            return Err(Error::new(ErrorKind::Truncated));
        }
        self.position += length;
        Ok(&rest[..length])
    }

    /// Takes bytes behind their number, a varint.
    pub(crate) fn counted(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.varint()?);
        self.take(length.unwrap_or(usize::MAX))
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(LittleEndian::read_u32(self.take(4)?))
    }

    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.u8()?;
            let group = u64::from(byte & 0x7F);
            if shift == 63 && group > 1 {
                break;
            }
            value |= group << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(Error::malformed("a number is longer than necessary"));
                }
                return Ok(value);
            }
        }
        Err(Error::malformed("a number does not fit in 64 bits"))
    }
}

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The seed that makes the checksums of each stream its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(pub(crate) u32);

impl StreamId {
    /// The seeded CRC of these parts, one after the other.
    pub(crate) fn crc(self, parts: &[&[u8]]) -> u32 {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize()
    }

    /// Begins a seeded CRC of bytes that come in parts.
    pub(crate) fn hasher(self) -> Hasher {
        let mut hasher = Hasher::new();
        hasher.update(&self.0.to_le_bytes());
        hasher
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back() {
        for value in (0..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit]).chain([u64::MAX]) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let mut fields = Fields::new(&bytes);
            assert_eq!(fields.varint().unwrap(), value);
            assert_eq!(fields.position(), bytes.len());
        }
    }

    #[test]
    fn bad_varints_are_refused() {
        for bytes in [
            &[0x80, 0x00][..],
            &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
            &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x00],
        ] {
            let error = Fields::new(bytes).varint().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Malformed(_)), "{error}");
        }
        let error = Fields::new(&[0x80]).varint().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Truncated));
    }
}

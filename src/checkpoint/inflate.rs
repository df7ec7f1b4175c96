//! Deflated parts of files.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::file::Source;
use crate::error::Result;

/// Deflate cannot make bytes fewer than this many times.
const MOST_RATIO: u64 = 1032;

/// Bytes that are read, or inflated, at once.
const PIECE: usize = 1 << 16;

/// Deflated bytes in a file.
#[derive(Debug, Clone)]
pub(super) struct Deflated {
    offset: u64,
    length: u64,
    /// Bytes that they hold: no more than deflated ones of this length can.
    inflated: u64,
}

impl Deflated {
    /// So many deflated bytes at `offset`, which stand for `inflated` ones.
    pub(super) fn new(source: &Source, offset: u64, length: u64, inflated: u64) -> Result<Self> {
        if offset.checked_add(length).is_none_or(|end| end > source.length()) {
            return Err(source.error("is cut off in a compressed part"));
        }
        if inflated > length.saturating_mul(MOST_RATIO) {
            return Err(source.error(format!("{length} bytes cannot be inflated to {inflated}")));
        }
        Ok(Deflated { offset, length, inflated })
    }

    /// Bytes that they hold.
    pub(super) fn inflated(&self) -> u64 {
        self.inflated
    }

    /// So many of the bytes that they hold, behind the first `skip`. Those before are not
    /// kept, and those behind not even inflated: a few bytes can stand for a thousand times
    /// as many.
    pub(super) fn read(&self, source: &Source, mut skip: usize, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|error| source.error(error))?;
        let mut state = InflateState::new_boxed(DataFormat::Raw);
        let mut piece = vec![0; PIECE];
        let (mut deflated, mut used) = (Vec::new(), 0);
        let (mut at, end) = (self.offset, self.offset + self.length);
        while bytes.len() < length {
            if used == deflated.len() {
                let next = (end - at).min(PIECE as u64);
                deflated = source.read(at, next)?;
                (at, used) = (at + next, 0);
            }
            let step = inflate(&mut state, &deflated[used..], &mut piece, MZFlush::None);
            used += step.bytes_consumed;
            let made = &piece[..step.bytes_written];
            let (passed, wanted) = made.split_at(skip.min(made.len()));
            skip -= passed.len();
            bytes.extend_from_slice(&wanted[..wanted.len().min(length - bytes.len())]);
            match step.status {
                _ if bytes.len() == length => {}
                Ok(MZStatus::Ok) if step.bytes_consumed + step.bytes_written > 0 => {}
                Ok(_) => return Err(source.error("a compressed part is shorter than it says")),
                Err(_) => return Err(source.error("a compressed part is damaged")),
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of bytes as they are.
    fn block(bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len() as u16;
        [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
    }

    #[test]
    fn no_more_is_inflated_than_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deflated");
        let content: Vec<u8> = (0..4 * 65535u32).map(|at| (at % 251) as u8).collect();
        // Behind the blocks there is one of a kind that does not exist.
        let mut bytes: Vec<u8> = content.chunks(65535).flat_map(block).collect();
        bytes.push(0b110);
        std::fs::write(&path, &bytes).unwrap();
        let source = Source::open(&path).unwrap();
        let length = bytes.len() as u64;
        assert!(Deflated::new(&source, 1, length, 1).is_err());
        assert!(Deflated::new(&source, 0, length, length * 1033).is_err());
        let deflated = Deflated::new(&source, 0, length, length * 1000).unwrap();
        for (skip, length) in [(0, 0), (0, 1), (0, 1 << 16), (65530, 10), (100_000, 100_000)] {
            let read = deflated.read(&source, skip, length).unwrap();
            assert!(read == content[skip..skip + length], "{length} at {skip}");
        }
        assert!(deflated.read(&source, 0, content.len() + 1).is_err());
        assert!(deflated.read(&source, content.len(), 1).is_err());
        // Without that block, they end too early.
        let deflated = Deflated::new(&source, 0, length - 1, length).unwrap();
        assert!(deflated.read(&source, 0, content.len()).unwrap() == content);
        assert!(deflated.read(&source, 0, content.len() + 1).is_err());
    }
}

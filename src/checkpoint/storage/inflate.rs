//! Deflated ranges of files.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::file::CheckpointFile;
use crate::error::Result;

/// The largest factor by which deflate can shrink data.
const MOST_RATIO: u64 = 1032;

/// The number of bytes that are read or inflated at once.
const PIECE: usize = 1 << 16;

/// A range of deflated bytes in a file.
#[derive(Debug, Clone)]
pub(crate) struct Deflated {
    offset: u64,
    length: u64,
    /// The number of inflated bytes, at most `MOST_RATIO` times `length`.
    inflated: u64,
}

impl Deflated {
    /// The `length` bytes at `offset`, which become `inflated` bytes.
    pub(crate) fn new(
        file: &CheckpointFile,
        offset: u64,
        length: u64,
        inflated: u64,
    ) -> Result<Self> {
        if offset.checked_add(length).is_none_or(|end| end > file.length()) {
            return Err(file.error(format!(
                "the file is cut off: {length} compressed bytes at offset {offset} reach beyond its \
                 end at {}",
                file.length()
            )));
        }
        if inflated > length.saturating_mul(MOST_RATIO) {
            return Err(file.error(format!(
                "{length} compressed bytes cannot be inflated to {inflated} bytes"
            )));
        }
        Ok(Deflated { offset, length, inflated })
    }

    /// The number of inflated bytes.
    pub(crate) fn inflated(&self) -> u64 {
        self.inflated
    }

    /// Reads `length` inflated bytes behind the first `skip`.
    ///
    /// Bytes before are not kept and bytes behind are not inflated, because a small range can
    /// inflate to a thousand times its size.
    pub(crate) fn read(
        &self,
        file: &CheckpointFile,
        mut skip: usize,
        length: usize,
    ) -> Result<Vec<u8>> {
        let mut bytes = file.room(length)?;
        let mut state = InflateState::new_boxed(DataFormat::Raw);
        let mut piece = vec![0; PIECE];
        let (mut deflated, mut used) = (Vec::new(), 0);
        let (mut at, end) = (self.offset, self.offset + self.length);
        while bytes.len() < length {
            if used == deflated.len() {
                let next = (end - at).min(PIECE as u64);
                deflated = file.read(at, next)?;
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
                Ok(_) => return Err(file.error("compressed bytes end too early")),
                Err(_) => return Err(file.error("compressed bytes are damaged")),
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block without compression.
    fn block(bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len() as u16;
        [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
    }

    #[test]
    fn only_the_bytes_asked_for_are_inflated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deflated");
        let content: Vec<u8> = (0..4 * 65535u32).map(|at| (at % 251) as u8).collect();
        // The last block has an invalid type.
        let mut bytes: Vec<u8> = content.chunks(65535).flat_map(block).collect();
        bytes.push(0b110);
        std::fs::write(&path, &bytes).unwrap();
        let file = CheckpointFile::open(&path).unwrap();
        let length = bytes.len() as u64;
        assert!(Deflated::new(&file, 1, length, 1).is_err());
        assert!(Deflated::new(&file, 0, length, length * 1033).is_err());
        let deflated = Deflated::new(&file, 0, length, length * 1000).unwrap();
        for (skip, length) in [(0, 0), (0, 1), (0, 1 << 16), (65530, 10), (100_000, 100_000)] {
            let read = deflated.read(&file, skip, length).unwrap();
            assert!(read == content[skip..skip + length], "{length} at {skip}");
        }
        assert!(deflated.read(&file, 0, content.len() + 1).is_err());
        assert!(deflated.read(&file, content.len(), 1).is_err());
        // Without that block, the data ends too early.
        let deflated = Deflated::new(&file, 0, length - 1, length).unwrap();
        assert!(deflated.read(&file, 0, content.len()).unwrap() == content);
        assert!(deflated.read(&file, 0, content.len() + 1).is_err());
    }
}

//! Deflated parts of files.

use super::file::Source;
use crate::error::Result;

/// Deflate cannot make bytes fewer than this many times.
const MOST_RATIO: u64 = 1032;

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

    /// What they hold.
    pub(super) fn inflate(&self, source: &Source) -> Result<Vec<u8>> {
        let deflated = source.read(self.offset, self.length)?;
        let most = usize::try_from(self.inflated).unwrap_or(usize::MAX);
        let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, most)
            .map_err(|error| source.error(format!("a compressed part is damaged: {error}")))?;
        if bytes.len() != most {
            return Err(source.error("a compressed part is shorter than it says"));
        }
        Ok(bytes)
    }
}

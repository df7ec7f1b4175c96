//! JSON files of a checkpoint.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::file::Source;
use crate::error::Result;

/// A configuration has a few kilobytes, and the index of a thousand layers a megabyte.
const MOST_BYTES: u64 = 16 << 20;

/// Reads the JSON file at `path`.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let source = Source::open(path)?;
    let bytes = source.read_whole(MOST_BYTES)?;
    serde_json::from_slice(&bytes).map_err(|error| source.error(error))
}

//! JSON files.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::file::{in_file, read_whole};
use crate::error::Result;

/// The most bytes of a file. The index of a thousand layers has a megabyte.
const MOST_BYTES: u64 = 16 << 20;

/// Reads the JSON file at `path`.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    in_file(path, serde_json::from_slice(&read_whole(path, MOST_BYTES)?))
}

//! What the tests of lmac share: signals, random numbers, streams put together by hand, the
//! test vectors, tiny language models with their files, and an allocator that counts.
//!
//! Unit tests of the library use this crate too, but only its functions without types of the
//! library: this crate is built with another instance of the library than the one under test.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

pub mod bytes;
pub mod flac;
pub mod memory;
#[cfg(feature = "language")]
pub mod models;
pub mod parts;
#[cfg(feature = "program")]
pub mod program;
mod random;
mod signals;
pub mod tokenizers;
pub mod vector_models;
pub mod vectors;
pub mod zip;

use std::path::{Path, PathBuf};

pub use random::{Random, mixed};
pub use signals::{Signal, pcm, recording, stream};

/// Returns the path of a file or folder of this repository.
pub fn path(below_root: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(below_root)
}

//! The tables of `spec/security.md`, row by row: what a hostile stream or file can ask for,
//! and what memory it gets for that. Nothing of the code is taken at its word: an allocator
//! counts.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::duplicate_mod, reason = "the writers of checkpoints bring tokenizers along")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/memory.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
mod memory;

#[cfg(feature = "checkpoints")]
#[path = "../common/checkpoints/mod.rs"]
mod checkpoint_files;

mod blocks;
#[cfg(feature = "checkpoints")]
mod checkpoints;
mod chunks;
mod header;
mod hostile;
#[cfg(feature = "language")]
mod language;
mod presets;
mod recovery;
mod trailer;
mod wav;

//! The tables of `spec/security.md`, row by row: what a hostile stream or file can ask for,
//! and what memory it gets for that. Nothing of the code is taken at its word: an allocator
//! counts.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod blocks;
mod chunks;
mod header;
mod hostile;
#[cfg(feature = "checkpoints")]
mod models;
mod presets;
mod recovery;
mod trailer;
mod wav;

use lmac_support::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

//! The tables of `spec/security.md`, row by row: what a hostile stream or file asks for, and
//! the memory that it gets, as an allocator counts it.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod blocks;
mod chunks;
mod flac;
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

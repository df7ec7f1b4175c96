//! FLAC files: to audio and the decisions of their encoder, and back to the same bytes.
//!
//! `read.rs` takes frames apart and `write.rs` puts them together (`frame.rs` says what they are
//! made of). `decisions.rs` codes what a frame holds beside its samples, with what `analysis.rs`
//! finds in the samples and `partitions.rs` in a residual; `coder.rs` has its symbols, and
//! `blocks.rs` puts them into the blocks of a stream and uses them. `encode.rs` turns a file into
//! a stream. `compress.rs` makes FLAC files of other audio.

mod analysis;
mod bits;
mod blocks;
mod coder;
mod compress;
mod decisions;
mod encode;
mod frame;
mod partitions;
mod read;
mod write;

pub(super) use blocks::{BlockHead, Restorer};
pub(super) use compress::Compressor;
pub(super) use encode::{Plan, encode};

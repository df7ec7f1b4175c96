//! What the fuzz targets share: audio and choices of any kind, damage to streams, readers
//! that hand out pieces, and checkpoints of which one file is not what it was.
//!
//! A target in `fuzz_targets/` says what is held against what; here is where its input comes
//! from.

pub mod audio;
pub mod checkpoints;
pub mod damage;
pub mod models;
pub mod pieces;
pub mod settings;
pub mod streams;
pub mod wav;

pub use lmac_support::bytes;

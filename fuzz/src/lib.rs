//! What the fuzz targets share: arbitrary audio and options, damage to streams, readers that
//! hand out pieces, and checkpoints with one file changed.
//!
//! A target in `fuzz_targets/` has the promise that it checks; its input comes from here.

pub mod audio;
pub mod capi;
pub mod checkpoints;
pub mod damage;
pub mod flac;
pub mod models;
pub mod pieces;
pub mod settings;
pub mod streams;
pub mod wav;

pub use lmac_support::bytes;

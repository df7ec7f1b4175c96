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

#[path = "../../tests/common/bytes.rs"]
#[allow(missing_debug_implementations, reason = "tests print no streams")]
pub mod bytes;
#[path = "../../tests/common/checkpoints/mod.rs"]
pub mod written;

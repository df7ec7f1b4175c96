//! FLAC files come back byte for byte, and hostile decisions do no harm.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod broken;
mod hostile;
mod round_trip;
mod subject;
mod written;

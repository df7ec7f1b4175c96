//! Damage is noticed, named and contained.
//!
//! Every `cargo test` tries some of each kind of damage. All of it, which is every byte and
//! every bit of the vectors, every byte of the recording and thousands of random damages, takes
//! minutes and prints a table:
//!
//! ```sh
//! cargo test --release -p lmac --features checkpoints --test damage -- --ignored --nocapture
//! ```
//!
//! `LMAC_DAMAGE_WAVS` names WAV files to try as well, separated as in `PATH`, and
//! `LMAC_DAMAGE_ROUNDS` how often each kind of damage is tried on each stream.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod damaged;
mod laws;
mod small;
mod subject;
mod table;

mod headers;
mod hostile;
#[cfg(feature = "language")]
mod language;
mod noticed;
mod recovered;
mod spliced;
mod tried;

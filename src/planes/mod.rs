//! Samples as characters and planes, the bytes that a model sees.
//!
//! The upper seven bits of each byte of a value are a character, and the lowest bit belongs to
//! a plane.

mod layout;
mod packing;

pub use layout::Mapping;
pub(crate) use layout::{Layout, fold, unfold, wasted_bits};
pub(crate) use packing::{BitReader, BitWriter, PlaneKind, SuspendedBits, read_kinds, write_kinds};

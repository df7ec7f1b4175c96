//! Samples as characters and planes: how a value becomes the bytes that a model sees.
//!
//! Of each byte of a sample, the upper seven bits are a character and the lowest bit
//! belongs to a plane; both together are the byte, whatever its value.

mod layout;
mod packing;

pub use layout::Mapping;
pub(crate) use layout::{Layout, fold, unfold, wasted_bits};
pub(crate) use packing::{BitReader, BitWriter, PlaneKind, read_kinds, write_kinds};

//! The methods that code a chunk.
//!
//! A method turns the PCM of one whole chunk into a payload and back: slices in, bytes out.
//! `chunk_codec.rs` calls them. `preset.rs` says which of them a preset takes, `model.rs` is
//! the seam to the language method, which is compiled with the feature `language` alone.

pub(crate) mod adaptive;
pub(crate) mod constant;
pub(crate) mod identity;
#[cfg(feature = "language")]
pub(crate) mod language;
pub(crate) mod light;
pub(crate) mod model;
pub(crate) mod preset;
pub(crate) mod reading;
pub(crate) mod verify;

/// The method that a chunk is coded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// The PCM is kept as it is.
    Stored,
    /// All frames are equal; one of them is kept.
    Constant,
    /// A fixed predictor and adaptive bits.
    Light,
    /// The embedded model, which learns while it codes.
    Adaptive,
    /// A language model, which both sides must have.
    Language,
}

impl Method {
    /// All methods, in the order of their codes in a stream.
    pub const ALL: &[Method] =
        &[Method::Stored, Method::Constant, Method::Light, Method::Adaptive, Method::Language];

    /// Returns the method's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Method::Stored => "stored",
            Method::Constant => "constant",
            Method::Light => "light",
            Method::Adaptive => "adaptive",
            Method::Language => "language",
        }
    }
}

/// The sizes of a payload's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sections {
    /// Bytes of arithmetic-coded tokens.
    pub token_bytes: u64,
    /// Bytes of packed planes, or of other bits that are kept without a model.
    pub plane_bytes: u64,
    /// A letter for each plane, from the highest byte down: `0` or `1` for a constant plane,
    /// `p` for a packed one, `m` for a modelled one. Empty if the method has no planes.
    pub planes: String,
}

//! The methods that a chunk can be coded with.
//!
//! A method turns the PCM of one whole chunk into a payload and back: slices in, bytes
//! out. What happens in between, sample by sample or in a batch, is its own affair.

pub(crate) mod adaptive;
pub(crate) mod constant;
pub(crate) mod identity;
#[cfg(feature = "language")]
pub(crate) mod language;
#[cfg(not(feature = "language"))]
#[path = "no_language.rs"]
pub(crate) mod language;
pub(crate) mod light;

use crate::audio::AudioSpec;
use crate::planes::Mapping;

/// Audio of a chunk, for a language model.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "language"), allow(dead_code, reason = "nobody codes it then"))]
pub(crate) struct Piece<'a> {
    pub(crate) pcm: &'a [u8],
    /// Where it stands in its stream.
    pub(crate) first_frame: u64,
    pub(crate) spec: &'a AudioSpec,
    /// Lowest bits that are zero in all samples.
    pub(crate) wasted: u8,
    pub(crate) mapping: Mapping,
}

/// How a chunk is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// As it is.
    Stored,
    /// Every frame is the same.
    Constant,
    /// A fixed prediction and adaptive bits.
    Light,
    /// The embedded model, which learns while it codes.
    Adaptive,
    /// A language model, which comes from elsewhere.
    Language,
}

impl Method {
    /// The method's name in messages and on the command line.
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

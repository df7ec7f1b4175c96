//! The methods that a chunk can be coded with.
//!
//! A method turns the PCM of one whole chunk into a payload and back: slices in, bytes
//! out. What happens in between, sample by sample or in a batch, is its own affair.

pub(crate) mod adaptive;
#[cfg(feature = "checkpoints")]
pub(crate) mod checkpoint;
pub(crate) mod constant;
pub(crate) mod identity;
#[cfg(feature = "language")]
pub(crate) mod language;
#[cfg(not(feature = "language"))]
#[path = "no_language.rs"]
pub(crate) mod language;
pub(crate) mod light;

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

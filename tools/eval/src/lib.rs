//! How well language models and other codecs compress audio, honestly counted.
//!
//! [`Contestant`]s compress [`Clip`]s, in chunks or whole. Every rate is bytes that were
//! really made over bytes of PCM that really went in, and what does not come back the same
//! is a failure and in no average.

mod audio;
mod contestant;
mod results;

pub use audio::Clip;
pub use contestant::{
    Account, Arrangement, Check, Codec, Contestant, Headers, Interrupt, Job, Outcome, Stage,
    Weights,
};
pub use results::{ClipFacts, Entry, Measured, Results, Taken};

/// What can go wrong, for people.
pub type Result<T> = std::result::Result<T, Error>;

/// A message that names what failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Error(message.into())
    }

    /// The same, with what it is about before it.
    pub fn about(self, what: impl std::fmt::Display) -> Self {
        Error(format!("{what}: {}", self.0))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

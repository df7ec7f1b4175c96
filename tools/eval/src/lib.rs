//! How well language models and other codecs compress audio, honestly counted.
//!
//! [`Contestant`]s compress [`Clip`]s, in chunks or whole. Every rate is bytes that were
//! really made over bytes of PCM that really went in, and what does not come back the same
//! is a failure and in no average.

pub mod baselines;
pub mod report;

mod audio;
mod by_chunks;
mod contestant;
mod dataset;
mod journal;
mod memory;
mod models;
mod presets;
mod results;
mod run;
mod streams;
#[cfg(test)]
mod testing;

pub use audio::{Clip, chunk_frames};
pub use baselines::remove_temporary_folders;
pub use by_chunks::ByChunks;
pub use contestant::{
    Account, Arrangement, Check, Codec, Contestant, Headers, Interrupt, Job, Outcome, Stage,
    Weights,
};
pub use dataset::{Dataset, Selection};
pub use journal::Journal;
pub use models::{Model, ModelOptions, Rate};
pub use presets::LmacPreset;
pub use results::{ClipFacts, Entry, Measured, Results, Taken};
pub use run::{Observer, Plan, Progress, run};

/// What can go wrong, for people.
pub type Result<T> = std::result::Result<T, Error>;

/// A message that names what failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    interrupted: bool,
}

impl Error {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Error { message: message.into(), interrupted: false }
    }

    /// What [`Interrupt`] ended. It is nobody's failure.
    pub fn interrupted() -> Self {
        Error { message: "it was interrupted".into(), interrupted: true }
    }

    /// Whether nothing went wrong but an [`Interrupt`].
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// The same, with what it is about before it.
    pub fn about(self, what: impl std::fmt::Display) -> Self {
        Error { message: format!("{what}: {}", self.message), ..self }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for lmac_cli::failure::Failure {
    fn from(error: Error) -> Self {
        lmac_cli::failure::Failure::Here(error.to_string())
    }
}

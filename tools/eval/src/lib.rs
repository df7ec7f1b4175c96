//! Measures how well language models and other codecs compress audio.
//!
//! [`Contestant`]s compress [`Clip`]s: in chunks, whole, or as files. Every rate is compressed
//! bytes over the bytes that went in. A clip that does not decode to the same bytes is a
//! failure and in no average.

pub mod baselines;
pub mod pictures;
pub mod report;

mod audio;
mod by_chunks;
mod contestant;
mod dataset;
mod external;
mod files;
mod journal;
mod memory;
mod models;
mod plan;
mod presets;
mod process;
mod results;
mod run;
mod streams;
mod temporary;
#[cfg(test)]
mod testing;
mod wav;

pub use audio::{Clip, chunk_frames};
pub use by_chunks::ByChunks;
pub use contestant::{
    Arrangement, BitAccount, Check, Codec, Contestant, Headers, Interrupt, Job, Outcome, Stage,
    Weights,
};
pub use dataset::{Dataset, Selection};
pub use external::External;
pub use external::known::{BASELINE, installed};
pub use files::{FileCodec, Peer, of_process};
pub use journal::Journal;
pub use models::{Model, ModelOptions, Rate};
pub use plan::Plan;
pub use presets::LmacPreset;
pub use results::{ClipFacts, Entry, Measured, Results, Setting, Skipped, Taken};
pub use run::{Observer, Progress, run};
pub use temporary::remove_temporary_folders;

/// The result of something that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A message for people that names the file or program that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Failed,
    /// A signal ended a program.
    Killed,
    Interrupted,
    Refused,
}

impl Error {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Error { message: message.into(), kind: Kind::Failed }
    }

    /// The end of work that an [`Interrupt`] stopped. It is not a failure.
    pub fn interrupted() -> Self {
        Error { message: "it was interrupted".into(), kind: Kind::Interrupted }
    }

    /// The same, said of audio that a contestant need not take. A program that a signal ended
    /// did not refuse anything.
    pub fn into_refusal(self) -> Self {
        match self.kind {
            Kind::Failed => Error { kind: Kind::Refused, ..self },
            _ => self,
        }
    }

    pub(crate) fn killed(self) -> Self {
        Error { kind: Kind::Killed, ..self }
    }

    /// Whether nothing went wrong but an [`Interrupt`].
    pub fn is_interrupted(&self) -> bool {
        self.kind == Kind::Interrupted
    }

    /// Whether a contestant does not take such audio.
    pub fn is_refusal(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Puts the thing that it is about before the message.
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

impl From<lmac::Error> for Error {
    fn from(error: lmac::Error) -> Self {
        said(error)
    }
}

/// The error of a library or the system.
fn said(cause: impl std::fmt::Display) -> Error {
    Error::new(cause.to_string())
}

impl From<Error> for lmac_cli::failure::Failure {
    fn from(error: Error) -> Self {
        lmac_cli::failure::Failure::Here(error.to_string())
    }
}

//! What can go wrong with one file, and what the program makes of it in the end.

use std::process::ExitCode;

use crate::interrupt::INTERRUPTED;

/// Why a file was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read standard output has gone. Nobody is left to complain to.
    BrokenPipe,
    /// About the file that is being worked on.
    Here(String),
    /// About another file.
    Elsewhere {
        /// Its name.
        file: String,
        message: String,
    },
}

impl Failure {
    pub(crate) fn elsewhere(file: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::Elsewhere { file: file.into(), message: message.into() }
    }
}

impl From<lmac::Error> for Failure {
    fn from(error: lmac::Error) -> Self {
        let remedy = match error.kind() {
            lmac::ErrorKind::Limit { .. } => "; --memory allows more",
            lmac::ErrorKind::NotWav(None) => {
                "; for raw PCM pass --raw, --rate, --channels and --bits"
            }
            lmac::ErrorKind::NotWav(Some(_)) => {
                "; convert it to WAV first, for instance with sox or ffmpeg"
            }
            lmac::ErrorKind::NotPcm(_) => {
                "; decode it to PCM first, for instance with sox or ffmpeg"
            }
            _ => "",
        };
        Failure::Here(format!("{error}{remedy}"))
    }
}

impl From<lmac_eval::Error> for Failure {
    fn from(error: lmac_eval::Error) -> Self {
        Failure::Here(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        lmac::Error::from(error).into()
    }
}

/// How it went, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Fine,
    /// A damaged file was read as far as possible.
    Recovered,
    Failed,
    /// A signal ended it early.
    Interrupted,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Fine => 0,
            Status::Failed => 1,
            Status::Recovered => 3,
            Status::Interrupted => INTERRUPTED,
        })
    }
}

//! Failures of one file, and the exit status of the program.

use std::process::ExitCode;

use crate::interrupt::INTERRUPTED;

/// The reason why a file failed.
#[derive(Debug)]
pub enum Failure {
    /// The reader of standard output closed the pipe. This is not reported.
    BrokenPipe,
    /// About the file that is being worked on.
    Here(String),
    /// About another file.
    Elsewhere {
        /// Its name.
        file: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Failure {
    /// A failure that is about this file.
    pub fn elsewhere(file: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::Elsewhere { file: file.into(), message: message.into() }
    }
}

/// A command line that cannot be carried out.
#[derive(Debug)]
pub(crate) struct Usage {
    /// The command.
    pub(crate) command: &'static str,
    /// What is wrong with its arguments.
    pub(crate) message: String,
}

impl Usage {
    pub(crate) fn new(command: &'static str, message: impl ToString) -> Self {
        Usage { command, message: message.to_string() }
    }
}

impl From<lmac::Error> for Failure {
    fn from(error: lmac::Error) -> Self {
        let remedy = match error.kind() {
            lmac::ErrorKind::Limit { .. } => "; --memory allows more",
            lmac::ErrorKind::OtherFormat(None) => {
                "; for raw PCM pass --raw, --rate, --channels and --bits"
            }
            lmac::ErrorKind::OtherFormat(Some(_)) => {
                "; convert it to WAV first, for instance with sox or ffmpeg"
            }
            lmac::ErrorKind::BrokenFlac(_) => "; --preset store keeps the file as it is",
            lmac::ErrorKind::NotPcm(_) => {
                "; decode it to PCM first, for instance with sox or ffmpeg"
            }
            _ => "",
        };
        Failure::Here(format!("{error}{remedy}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        lmac::Error::from(error).into()
    }
}

/// The result of a run, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All went well.
    Fine,
    /// A damaged file was read as far as possible.
    Recovered,
    /// Some file could not be done.
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

//! Errors.

use std::{fmt, io};

use symphonia::core::errors::Error as Reported;

/// The reason why a file cannot be imported.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No reader of this crate knows the file.
    Unknown,
    /// The audio is in a lossy coding, which this names.
    Lossy(&'static str),
    /// The audio is in a coding without a decoder here, which this names.
    NoDecoder(&'static str),
    /// The file is damaged, cut off or not supported.
    File(String),
    /// Reading failed.
    Io(io::Error),
}

impl Error {
    pub(crate) fn file(what: impl Into<String>) -> Self {
        Error::File(what.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unknown => f.write_str("not a file that can be imported"),
            Error::Lossy(coding) => write!(
                f,
                "this file holds {coding} audio, which is lossy: lmac takes lossless audio only"
            ),
            Error::NoDecoder(coding) => write!(
                f,
                "this file holds {coding} audio, which lmac cannot decode: convert it to WAV or \
                 FLAC first"
            ),
            Error::File(what) => f.write_str(what),
            Error::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The message is the message of the inner error.
            Error::Io(error) => error.source(),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Error::file("the file is cut off")
            }
            Err(error) => Error::Io(error),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}

impl From<Reported> for Error {
    fn from(error: Reported) -> Self {
        match error {
            Reported::IoError(error) => error.into(),
            Reported::DecodeError(what) => Error::File(format!(
                "the file is damaged or of a kind that cannot be read ({what})"
            )),
            Reported::Unsupported(what) => {
                Error::File(format!("the file cannot be read ({what}): convert it to WAV first"))
            }
            error => Error::File(format!("the file cannot be read ({error})")),
        }
    }
}

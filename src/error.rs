//! Errors, and the place in a stream that they belong to.

use std::{fmt, io};

use crate::method::identity::ModelId;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error, with the part of the stream that it belongs to.
///
/// It converts into [`io::Error`] and back without a loss, so that it passes through `Read`
/// and `Write`.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    place: Option<Place>,
}

/// The kind of an error.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The reader or writer failed.
    Io(io::Error),
    /// The bytes are not an `.lmac` stream.
    NotLmac,
    /// The stream needs a feature that this version does not have.
    Unsupported(String),
    /// The stream breaks a rule of the format.
    Malformed(String),
    /// A checksum does not match its bytes.
    Checksum(&'static str),
    /// The stream ends before its trailer.
    Truncated,
    /// Decoding would need more memory than [`Limits`](crate::Limits) allow.
    #[non_exhaustive]
    Limit {
        /// Bytes that decoding needs.
        needed: u64,
        /// Bytes that are allowed.
        allowed: u64,
    },
    /// An allocation failed.
    #[non_exhaustive]
    OutOfMemory {
        /// Bytes of the allocation.
        needed: u64,
    },
    /// The input is not an audio file that a stream can hold.
    Input(String),
    /// The input is a FLAC file that is too damaged to be taken apart.
    BrokenFlac(String),
    /// The input is a file in a format that is not read: its name, if it has a known one.
    OtherFormat(Option<String>),
    /// The input is a file with audio in another coding than PCM, which this names.
    NotPcm(String),
    /// The caller passed an argument that is not possible.
    Argument(String),
    /// A language model cannot be used.
    Model(String),
    /// The decoder does not have the language model that the stream needs.
    MissingModel(Box<ModelId>),
    /// A chunk did not decode to its audio. The encoder has written nothing of it.
    Verification,
    /// A worker thread panicked.
    Worker,
    /// An earlier call failed, and the stream cannot go on.
    AlreadyFailed,
}

/// The part of a stream that an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The header.
    Header,
    /// The chunk of this number, counted from 0.
    Chunk(u64),
    /// A block before or after this number of chunks.
    Block(u64),
    /// The trailer.
    Trailer,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Error(Box::new(Inner { kind, place: None }))
    }

    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed(what.into()))
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported(what.into()))
    }

    pub(crate) fn argument(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument(what.into()))
    }

    pub(crate) fn model(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Model(what.into()))
    }

    pub(crate) fn input(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input(what.into()))
    }

    /// Sets the place of the error, unless it has one.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Returns the part of the stream that the error belongs to, if there is one.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// Returns whether the stream's bytes are wrong, so that recovery may still find audio.
    pub fn is_damage(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::NotLmac
                | ErrorKind::Malformed(_)
                | ErrorKind::Unsupported(_)
                | ErrorKind::Checksum(_)
                | ErrorKind::Truncated
        )
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Header => f.write_str("header"),
            Place::Chunk(number) => write!(f, "chunk {number}"),
            Place::Block(0) => f.write_str("block before the first chunk"),
            Place::Block(chunks) => write!(f, "block after chunk {}", chunks - 1),
            Place::Trailer => f.write_str("trailer"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Io(error) => write!(f, "{error}"),
            ErrorKind::NotLmac => f.write_str("not an lmac stream"),
            ErrorKind::Unsupported(what) => {
                write!(f, "{what}: this file needs a newer version of lmac")
            }
            ErrorKind::Malformed(what) => write!(f, "malformed: {what}"),
            ErrorKind::Checksum(of) => write!(f, "checksum mismatch ({of})"),
            ErrorKind::Truncated => f.write_str("the stream is cut off here"),
            ErrorKind::Limit { needed, allowed } => {
                write!(f, "needs {needed} bytes of memory, more than the limit of {allowed}")
            }
            ErrorKind::OutOfMemory { needed } => {
                write!(f, "not enough memory for {needed} bytes")
            }
            ErrorKind::Input(what) | ErrorKind::Argument(what) | ErrorKind::Model(what) => {
                f.write_str(what)
            }
            ErrorKind::BrokenFlac(what) => write!(f, "this FLAC file is broken: {what}"),
            ErrorKind::OtherFormat(None) => f.write_str("not a known audio file"),
            ErrorKind::OtherFormat(Some(name)) => {
                write!(f, "this is {name}, a format that is not read")
            }
            ErrorKind::NotPcm(coding) => {
                write!(f, "the audio in this file is {coding}, not PCM")
            }
            ErrorKind::MissingModel(id) => {
                write!(f, "the stream needs the language model {id} with {}", id.precision.name())
            }
            ErrorKind::Verification => {
                f.write_str("does not decode to the audio it was made from; please report this")
            }
            ErrorKind::Worker => f.write_str("a worker thread died"),
            ErrorKind::AlreadyFailed => f.write_str("the stream failed before"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(f, "{place}: ")?;
        }
        self.kind().fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind() {
            // The message is the message of the inner error.
            ErrorKind::Io(error) => error.source(),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        error.downcast::<Error>().unwrap_or_else(|error| Error::new(ErrorKind::Io(error)))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.0.kind {
            ErrorKind::Io(inner) => return inner,
            ErrorKind::Truncated => io::ErrorKind::UnexpectedEof,
            ErrorKind::Argument(_) => io::ErrorKind::InvalidInput,
            ErrorKind::Limit { .. } | ErrorKind::OutOfMemory { .. } => io::ErrorKind::OutOfMemory,
            ErrorKind::Worker | ErrorKind::AlreadyFailed => io::ErrorKind::Other,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_to_io_error_and_back_loses_nothing() {
        let error = Error::malformed("x").at(Place::Chunk(812));
        let back = Error::from(io::Error::from(error));
        assert_eq!(back.place(), Some(Place::Chunk(812)));
        assert_eq!(back.to_string(), "chunk 812: malformed: x");

        let io = io::Error::new(io::ErrorKind::StorageFull, "full");
        let back = io::Error::from(Error::from(io));
        assert_eq!(back.kind(), io::ErrorKind::StorageFull);
        assert_eq!(back.to_string(), "full");
    }

    #[test]
    fn the_first_place_stays() {
        let error = Error::malformed("x").at(Place::Chunk(1)).at(Place::Trailer);
        assert_eq!(error.place(), Some(Place::Chunk(1)));
    }
}

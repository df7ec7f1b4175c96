//! lmac's errors as Symphonia's.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use lmac::ErrorKind;
use symphonia::core::errors::Error;

/// Sentences that are kept, which takes less than a megabyte. Errors of damage have a few kinds,
/// and the number of a chunk.
const MOST_SENTENCES: usize = 4096;

/// Returns the error of Symphonia that says the same.
pub(crate) fn symphonia_error(error: lmac::Error) -> Error {
    match error.kind() {
        // Symphonia has no error of its own for a stream that is cut off.
        ErrorKind::Io(_) | ErrorKind::Truncated => Error::IoError(io::Error::from(error)),
        ErrorKind::NotLmac
        | ErrorKind::Unsupported(_)
        | ErrorKind::Model(_)
        | ErrorKind::MissingModel(_) => Error::Unsupported(sentence(&error)),
        ErrorKind::Limit { .. } | ErrorKind::OutOfMemory { .. } => {
            Error::LimitError(sentence(&error))
        }
        _ => Error::DecodeError(sentence(&error)),
    }
}

/// Returns the sentence of an error, which is kept until the program ends: Symphonia's errors hold
/// no other text. Damaged files without end would fill the memory, so there is a limit.
fn sentence(error: &lmac::Error) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let text = error.to_string();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    if kept.len() == MOST_SENTENCES {
        return "the stream cannot be decoded";
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}

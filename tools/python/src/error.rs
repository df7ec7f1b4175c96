//! The library's errors as exceptions.

use std::io;

use lmac::ErrorKind;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyMemoryError, PyValueError};
use pyo3::prelude::*;

create_exception!(lmac, Error, PyException, "A stream, a file or audio that lmac cannot take.");
create_exception!(lmac, DamagedError, Error, "A stream whose bytes are wrong.");

/// Makes the exception of an error.
pub(crate) fn exception(error: lmac::Error) -> PyErr {
    let text = error.to_string();
    match error.kind() {
        // One that a file object in Python has raised comes back as it was.
        ErrorKind::Io(_) => PyErr::from(io::Error::from(error)),
        ErrorKind::Argument(_) => PyValueError::new_err(text),
        ErrorKind::OutOfMemory { .. } => PyMemoryError::new_err(text),
        _ if error.is_damage() => DamagedError::new_err(text),
        _ => Error::new_err(text),
    }
}

/// The exception of a reader or writer that was closed.
pub(crate) fn closed() -> PyErr {
    PyValueError::new_err("the file is closed")
}

//! Where streams come from: files, bytes, file objects.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;

use pyo3::exceptions::{PyIsADirectoryError, PyOSError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

/// An input that reads ahead, so that small reads call neither system nor Python.
pub(crate) type Input = io::BufReader<Source>;

/// Bytes that are read ahead.
const AHEAD: usize = 1 << 16;

/// A place that bytes come from.
#[derive(Debug)]
pub(crate) enum Source {
    File(File),
    Memory(Cursor<PyBackedBytes>),
    Object(Py<PyAny>),
}

/// Opens a path, bytes, or an object with `read` and `seek`. Tells whether it can seek.
pub(crate) fn open(source: &Bound<'_, PyAny>) -> PyResult<(Input, bool)> {
    let (source, seekable) = if let Ok(bytes) = source.cast::<PyBytes>() {
        (Source::Memory(Cursor::new(PyBackedBytes::from(bytes.clone()))), true)
    } else if source.is_instance_of::<PyString>() || source.hasattr("__fspath__")? {
        let path: PathBuf = source.extract()?;
        let file = source.py().detach(|| File::open(&path));
        let file = file.map_err(|error| named(&error, path.clone()))?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            let text = "Is a directory";
            return Err(PyIsADirectoryError::new_err((21, text, path.into_os_string())));
        }
        (Source::File(file), metadata.is_file())
    } else {
        let seekable = source.hasattr("seekable")? && source.call_method0("seekable")?.extract()?;
        let seekable = seekable || (!source.hasattr("seekable")? && source.hasattr("seek")?);
        (Source::Object(source.clone().unbind()), seekable)
    };
    Ok((io::BufReader::with_capacity(AHEAD, source), seekable))
}

/// Makes the exception of the system's error, with the name of the file.
fn named(error: &io::Error, path: PathBuf) -> PyErr {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let text = text.trim_end_matches(&format!(" (os error {code})")).to_owned();
            PyOSError::new_err((code, text, path.into_os_string()))
        }
        None => PyOSError::new_err(format!("{text}: {}", path.display())),
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::File(file) => file.read(buffer),
            Source::Memory(bytes) => bytes.read(buffer),
            Source::Object(object) => Python::attach(|py| {
                let bytes = object.bind(py).call_method1("read", (buffer.len(),))?;
                let bytes: PyBackedBytes = bytes.extract().map_err(PyErr::from)?;
                if bytes.len() > buffer.len() {
                    return Err(io::Error::other(format!(
                        "read({}) of the file object returned {} bytes",
                        buffer.len(),
                        bytes.len()
                    )));
                }
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Source::File(file) => file.seek(to),
            Source::Memory(bytes) => bytes.seek(to),
            Source::Object(object) => Python::attach(|py| {
                let object = object.bind(py);
                match to {
                    SeekFrom::Start(offset) => object.call_method1("seek", (offset, 0))?,
                    SeekFrom::Current(by) => object.call_method1("seek", (by, 1))?,
                    SeekFrom::End(by) => object.call_method1("seek", (by, 2))?,
                };
                // Some return nothing from `seek`.
                Ok(object.call_method0("tell")?.extract()?)
            }),
        }
    }
}

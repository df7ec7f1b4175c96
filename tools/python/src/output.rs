//! Where streams and files go: file objects.

use std::io::{self, Write};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// An output that gathers small writes.
pub(crate) type Output = io::BufWriter<Object>;

/// An object with `write`.
#[derive(Debug)]
pub(crate) struct Object(Py<PyAny>);

/// Writes into this object.
pub(crate) fn to(object: Py<PyAny>) -> Output {
    io::BufWriter::with_capacity(1 << 18, Object(object))
}

impl Write for Object {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Python::attach(|py| {
            let written = self.0.bind(py).call_method1("write", (PyBytes::new(py, bytes),))?;
            // Some return nothing, and have written all.
            let written: Option<usize> = written.extract()?;
            Ok(written.unwrap_or(bytes.len()).min(bytes.len()))
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

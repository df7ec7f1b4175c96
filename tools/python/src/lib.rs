//! The part of the Python package `lmac` that codes: bytes of PCM in and out. What NumPy arrays
//! and file names are made of is in Python, in `lmac/`.

mod error;
mod files;
mod input;
mod options;
mod output;
mod reader;
mod tags;
mod wav;
mod writer;

use pyo3::prelude::*;

/// The module `lmac._lmac`.
#[pymodule]
mod _lmac {
    #[pymodule_export]
    use crate::error::{DamagedError, Error};
    #[pymodule_export]
    use crate::files::{decode_file, encode_file};
    #[pymodule_export]
    use crate::reader::Reader;
    #[pymodule_export]
    use crate::wav::WavFile;
    #[pymodule_export]
    use crate::writer::Writer;
}

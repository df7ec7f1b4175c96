//! A stream as the WAV file of its audio, or as the file that it was made from.

use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use lmac::source::{FileCache, NewFile, RestoredFile};
use lmac::{Decoder, Error};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::exception;
use crate::input::{self, Input};
use crate::options::{self, result};

/// Bytes of decoded chunks that a file keeps.
const CACHE: u64 = 64 << 20;

/// A file that is decoded where it is read.
#[pyclass(frozen)]
#[derive(Debug)]
pub(crate) struct WavFile {
    file: Mutex<RestoredFile<Input>>,
    #[pyo3(get)]
    length: u64,
}

#[pymethods]
impl WavFile {
    #[new]
    #[pyo3(signature = (source, *, original=false, memory=None, model=None))]
    fn new(
        source: &Bound<'_, PyAny>,
        original: bool,
        memory: Option<u64>,
        model: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let options = options::decoding(1, memory, model)?;
        let (input, _) = input::open(source)?;
        let file = source.py().detach(|| {
            let decoder = Decoder::open(input, options)?;
            let cache = FileCache::new(CACHE, 0);
            match original {
                true => RestoredFile::original(decoder, &cache),
                false => RestoredFile::converted(decoder, NewFile::Wav, &cache),
            }
        });
        let file = result(file)?;
        Ok(WavFile { length: file.length(), file: Mutex::new(file) })
    }

    /// Reads up to so many bytes from this place on.
    fn read_at<'py>(
        &self,
        py: Python<'py>,
        place: u64,
        bytes: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = bytes.min(self.length.saturating_sub(place)) as usize;
        let read = py.detach(|| {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let mut read = vec![0; bytes];
            file.seek(SeekFrom::Start(place))?;
            file.read_exact(&mut read)?;
            Ok(read)
        });
        Ok(PyBytes::new(py, &read.map_err(|error: Error| exception(error))?))
    }
}

//! Whole files: WAV, FLAC and others to streams, and back byte for byte.

use std::io::{self, Write};

use lmac::source::{NewFile, Restored, SourceFile};
use lmac::{DecodeOptions, Decoder, Error};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::input;
use crate::options::{self, result};
use crate::output;

/// Encodes a file, so that decoding gives the same file again.
#[pyfunction]
#[pyo3(signature = (source, target, **options))]
pub(crate) fn encode_file(
    source: &Bound<'_, PyAny>,
    target: Py<PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let options = options::encoding(options)?;
    let (input, _) = input::open(source)?;
    result(source.py().detach(|| {
        let finished = SourceFile::open(input)?.encode(output::to(target), &options)?;
        { finished.writer }.flush()?;
        Ok(())
    }))
}

/// Writes the file that a stream was made from, or its audio in another format.
#[pyfunction]
#[pyo3(signature = (source, target, *, format=None, threads=1, memory=None, model=None))]
pub(crate) fn decode_file(
    source: &Bound<'_, PyAny>,
    target: Py<PyAny>,
    format: Option<&str>,
    threads: usize,
    memory: Option<u64>,
    model: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let options: DecodeOptions = options::decoding(threads, memory, model)?;
    let format = match format {
        None => None,
        Some("WAV") => Some(NewFile::Wav),
        Some("FLAC") => Some(NewFile::Flac),
        Some("RAW") => Some(NewFile::Raw),
        Some(other) => {
            let text = format!("format is {other:?}; it must be WAV, FLAC, RAW or None");
            return Err(PyValueError::new_err(text));
        }
    };
    let (input, seekable) = input::open(source)?;
    result(source.py().detach(|| {
        let decoder = match seekable {
            true => Decoder::open(input, options)?,
            false => Decoder::with_options(input, options)?,
        };
        let frames = decoder.total_frames().or(decoder.info().declared_frames);
        let mut restored = match format {
            None => Restored::new(decoder),
            Some(format) => Restored::converted(decoder, format, None, frames)?,
        };
        let mut target = output::to(target);
        io::copy(&mut restored, &mut target)?;
        target.flush()?;
        restored.decoder_mut().expect_end()?;
        Ok::<_, Error>(())
    }))
}

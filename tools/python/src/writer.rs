//! Encoding PCM to a stream.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use lmac::{AudioSpec, Encoder, SampleFormat};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;

use crate::error::{closed, exception};
use crate::options::{self, result};
use crate::output::{self, Output};

/// A stream that PCM is encoded to.
#[pyclass(frozen)]
#[derive(Debug)]
pub(crate) struct Writer {
    encoder: Mutex<Option<Encoder<Output>>>,
}

#[pymethods]
impl Writer {
    #[new]
    #[pyo3(signature = (target, samplerate, channels, bits, float, frames=None, **options))]
    fn new(
        target: Py<PyAny>,
        samplerate: u32,
        channels: u16,
        bits: u32,
        float: bool,
        frames: Option<u64>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let format = if float { SampleFormat::float(bits) } else { SampleFormat::integer(bits) };
        let format = format.ok_or_else(|| {
            PyValueError::new_err(format!("there are no samples of {bits} bits, float {float}"))
        })?;
        let spec = AudioSpec::new(format, channels, samplerate);
        let mut options = options::encoding(options)?;
        options.declared_frames = frames.or(options.declared_frames);
        let encoder = result(Encoder::with_options(output::to(target), spec, options))?;
        Ok(Writer { encoder: Mutex::new(Some(encoder)) })
    }

    /// Encodes PCM: whole frames, little-endian.
    fn write(&self, py: Python<'_>, pcm: PyBackedBytes) -> PyResult<()> {
        py.detach(|| {
            let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
            let encoder = encoder.as_mut()?;
            Some(encoder.write_all(&pcm).map_err(lmac::Error::from))
        })
        .ok_or_else(closed)?
        .map_err(exception)
    }

    /// Ends the stream.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            let encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            Some(encoder.finish().and_then(|mut finished| Ok(finished.writer.flush()?)))
        })
        .ok_or_else(closed)?
        .map_err(exception)
    }
}

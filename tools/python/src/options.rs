//! Options of encoding and decoding.

use lmac::{DecodeOptions, EncodeOptions, Limits, Preset};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::exception;
use crate::tags;

/// Reads the options of an encoder from a dictionary of keywords.
pub(crate) fn encoding(keywords: Option<&Bound<'_, PyDict>>) -> PyResult<EncodeOptions> {
    let mut options = EncodeOptions::default().with_threads(1).with_verify(true);
    for (name, value) in keywords.into_iter().flatten() {
        if value.is_none() {
            continue;
        }
        let name: String = name.extract()?;
        options = match name.as_str() {
            "preset" => options.with_preset(preset(&value.extract::<String>()?)?),
            "threads" => options.with_threads(value.extract()?),
            "verify" => options.with_verify(value.extract::<bool>()?),
            "chunk_frames" => options.with_chunk_frames(value.extract()?),
            "md5" => options.with_md5(value.extract()?),
            "tags" => options.with_tags(tags::from_python(&value)?),
            #[cfg(feature = "models")]
            "model" => options.with_model(model(&value)?, Default::default()),
            #[cfg(not(feature = "models"))]
            "model" => return Err(no_models()),
            _ => {
                return Err(PyValueError::new_err(format!(
                    "there is no option {name:?}; options are preset, threads, verify, \
                     chunk_frames, md5, tags and model"
                )));
            }
        };
    }
    Ok(options)
}

fn preset(name: &str) -> PyResult<Preset> {
    let found = Preset::ALL.iter().find(|preset| preset.name() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.name()).collect();
        PyValueError::new_err(format!("preset is {name:?}; it must be one of {}", names.join(", ")))
    })
}

/// Reads the options of a decoder.
pub(crate) fn decoding(
    threads: usize,
    memory: Option<u64>,
    model: Option<&Bound<'_, PyAny>>,
) -> PyResult<DecodeOptions> {
    let mut options = DecodeOptions::default().with_threads(threads);
    if let Some(memory) = memory {
        options = options.with_limits(Limits::default().with_memory(memory));
    }
    match model {
        None => Ok(options),
        #[cfg(feature = "models")]
        Some(path) => Ok(options.with_model(self::model(path)?)),
        #[cfg(not(feature = "models"))]
        Some(_) => Err(no_models()),
    }
}

#[cfg(not(feature = "models"))]
fn no_models() -> PyErr {
    crate::error::Error::new_err(
        "this wheel has no language models: build it with `--features models`",
    )
}

#[cfg(feature = "models")]
fn model(path: &Bound<'_, PyAny>) -> PyResult<lmac::language::LanguageModel> {
    let py = path.py();
    let path: std::path::PathBuf = path.extract()?;
    result(py.detach(|| lmac::checkpoint::load(&path, lmac::Precision::F32)))
}

/// Turns the library's error into an exception.
pub(crate) fn result<T>(result: lmac::Result<T>) -> PyResult<T> {
    result.map_err(exception)
}

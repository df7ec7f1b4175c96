//! Language models.

use std::ffi::c_char;
use std::fmt;

use crate::error::{Fault, Result, code, lmac_error};
use crate::handle::{hand_out, take_back};
use crate::input;

/// A language model in memory, which any number of decoders and encoders share.
pub struct lmac_model {
    #[cfg(feature = "models")]
    model: lmac::language::LanguageModel,
}

impl fmt::Debug for lmac_model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("lmac_model").finish_non_exhaustive()
    }
}

/// The arithmetic of a language model. A stream decodes with that with which it was encoded.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_precision {
    /// Floats of 32 bits.
    LMAC_PRECISION_F32 = 0,
    /// Weights and activations of eight bits.
    LMAC_PRECISION_INT8 = 1,
}

use lmac_precision::*;

/// Loads a language model: a folder of Hugging Face or Meta, a GGUF file, or an .npz file.
///
/// `precision` is an lmac_precision. The decoders and encoders that got the model in their options
/// keep what they need of it; it may be freed before them.
///
/// A library that was built without language models returns LMAC_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_model_load(
    path: *const c_char,
    precision: i32,
    model: *mut *mut lmac_model,
) -> lmac_error {
    // SAFETY: the caller's pointers are valid or NULL.
    code(|| unsafe {
        hand_out(model, "model", || {
            let path = input::path(path)?;
            match precision {
                _ if precision == LMAC_PRECISION_F32 as i32 => load(&path, false),
                _ if precision == LMAC_PRECISION_INT8 as i32 => load(&path, true),
                _ => Err(Fault::argument(format!(
                    "precision is {precision}, which is no lmac_precision"
                ))),
            }
        })
    })
}

#[cfg(feature = "models")]
fn load(path: &std::path::Path, int8: bool) -> Result<lmac_model> {
    let precision = if int8 { lmac::Precision::Int8 } else { lmac::Precision::F32 };
    Ok(lmac_model { model: lmac::checkpoint::load(path, precision)? })
}

#[cfg(not(feature = "models"))]
fn load(_: &std::path::Path, _: bool) -> Result<lmac_model> {
    let text = "this build of the library has no language models: build it with MODELS=1";
    Err(Fault::new(lmac_error::LMAC_ERROR_UNSUPPORTED, text))
}

/// Frees a language model. NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_model_free(model: *mut lmac_model) {
    // SAFETY: the caller does not use the model again.
    code(|| unsafe {
        drop(take_back(model));
        Ok(())
    });
}

#[cfg(feature = "models")]
impl lmac_model {
    pub(crate) fn encode(&self, options: lmac::EncodeOptions) -> lmac::EncodeOptions {
        options.with_model(self.model.clone(), lmac::language::LanguageOptions::default())
    }

    pub(crate) fn decode(&self, options: lmac::DecodeOptions) -> lmac::DecodeOptions {
        options.with_model(self.model.clone())
    }
}

#[cfg(not(feature = "models"))]
impl lmac_model {
    pub(crate) fn encode(&self, options: lmac::EncodeOptions) -> lmac::EncodeOptions {
        options
    }

    pub(crate) fn decode(&self, options: lmac::DecodeOptions) -> lmac::DecodeOptions {
        options
    }
}

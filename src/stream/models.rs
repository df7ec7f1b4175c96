//! The language model that a stream needs.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::method::identity::{ModelId, ModelUse};
use crate::method::model::{Model, ModelCoder};

/// Looks for a model among others.
pub(crate) fn find<'a>(models: &'a [Arc<dyn Model>], needed: &ModelId) -> Result<&'a dyn Model> {
    let found = models.iter().find(|model| needed.is_same_model(model.id()));
    let missing = || Error::new(ErrorKind::MissingModel(Box::new(needed.clone())));
    found.map(|model| &**model).ok_or_else(missing)
}

/// Makes the coder for a stream that uses a model like this. Fails if the stream was made with
/// another model.
///
/// The coder takes at most `threads` threads, and fewer if `memory` bytes are not enough for all
/// of them.
pub(crate) fn coder(
    model: &dyn Model,
    usage: &ModelUse,
    threads: usize,
    memory: u64,
) -> Result<Arc<dyn ModelCoder>> {
    let (needed, given) = (&usage.id, model.id());
    if !needed.is_same_model(given) {
        return Err(Error::model(format!(
            "the stream needs the language model {needed} with {}, not {given} with {}",
            needed.precision.name(),
            given.precision.name()
        )));
    }
    if needed.probe != given.probe {
        return Err(Error::model(format!(
            "the language model {given} predicts something else here than where the stream was \
             made: its probe is {:#010x}; the stream's is {:#010x}",
            given.probe, needed.probe
        )));
    }
    model.decoder(usage, threads, memory)
}

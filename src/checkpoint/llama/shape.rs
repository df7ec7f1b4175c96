//! The shape of a Llama, from the fields of a configuration.

use crate::error::{Error, Result};
use crate::method::language::architecture::{Architecture, Llama};

/// The head size of a model whose configuration does not give it.
pub(crate) fn head_width(width: usize, heads: usize) -> Result<usize> {
    match heads > 0 && width.is_multiple_of(heads) {
        true => Ok(width / heads),
        false => Err(Error::model(format!(
            "the hidden size is {width}; it must be a multiple of the number of heads, {heads}"
        ))),
    }
}

/// Returns the Llama if its numbers are valid.
pub(crate) fn validated(llama: Llama) -> Result<Llama> {
    Architecture::Llama(llama.clone()).validate()?;
    Ok(llama)
}

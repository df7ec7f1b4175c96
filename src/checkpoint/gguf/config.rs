//! A Llama's shape out of the metadata of a GGUF file.

use super::metadata::{Metadata, Value};
use crate::checkpoint::directory::Directory;
use crate::checkpoint::rope::Scaling;
use crate::checkpoint::words::GGUF;
use crate::error::Result;
use crate::method::language::architecture::{Architecture, Llama};

/// Factors of the rotary frequencies, where they are not all the same.
const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The architecture of a file with this metadata and these tensors.
pub(super) fn architecture(metadata: &Metadata, directory: &Directory) -> Result<Architecture> {
    match metadata.text("general.architecture")? {
        Some("llama") => {}
        other => {
            return Err(metadata.error(format!(
                "the model's architecture is {}: only llama is supported",
                other.unwrap_or("(none)")
            )));
        }
    }
    let needed = |key: &str| {
        let value = size(metadata, key)?;
        value.ok_or_else(|| metadata.error(format!("{key} is missing")))
    };
    let width = needed("llama.embedding_length")?;
    let heads = needed("llama.attention.head_count")?;
    let head_width = match size(metadata, "llama.attention.key_length")? {
        Some(head_width) => head_width,
        None if heads > 0 && width.is_multiple_of(heads) => width / heads,
        None => return Err(metadata.error(format!("{heads} heads for a width of {width}"))),
    };
    for (key, what) in [
        ("llama.attention.value_length", "values"),
        ("llama.rope.dimension_count", "values that are rotated"),
    ] {
        if let Some(other) = size(metadata, key)?.filter(|&other| other != head_width) {
            return Err(metadata.error(format!("{head_width} keys of a head, and {other} {what}")));
        }
    }
    let vocabulary = match directory.find(GGUF.embedding())?.shape() {
        &[rows, _] => rows,
        other => return Err(metadata.error(format!("an embedding of shape {other:?}"))),
    };
    let epsilon = metadata.number("llama.attention.layer_norm_rms_epsilon")?;
    let epsilon = epsilon.ok_or_else(|| metadata.error("the epsilon of the norms is missing"))?;
    let mut llama = Llama {
        vocabulary,
        width,
        layers: needed("llama.block_count")?,
        heads,
        key_heads: size(metadata, "llama.attention.head_count_kv")?.unwrap_or(heads),
        head_width,
        feed_forward: needed("llama.feed_forward_length")?,
        epsilon: epsilon as f32,
        rope_base: metadata.number("llama.rope.freq_base")?.unwrap_or(10_000.0),
        rope_factors: Vec::new(),
        tied: directory.get(GGUF.head()).is_none(),
        positions: needed("llama.context_length")?,
    };
    let valid = |llama: &Llama| {
        let architecture = Architecture::Llama(llama.clone());
        architecture.validate().map_err(|error| metadata.error(error))?;
        Ok(architecture)
    };
    valid(&llama)?;
    llama.rope_factors = rope_factors(metadata, directory, &llama)?;
    valid(&llama)
}

/// A size; where each layer may have its own, that of all.
fn size(metadata: &Metadata, key: &str) -> Result<Option<usize>> {
    let value = match metadata.value(key) {
        Some(Value::Integers(sizes)) => match sizes.as_slice() {
            [first, others @ ..] if *first >= 0 && others.iter().all(|other| other == first) => {
                Some(*first as u64)
            }
            _ => return Err(metadata.error(format!("{key} is not the same in all layers"))),
        },
        _ => metadata.integer(key)?,
    };
    let size = value.map(usize::try_from).transpose();
    size.map_err(|_| metadata.error(format!("{key} is too large")))
}

fn rope_factors(metadata: &Metadata, directory: &Directory, llama: &Llama) -> Result<Vec<f32>> {
    let factor = match metadata.text("llama.rope.scaling.type")? {
        None => metadata.number("llama.rope.scale_linear")?,
        Some("none") => None,
        Some("linear") => metadata.number("llama.rope.scaling.factor")?,
        Some(other) => {
            return Err(
                metadata.error(format!("the rotary scaling is {other}: only linear is supported"))
            );
        }
    };
    let stored = directory.get(ROPE_FACTORS).is_some();
    match factor.filter(|&factor| factor != 0.0) {
        Some(_) if stored => Err(metadata.error("has rotary scaling and factors at once")),
        Some(factor) => {
            let scaling = Scaling::Linear { factor };
            if !scaling.is_usable() {
                return Err(metadata.error(format!("a rotary scaling of {factor}")));
            }
            Ok(scaling.factors(llama.rope_base, llama.head_width))
        }
        None if stored => {
            let tensor = directory.read(ROPE_FACTORS, &[llama.head_width / 2])?;
            let mut factors = vec![0.0; tensor.columns()];
            tensor.row(0, &mut factors);
            Ok(factors)
        }
        None => Ok(Vec::new()),
    }
}

//! The shape of a Llama from the metadata of a GGUF file.

use super::metadata::{Metadata, Value};
use crate::checkpoint::llama::names::GGUF;
use crate::checkpoint::llama::rope::Scaling;
use crate::checkpoint::llama::shape;
use crate::checkpoint::storage::directory::TensorDirectory;
use crate::error::Result;
use crate::method::language::architecture::Llama;

/// The tensor with the factors of the rotary frequencies.
const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The model of a file with this metadata and these tensors.
pub(super) fn llama(metadata: &Metadata, directory: &TensorDirectory) -> Result<Llama> {
    match metadata.text("general.architecture")? {
        Some("llama") => {}
        other => {
            return Err(metadata.error(format!(
                "general.architecture is {}; only llama is supported",
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
        None => shape::head_width(width, heads).map_err(|error| metadata.error(error))?,
    };
    for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
        if let Some(other) = size(metadata, key)?.filter(|&other| other != head_width) {
            return Err(
                metadata.error(format!("{key} is {other}; it must be the head size, {head_width}"))
            );
        }
    }
    let vocabulary = match directory.find(GGUF.embedding())?.shape() {
        &[rows, _] => rows,
        other => {
            let what = format!("the embedding has shape {other:?}; it must be a matrix");
            return Err(metadata.error(what));
        }
    };
    let key = "llama.attention.layer_norm_rms_epsilon";
    let epsilon =
        metadata.number(key)?.ok_or_else(|| metadata.error(format!("{key} is missing")))?;
    let llama = Llama {
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
    let validated = |llama| shape::validated(llama).map_err(|error| metadata.error(error));
    // The number of factors follows from the head size, so that must be valid first.
    let mut llama = validated(llama)?;
    llama.rope_factors = rope_factors(metadata, directory, &llama)?;
    validated(llama)
}

/// A size, or a list of sizes for each layer, which must be equal.
fn size(metadata: &Metadata, key: &str) -> Result<Option<usize>> {
    let value = match metadata.value(key) {
        Some(Value::Integers(sizes)) => match sizes.as_slice() {
            [first, others @ ..] if *first >= 0 && others.iter().all(|other| other == first) => {
                Some(*first as u64)
            }
            _ => {
                return Err(metadata
                    .error(format!("{key} differs between layers; it must be the same in all")));
            }
        },
        _ => metadata.integer(key)?,
    };
    let size = value.map(usize::try_from).transpose();
    size.map_err(|_| metadata.error(format!("{key} does not fit in memory")))
}

/// The factors of the rotary frequencies, from the scaling or from a tensor.
fn rope_factors(
    metadata: &Metadata,
    directory: &TensorDirectory,
    llama: &Llama,
) -> Result<Vec<f32>> {
    let factor = match metadata.text("llama.rope.scaling.type")? {
        None => metadata.number("llama.rope.scale_linear")?,
        Some("none") => None,
        Some("linear") => metadata.number("llama.rope.scaling.factor")?,
        Some(other) => {
            return Err(
                metadata.error(format!("the rotary scaling is {other}; only linear is supported"))
            );
        }
    };
    let stored = directory.get(ROPE_FACTORS).is_some();
    match factor.filter(|&factor| factor != 0.0) {
        Some(_) if stored => Err(metadata.error(
            "the file has both a rotary scaling and rotary factors; only one of them is allowed",
        )),
        Some(factor) => {
            let factors = Scaling::Linear { factor }.factors(llama.rope_base, llama.head_width);
            factors.map_err(|error| metadata.error(error))
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

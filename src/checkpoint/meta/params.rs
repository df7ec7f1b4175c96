//! Meta's `params.json`. It is incomplete: the shapes of tensors give the rest.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::checkpoint::llama::rope::Scaling;
use crate::checkpoint::llama::shape;
use crate::checkpoint::storage::file::in_file;
use crate::checkpoint::storage::json;
use crate::error::{Error, Result};
use crate::method::language::architecture::Llama;

/// The shapes of tensors that the shapes of the model follow from.
#[derive(Debug)]
pub(super) struct TensorShapes<'a> {
    /// The number of files that the weights are cut into.
    pub(super) files: usize,
    /// The shape of the embedding in one file.
    pub(super) embedding: &'a [usize],
    /// The shape of the first layer's gate in one file.
    pub(super) gate: &'a [usize],
    /// Whether the output head is missing.
    pub(super) tied: bool,
}

#[derive(Debug, Deserialize)]
struct Params {
    dim: usize,
    n_layers: usize,
    n_heads: usize,
    n_kv_heads: Option<usize>,
    norm_eps: f64,
    rope_theta: Option<f64>,
    use_scaled_rope: Option<bool>,
    rope_scaling_factor: Option<f64>,
    max_seq_len: Option<usize>,
    /// Negative if the tokenizer decides.
    vocab_size: Option<i64>,
    moe: Option<Value>,
    moe_args: Option<Value>,
    lora_args: Option<Value>,
    quantization_args: Option<Value>,
    vision_chunk_size: Option<Value>,
}

/// Reads the parameters at `path`.
pub(super) fn read(path: &Path, shapes: &TensorShapes<'_>) -> Result<Llama> {
    let params: Params = json::read(path)?;
    in_file(path, llama(params, shapes))
}

fn llama(params: Params, shapes: &TensorShapes<'_>) -> Result<Llama> {
    for (name, value) in [
        ("moe", &params.moe),
        ("moe_args", &params.moe_args),
        ("lora_args", &params.lora_args),
        ("quantization_args", &params.quantization_args),
        ("vision_chunk_size", &params.vision_chunk_size),
    ] {
        if value.is_some() {
            return Err(Error::model(format!("models with {name} are not supported")));
        }
    }
    let Params { dim, n_heads, .. } = params;
    let head_width = shape::head_width(dim, n_heads)?;
    let misfit = |tensor: &str, shape: &[usize]| {
        Error::model(format!(
            "the {tensor} has shape {shape:?} in each of {} files, which does not fit the hidden \
             size {dim}",
            shapes.files
        ))
    };
    // Embeddings are cut between columns in Llama 2, and between rows in Llama 3.
    let vocabulary = match *shapes.embedding {
        [rows, columns] if columns == dim => rows.checked_mul(shapes.files),
        [rows, columns] if columns.checked_mul(shapes.files) == Some(dim) => Some(rows),
        _ => None,
    };
    let vocabulary = vocabulary.ok_or_else(|| misfit("embedding", shapes.embedding))?;
    let declared = params.vocab_size.filter(|&declared| declared > 0);
    if let Some(declared) = declared.filter(|&size| usize::try_from(size) != Ok(vocabulary)) {
        return Err(Error::model(format!(
            "vocab_size is {declared}, but the embedding has {vocabulary} rows; \
             all files consolidated.*.pth must be there"
        )));
    }
    let feed_forward = match *shapes.gate {
        [rows, _] => rows.checked_mul(shapes.files),
        _ => None,
    };
    let rope_base = params.rope_theta.unwrap_or(10_000.0);
    let scaled = params.use_scaled_rope.unwrap_or(false);
    let llama = Llama {
        vocabulary,
        width: dim,
        layers: params.n_layers,
        heads: n_heads,
        key_heads: params.n_kv_heads.unwrap_or(n_heads),
        head_width,
        feed_forward: feed_forward.ok_or_else(|| misfit("gate", shapes.gate))?,
        epsilon: params.norm_eps as f32,
        rope_base,
        rope_factors: Vec::new(),
        tied: shapes.tied,
        positions: params.max_seq_len.unwrap_or(match (scaled, rope_base) {
            // The training contexts of Llama 3.1, 3 and 2.
            (true, _) => 131_072,
            (false, 500_000.0) => 8192,
            _ => 4096,
        }),
    };
    let mut llama = shape::validated(llama)?;
    if scaled {
        let factor = params.rope_scaling_factor.unwrap_or(8.0);
        let scaling = Scaling::Llama3 { factor, low: 1.0, high: 4.0, original: 8192.0 };
        llama.rope_factors = scaling.factors(rope_base, llama.head_width)?;
    }
    shape::validated(llama)
}

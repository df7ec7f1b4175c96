//! Meta's `params.json`, which says less than a model needs: the rest follows from tensors.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::checkpoint::file::error_at;
use crate::checkpoint::json;
use crate::checkpoint::rope::Scaling;
use crate::error::Result;
use crate::method::language::architecture::{Architecture, Llama};

/// What is known from the tensors.
#[derive(Debug)]
pub(super) struct Sizes<'a> {
    /// Files that the weights are cut into.
    pub(super) parts: usize,
    /// Shape of the embedding in one of them.
    pub(super) embedding: &'a [usize],
    /// Shape of the first layer's gate in one of them.
    pub(super) gate: &'a [usize],
    /// Whether there is no head.
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
    /// Less than nothing where the tokenizer decides.
    vocab_size: Option<i64>,
    moe: Option<Value>,
    moe_args: Option<Value>,
    lora_args: Option<Value>,
    quantization_args: Option<Value>,
    vision_chunk_size: Option<Value>,
}

/// Reads the parameters at `path`.
pub(super) fn read(path: &Path, sizes: &Sizes<'_>) -> Result<Architecture> {
    let params: Params = json::read(path)?;
    let llama = llama(params, sizes).map_err(|what| error_at(path, what))?;
    let architecture = Architecture::Llama(llama);
    architecture.validate().map_err(|error| error_at(path, error))?;
    Ok(architecture)
}

fn llama(params: Params, sizes: &Sizes<'_>) -> Result<Llama, String> {
    for (name, value) in [
        ("moe", &params.moe),
        ("moe_args", &params.moe_args),
        ("lora_args", &params.lora_args),
        ("quantization_args", &params.quantization_args),
        ("vision_chunk_size", &params.vision_chunk_size),
    ] {
        if value.is_some() {
            return Err(format!("models with {name} are not supported"));
        }
    }
    let Params { dim, n_heads, .. } = params;
    if n_heads == 0 || !dim.is_multiple_of(n_heads) {
        return Err(format!("{n_heads} heads for a width of {dim}"));
    }
    let all = |rows: usize| rows.checked_mul(sizes.parts).ok_or("a tensor is too large");
    // Embeddings are cut between columns in Llama 2, and between rows in Llama 3.
    let vocabulary = match *sizes.embedding {
        [rows, columns] if columns == dim => all(rows)?,
        [rows, columns] if all(columns)? == dim => rows,
        _ => return Err(format!("an embedding of {:?} for a width of {dim}", sizes.embedding)),
    };
    let said = params.vocab_size.filter(|&said| said > 0);
    if let Some(said) = said.filter(|&said| usize::try_from(said) != Ok(vocabulary)) {
        return Err(format!(
            "a vocabulary of {said}, and {vocabulary} rows in the embeddings of {} files",
            sizes.parts
        ));
    }
    let feed_forward = match *sizes.gate {
        [rows, _] => all(rows)?,
        _ => return Err(format!("a gate of {:?}", sizes.gate)),
    };
    let rope_base = params.rope_theta.unwrap_or(10_000.0);
    let scaled = params.use_scaled_rope.unwrap_or(false);
    let mut llama = Llama {
        vocabulary,
        width: dim,
        layers: params.n_layers,
        heads: n_heads,
        key_heads: params.n_kv_heads.unwrap_or(n_heads),
        head_width: dim / n_heads,
        feed_forward,
        epsilon: params.norm_eps as f32,
        rope_base,
        rope_factors: Vec::new(),
        tied: sizes.tied,
        positions: params.max_seq_len.unwrap_or(match (scaled, rope_base) {
            // What the models were trained on: Llama 3.1, 3 and 2.
            (true, _) => 131_072,
            (false, 500_000.0) => 8192,
            _ => 4096,
        }),
    };
    Architecture::Llama(llama.clone()).validate().map_err(|error| error.to_string())?;
    if scaled {
        let factor = params.rope_scaling_factor.unwrap_or(8.0);
        let scaling = Scaling::Llama3 { factor, low: 1.0, high: 4.0, original: 8192.0 };
        if !scaling.is_usable() {
            return Err(format!("a rotary scaling of {factor}"));
        }
        llama.rope_factors = scaling.factors(rope_base, llama.head_width);
    }
    Ok(llama)
}

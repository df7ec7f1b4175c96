//! Hugging Face's `config.json`.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::checkpoint::llama::rope::Scaling;
use crate::checkpoint::llama::shape;
use crate::checkpoint::storage::file::{error_at, in_file};
use crate::checkpoint::storage::json;
use crate::error::{Error, Result};
use crate::method::language::architecture::Llama;

/// The contents of a configuration.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) llama: Llama,
    /// The token that a context begins with, if the configuration gives it.
    pub(super) beginning: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    rope_scaling: Option<Rope>,
    /// Newer files have both of the above here.
    rope_parameters: Option<Rope>,
    max_position_embeddings: Option<usize>,
    tie_word_embeddings: Option<bool>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    hidden_act: Option<String>,
    bos_token_id: Option<u32>,
    quantization_config: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Rope {
    rope_theta: Option<f64>,
    rope_type: Option<String>,
    /// The older name of `rope_type`.
    #[serde(rename = "type")]
    older_type: Option<String>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    partial_rotary_factor: Option<f64>,
}

/// Reads the configuration at `path`.
pub(super) fn read(path: &Path) -> Result<Config> {
    // Checked before the fields, which other types of models name differently.
    let value: Value = json::read(path)?;
    let kind = value.get("model_type").and_then(Value::as_str).unwrap_or("(none)");
    if kind != "llama" {
        return Err(error_at(path, format!("model_type is {kind}; only llama is supported")));
    }
    let fields: Fields = in_file(path, serde_json::from_value(value))?;
    let beginning = fields.bos_token_id;
    Ok(Config { llama: in_file(path, llama(fields))?, beginning })
}

fn llama(fields: Fields) -> Result<Llama> {
    if let Some(act) = fields.hidden_act.filter(|act| act != "silu") {
        return Err(Error::model(format!("hidden_act is {act}; a Llama has silu")));
    }
    if fields.attention_bias == Some(true) || fields.mlp_bias == Some(true) {
        return Err(Error::model("the model has biases, which are not supported"));
    }
    if let Some(quantization) = fields.quantization_config {
        let method = quantization.get("quant_method").and_then(Value::as_str).unwrap_or("unknown");
        return Err(Error::model(format!(
            "the weights are quantised with {method}; only F32, F16 and BF16 are supported, or \
             quantised weights in a GGUF file"
        )));
    }
    let heads = fields.num_attention_heads;
    let head_width = match fields.head_dim {
        Some(width) => width,
        None => shape::head_width(fields.hidden_size, heads)?,
    };
    let newer = fields.rope_parameters.as_ref();
    let rope_base = newer.and_then(|rope| rope.rope_theta).or(fields.rope_theta);
    let llama = Llama {
        vocabulary: fields.vocab_size,
        width: fields.hidden_size,
        layers: fields.num_hidden_layers,
        heads,
        key_heads: fields.num_key_value_heads.unwrap_or(heads),
        head_width,
        feed_forward: fields.intermediate_size,
        epsilon: fields.rms_norm_eps.unwrap_or(1e-6) as f32,
        rope_base: rope_base.unwrap_or(10_000.0),
        rope_factors: Vec::new(),
        tied: fields.tie_word_embeddings.unwrap_or(false),
        positions: fields.max_position_embeddings.unwrap_or(2048),
    };
    let rope = fields.rope_parameters.or(fields.rope_scaling);
    let mut llama = shape::validated(llama)?;
    if let Some(scaling) = rope.map(scaling).transpose()?.flatten() {
        llama.rope_factors = scaling.factors(llama.rope_base, llama.head_width)?;
    }
    shape::validated(llama)
}

/// The scaling of rotary frequencies, if there is one.
fn scaling(rope: Rope) -> Result<Option<Scaling>> {
    if let Some(part) = rope.partial_rotary_factor.filter(|&part| part != 1.0) {
        return Err(Error::model(format!("partial_rotary_factor is {part}; a Llama has 1")));
    }
    let needed = |name: &str, value: Option<f64>| {
        value.ok_or_else(|| Error::model(format!("the rotary scaling has no {name}")))
    };
    Ok(Some(match rope.rope_type.or(rope.older_type).as_deref() {
        None | Some("default") => return Ok(None),
        Some("linear") => Scaling::Linear { factor: needed("factor", rope.factor)? },
        Some("llama3") => Scaling::Llama3 {
            factor: needed("factor", rope.factor)?,
            low: needed("low_freq_factor", rope.low_freq_factor)?,
            high: needed("high_freq_factor", rope.high_freq_factor)?,
            original: needed(
                "original_max_position_embeddings",
                rope.original_max_position_embeddings,
            )?,
        },
        Some(other) => {
            return Err(Error::model(format!(
                "the rotary scaling is {other}; only linear and llama3 are supported"
            )));
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"model_type": "llama", "vocab_size": 300, "hidden_size": 64,
        "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4"#;

    fn with(more: &str) -> Result<Llama, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, format!("{PLAIN}{more}}}")).unwrap();
        read(&path).map(|config| config.llama).map_err(|error| error.to_string())
    }

    #[test]
    fn missing_fields_have_their_defaults() {
        let llama = with("").unwrap();
        assert_eq!((llama.key_heads, llama.head_width), (4, 16));
        assert_eq!((llama.epsilon, llama.rope_base, llama.positions), (1e-6, 10_000.0, 2048));
        assert!(!llama.tied && llama.rope_factors.is_empty());
    }

    #[test]
    fn every_form_of_rotary_scaling_is_read() {
        let linear = with(r#", "rope_scaling": {"type": "linear", "factor": 4}"#).unwrap();
        assert_eq!(linear.rope_factors, [4.0; 8]);
        let numbers = r#""factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192"#;
        let older = with(&format!(
            r#", "rope_theta": 5e5, "rope_scaling": {{"rope_type": "llama3", {numbers}}}"#
        ));
        let newer = with(&format!(
            r#", "rope_parameters": {{"rope_theta": 5e5, "rope_type": "llama3", {numbers}}}"#
        ));
        assert_eq!(older, newer);
        let older = older.unwrap();
        assert_eq!((older.rope_factors[0], older.rope_factors[7]), (1.0, 8.0));
        let default = with(r#", "rope_parameters": {"rope_theta": 7.0, "rope_type": "default"}"#);
        let default = default.unwrap();
        assert_eq!((default.rope_base, default.rope_factors.len()), (7.0, 0));
    }

    #[test]
    fn other_models_are_refused_by_name() {
        for (more, named) in [
            (r#", "rope_scaling": {"type": "yarn", "factor": 4}"#, "yarn"),
            (r#", "rope_scaling": {"type": "linear"}"#, "no factor"),
            (r#", "rope_scaling": {"type": "linear", "factor": -1}"#, "-1"),
            (r#", "hidden_act": "gelu""#, "gelu"),
            (r#", "attention_bias": true"#, "biases"),
            (r#", "quantization_config": {"quant_method": "gptq"}"#, "gptq"),
            (r#", "num_key_value_heads": 3"#, "key heads"),
            (r#", "num_key_value_heads": 0"#, "key heads"),
            (r#", "head_dim": 7"#, "head size"),
            (r#", "head_dim": 9000000000000000000"#, "9000000000000000000"),
            (r#", "rope_theta": 0"#, "base"),
            (r#", "rope_theta": 0.5"#, "base"),
            (r#", "rope_theta": 1e20"#, "base"),
            (r#", "rope_scaling": {"type": "linear", "factor": 0.1}"#, "factor"),
            (r#", "rms_norm_eps": NaN"#, "config.json: "),
            (r#", "rms_norm_eps": 1e999"#, "config.json: "),
            (r#", "max_position_embeddings": -1"#, "config.json: "),
        ] {
            let error = with(more).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
        let other = PLAIN.replace("llama", "mamba");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, format!("{other}}}")).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("mamba"));
        std::fs::write(&path, "[".repeat(1_000_000)).unwrap();
        assert!(read(&path).is_err());
    }
}

//! Folders in the layout of Hugging Face.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::{Float, Tiny, Values, torch};
use crate::tokenizers::byte_level;
use crate::tokenizers::pieces::{self, Spaces};

/// Writes a folder with all weights in one file.
pub fn single(folder: &Path, tiny: &Tiny) {
    around(folder, tiny);
    fs::write(folder.join("model.safetensors"), safetensors(&named(tiny), tiny.float)).unwrap();
}

/// Writes a folder with the weights in several files and an index.
pub fn sharded(folder: &Path, tiny: &Tiny, shards: usize) {
    around(folder, tiny);
    let all = named(tiny);
    let mut map = Vec::new();
    for (number, part) in all.chunks(all.len().div_ceil(shards)).enumerate() {
        let file = format!("model-{:05}-of-{shards:05}.safetensors", number + 1);
        fs::write(folder.join(&file), safetensors(part, tiny.float)).unwrap();
        map.extend(part.iter().map(|tensor| format!("\"{}\": \"{file}\"", tensor.name)));
    }
    let index =
        format!(r#"{{"metadata": {{"total_size": 1}}, "weight_map": {{{}}}}}"#, map.join(", "));
    fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
}

/// Writes a folder with the weights in torch's own format.
pub fn pickled(folder: &Path, tiny: &Tiny) {
    around(folder, tiny);
    fs::write(folder.join("pytorch_model.bin"), torch::file("archive", &named(tiny), tiny.float))
        .unwrap();
}

/// Writes configuration and tokenizer.
fn around(folder: &Path, tiny: &Tiny) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.json"), config(tiny)).unwrap();
    let tokenizer = match tiny.third {
        true => byte_level::json(),
        false => pieces::json(Spaces::Prepend),
    };
    fs::write(folder.join("tokenizer.json"), tokenizer).unwrap();
}

/// Returns the configuration.
pub fn config(tiny: &Tiny) -> String {
    let beginning = if tiny.third { byte_level::BEGINNING } else { pieces::BEGINNING };
    let scaling = match tiny.third {
        true => {
            r#"{"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192, "rope_type": "llama3"}"#
        }
        false => "null",
    };
    format!(
        r#"{{"architectures": ["LlamaForCausalLM"], "attention_bias": false,
        "bos_token_id": {beginning}, "eos_token_id": 2, "head_dim": {}, "hidden_act": "silu",
        "hidden_size": {}, "intermediate_size": {}, "max_position_embeddings": {},
        "mlp_bias": false, "model_type": "llama", "num_attention_heads": {},
        "num_hidden_layers": {}, "num_key_value_heads": {}, "rms_norm_eps": 1e-05,
        "rope_scaling": {scaling}, "rope_theta": {:?}, "tie_word_embeddings": {},
        "torch_dtype": "float32", "vocab_size": {}}}"#,
        tiny.head_width,
        tiny.width,
        tiny.feed_forward,
        tiny.positions,
        tiny.heads,
        tiny.layers,
        tiny.key_heads,
        tiny.rope_base(),
        tiny.tied,
        tiny.vocabulary(),
    )
}

/// Returns the tensors by Hugging Face's names.
pub fn named(tiny: &Tiny) -> Vec<Values> {
    let mut all = tiny.tensors();
    for tensor in &mut all {
        tensor.name = match tensor.name.as_str() {
            "embedding" => "model.embed_tokens.weight".into(),
            "norm" => "model.norm.weight".into(),
            "head" => "lm_head.weight".into(),
            layer => {
                let (layer, part) = layer.rsplit_once('.').unwrap();
                let part = match part {
                    "attention_norm" => "input_layernorm",
                    "query" => "self_attn.q_proj",
                    "key" => "self_attn.k_proj",
                    "value" => "self_attn.v_proj",
                    "output" => "self_attn.o_proj",
                    "feed_norm" => "post_attention_layernorm",
                    "gate" => "mlp.gate_proj",
                    "up" => "mlp.up_proj",
                    "down" => "mlp.down_proj",
                    other => panic!("{other}"),
                };
                format!("model.{layer}.{part}.weight")
            }
        };
    }
    all
}

/// Returns a safetensors file.
pub fn safetensors(tensors: &[Values], float: Float) -> Vec<u8> {
    let mut header = String::from(r#"{"__metadata__":{"format":"pt"}"#);
    let mut data = Vec::new();
    for tensor in tensors {
        let begin = data.len();
        data.extend(tensor.bytes(float));
        let (name, shape, end) = (&tensor.name, &tensor.shape, data.len());
        write!(
            header,
            r#","{name}":{{"dtype":"{float:?}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#
        )
        .unwrap();
    }
    header.push('}');
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

//! Folders in the layout of Meta.

use std::fs;
use std::path::Path;

use super::{Tiny, Values, torch};
use crate::tokenizers::{byte_level, pieces};

/// Writes a folder with the weights in this many parts.
pub fn folder(folder: &Path, tiny: &Tiny, parts: usize) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("params.json"), params(tiny)).unwrap();
    let tokenizer = if tiny.third { byte_level::tiktoken().into_bytes() } else { pieces::model() };
    fs::write(folder.join("tokenizer.model"), tokenizer).unwrap();
    let all = named(tiny);
    for number in 0..parts {
        let mut part: Vec<Values> =
            all.iter().map(|tensor| cut(tiny, tensor, number, parts)).collect();
        // Llama 2's files have the frequencies as well.
        part.push(Values { name: "rope.freqs".into(), shape: vec![2], values: vec![1.0, 0.5] });
        let name = format!("consolidated.{number:02}");
        fs::write(folder.join(format!("{name}.pth")), torch::file(&name, &part, tiny.float))
            .unwrap();
    }
}

/// Returns `params.json`.
pub fn params(tiny: &Tiny) -> String {
    let rope = match tiny.third {
        true => r#", "rope_theta": 500000.0, "use_scaled_rope": true"#,
        false => "",
    };
    // Llama 2's file leaves the vocabulary open.
    let vocabulary = if tiny.third { tiny.vocabulary().to_string() } else { "-1".into() };
    format!(
        r#"{{"dim": {}, "multiple_of": 256, "n_heads": {}, "n_kv_heads": {}, "n_layers": {},
        "norm_eps": 1e-05, "max_seq_len": {}, "vocab_size": {vocabulary}{rope}}}"#,
        tiny.width, tiny.heads, tiny.key_heads, tiny.layers, tiny.positions
    )
}

/// Returns one of several parts of a tensor.
fn cut(tiny: &Tiny, tensor: &Values, number: usize, parts: usize) -> Values {
    let [rows, columns] = *tensor.shape else { return tensor.clone() };
    let by_columns = tensor.name.ends_with("wo.weight")
        || tensor.name.ends_with("w2.weight")
        || tensor.name == "tok_embeddings.weight" && !tiny.third;
    if by_columns {
        let part = columns / parts;
        return tensor.transposed().rows(number * part..(number + 1) * part).transposed();
    }
    let part = rows / parts;
    tensor.rows(number * part..(number + 1) * part)
}

/// Returns the tensors by Meta's names, with heads that are rotated in neighbours.
fn named(tiny: &Tiny) -> Vec<Values> {
    let rename = |mut tensor: Values| {
        if tensor.name.ends_with("query") || tensor.name.ends_with("key") {
            tensor = tensor.as_neighbours(tiny.head_width);
        }
        tensor.name = match tensor.name.as_str() {
            "embedding" => "tok_embeddings.weight".into(),
            "norm" => "norm.weight".into(),
            "head" => "output.weight".into(),
            layer => {
                let (layer, part) = layer.rsplit_once('.').unwrap();
                let part = match part {
                    "attention_norm" => "attention_norm",
                    "query" => "attention.wq",
                    "key" => "attention.wk",
                    "value" => "attention.wv",
                    "output" => "attention.wo",
                    "feed_norm" => "ffn_norm",
                    "gate" => "feed_forward.w1",
                    "up" => "feed_forward.w3",
                    "down" => "feed_forward.w2",
                    other => panic!("{other}"),
                };
                format!("{layer}.{part}.weight")
            }
        };
        tensor
    };
    tiny.tensors().into_iter().map(rename).collect()
}

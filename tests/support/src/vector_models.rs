//! The language models of the test vectors, file by file.
//!
//! They were never trained, but find some characters likelier than others: those around the
//! middle, and those near the character before.

use std::collections::BTreeMap;

use crate::Random;
use crate::bytes::crc;

/// Files by their paths below `spec/vectors`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The paths of the models.
pub const MODELS: [&str; 3] = ["models/llama", "models/llama-bf16", "models/bytes.npz"];

/// Returns the files of all models.
pub fn files() -> Files {
    let mut files = Files::new();
    let mut add = |path: &str, bytes: Vec<u8>| {
        files.insert(path.to_owned(), bytes);
    };
    let llama = Shape { width: 16, layers: 2, queries: 16, keys: 8, inner: 24, tied: true };
    let tokens = byte_level_tokens();
    add("models/llama/model.safetensors", llama.safetensors(&tokens, false));
    add("models/llama/tokenizer.json", byte_level_tokenizer().into());
    let rope = r#""rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0,
    "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}"#;
    let config = format!(
        r#""num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5,
  "max_position_embeddings": 256, "bos_token_id": {}, {rope}"#,
        tokens.len() - 1
    );
    add("models/llama/config.json", llama.config(tokens.len(), &config).into());

    let llama = Shape { width: 18, layers: 1, queries: 12, keys: 12, inner: 26, tied: false };
    let tokens = piece_tokens();
    add("models/llama-bf16/model.safetensors", llama.safetensors(&tokens, true));
    add("models/llama-bf16/tokenizer.json", piece_tokenizer().into());
    let config = r#""num_attention_heads": 3, "head_dim": 4, "rms_norm_eps": 1e-6,
  "max_position_embeddings": 128"#;
    add("models/llama-bf16/config.json", llama.config(tokens.len(), config).into());

    add("models/bytes.npz", byte_transformer());
    files
}

// Weights.

/// Random weights.
struct Weights(Random);

impl Weights {
    fn next(&mut self, size: f32) -> f32 {
        self.0.next_f32() * size
    }

    fn some(&mut self, count: usize, size: f32) -> Vec<f32> {
        (0..count).map(|_| self.next(size)).collect()
    }

    /// Returns a row for each token: whether its last character is a likely one, its place, and
    /// noise.
    fn embedding(&mut self, tokens: &[Option<Vec<u8>>], width: usize) -> Vec<f32> {
        let mut rows = Vec::new();
        for token in tokens {
            let place =
                token.as_ref().map_or(0.0, |bytes| f32::from(bytes[bytes.len() - 1]) / 64.0 - 1.0);
            let near = if place.abs() < 0.25 { 1.5 } else { -0.5 };
            let mut row = self.some(width, 0.25);
            row[..3].copy_from_slice(&[near, 4.0 * place.clamp(-0.25, 0.25), place]);
            rows.extend(row);
        }
        rows
    }
}

/// The sizes of a Llama.
struct Shape {
    width: usize,
    layers: usize,
    queries: usize,
    keys: usize,
    inner: usize,
    tied: bool,
}

impl Shape {
    fn config(&self, vocabulary: usize, more: &str) -> String {
        let Shape { width, layers, inner, tied, .. } = self;
        format!(
            r#"{{
  "model_type": "llama", "vocab_size": {vocabulary}, "hidden_size": {width},
  "intermediate_size": {inner}, "num_hidden_layers": {layers}, "tie_word_embeddings": {tied},
  {more}
}}
"#
        )
    }

    fn safetensors(&self, tokens: &[Option<Vec<u8>>], bf16: bool) -> Vec<u8> {
        let &Shape { width, layers, queries, keys, inner, tied } = self;
        let mut weights = Weights(Random::new(width as u64));
        let mut tensors: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
        let mut add = |name: String, shape: &[usize], values| {
            tensors.push((name + ".weight", shape.to_vec(), values));
        };
        let size = [tokens.len(), width];
        let embedding = weights.embedding(tokens, width);
        if !tied {
            add("lm_head".into(), &size, embedding.clone());
        }
        add("model.embed_tokens".into(), &size, embedding);
        for layer in 0..layers {
            for (part, rows, columns) in [
                ("self_attn.q_proj", queries, width),
                ("self_attn.k_proj", keys, width),
                ("self_attn.v_proj", keys, width),
                ("self_attn.o_proj", width, queries),
                ("mlp.gate_proj", inner, width),
                ("mlp.up_proj", inner, width),
                ("mlp.down_proj", width, inner),
            ] {
                let values = weights.some(rows * columns, 0.3);
                add(format!("model.layers.{layer}.{part}"), &[rows, columns], values);
            }
            for part in ["input_layernorm", "post_attention_layernorm"] {
                let values = (0..width).map(|_| 1.0 + weights.next(0.25)).collect();
                add(format!("model.layers.{layer}.{part}"), &[width], values);
            }
        }
        let values = (0..width).map(|_| 1.0 + weights.next(0.25)).collect();
        add("model.norm".into(), &[width], values);

        let mut entries = Vec::new();
        let mut data: Vec<u8> = Vec::new();
        for (name, shape, values) in tensors {
            let begin = data.len();
            for value in values {
                let bytes = value.to_le_bytes();
                data.extend(if bf16 { &bytes[2..] } else { &bytes[..] });
            }
            let (kind, end) = (if bf16 { "BF16" } else { "F32" }, data.len());
            entries.push(format!(
                r#""{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#
            ));
        }
        let header = format!("{{{}}}", entries.join(","));
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
    }
}

// Tokens.

/// Merges, in order.
const MERGES: [(&str, &str); 12] = [
    ("@", "@"),
    ("@", "A"),
    ("A", "A"),
    ("?", "?"),
    ("?", "@"),
    ("A", "@"),
    (">", ">"),
    ("B", "B"),
    ("AA", "AA"),
    ("@@", "@@"),
    ("@A", "AA"),
    ("??", "@@"),
];

fn merged() -> impl Iterator<Item = String> {
    MERGES.into_iter().map(|(left, right)| format!("{left}{right}"))
}

fn merges() -> String {
    let merges: Vec<_> =
        MERGES.iter().map(|(left, right)| format!("[{left:?}, {right:?}]")).collect();
    merges.join(", ")
}

/// Returns merged tokens, then bytes. DEL is an added token: a text with it is coded character
/// by character.
fn byte_level_tokens() -> Vec<Option<Vec<u8>>> {
    let merged = merged().map(|text| Some(text.into_bytes()));
    let bytes = (0..127).chain(128..136).chain([127]).map(|byte| Some(vec![byte]));
    merged.chain(bytes).chain([None]).collect()
}

/// Returns the letter of a byte in the alphabet of GPT-2.
fn letter(byte: u8) -> char {
    let code = match byte {
        0..=0x20 => 0x100 + u32::from(byte),
        0x7F..=0xA0 => 0x121 + u32::from(byte - 0x7F),
        _ => u32::from(byte),
    };
    char::from_u32(code).expect("a letter")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn byte_level_tokenizer() -> String {
    let tokens = byte_level_tokens();
    let (last, beginning) = (tokens.len() - 2, tokens.len() - 1);
    let entries: Vec<_> = tokens[..last]
        .iter()
        .flatten()
        .enumerate()
        .map(|(number, bytes)| {
            let text: String = bytes.iter().copied().map(letter).collect();
            format!("{}: {number}", quoted(&text))
        })
        .collect();
    format!(
        r#"{{
  "added_tokens": [
    {{"id": {last}, "content": "\u007f", "special": false}},
    {{"id": {beginning}, "content": "<|begin_of_text|>", "special": true}}
  ],
  "pre_tokenizer": {{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}},
  "decoder": {{"type": "ByteLevel"}},
  "model": {{"type": "BPE", "vocab": {{{}}}, "merges": [{}]}}
}}
"#,
        entries.join(", "),
        merges()
    )
}

const SPECIAL: [&str; 3] = ["<unk>", "<s>", "</s>"];

/// Returns special tokens, bytes, pieces of one character, and merged tokens.
fn piece_tokens() -> Vec<Option<Vec<u8>>> {
    let bytes = (0..128).chain(b'0'..=b'P').chain([b' ']).map(|byte| Some(vec![byte]));
    let merged = merged().map(|text| Some(text.into_bytes()));
    SPECIAL.iter().map(|_| None).chain(bytes).chain(merged).collect()
}

fn piece_tokenizer() -> String {
    let names = SPECIAL.map(String::from).into_iter();
    let named = (0..128).map(|byte| format!("<0x{byte:02X}>"));
    let pieces = (b'0'..=b'P').map(|byte| char::from(byte).to_string());
    let pieces = pieces.chain(["\u{2581}".to_owned()]).chain(merged());
    let entries: Vec<_> = names
        .chain(named)
        .chain(pieces)
        .enumerate()
        .map(|(number, text)| format!("{}: {number}", quoted(&text)))
        .collect();
    let special: Vec<_> = SPECIAL
        .iter()
        .enumerate()
        .map(|(id, name)| format!(r#"{{"id": {id}, "content": "{name}", "special": true}}"#))
        .collect();
    format!(
        r#"{{
  "added_tokens": [{}],
  "normalizer": {{"type": "Replace", "pattern": {{"String": " "}}, "content": "▁"}},
  "model": {{"type": "BPE", "unk_token": "<unk>", "byte_fallback": true,
    "vocab": {{{}}}, "merges": [{}]}}
}}
"#,
        special.join(", "),
        entries.join(", "),
        merges()
    )
}

// The byte transformer.

fn byte_transformer() -> Vec<u8> {
    const VOCABULARY: usize = 136;
    const WIDTH: usize = 16;
    const INNER: usize = 40;
    let mut weights = Weights(Random::new(8));
    let mut arrays: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
    let counted = |module: &str, number: usize| match number {
        0 => module.to_owned(),
        _ => format!("{module}_{number}"),
    };
    let mut add = |name: String, shape: &[usize], values| {
        arrays.push((name, shape.to_vec(), values));
    };
    let tokens: Vec<_> = (0..VOCABULARY).map(|byte| Some(vec![byte as u8])).collect();
    let likely = weights.embedding(&tokens, WIDTH);
    let mut embedding = likely.clone();
    embedding.iter_mut().for_each(|value| *value *= 0.5);
    add("embed/embeddings".into(), &[VOCABULARY, WIDTH], embedding);
    for layer in 0..2 {
        let attention = counted("multi_head_dot_product_attention", layer);
        for part in 0..4 {
            let name = format!("{attention}/{}/w", counted("linear", part));
            add(name, &[WIDTH, WIDTH], weights.some(WIDTH * WIDTH, 0.3));
        }
        for (part, inputs, outputs) in [(0, WIDTH, INNER), (1, INNER, WIDTH)] {
            let name = counted("linear", 2 * layer + part);
            add(format!("{name}/w"), &[inputs, outputs], weights.some(inputs * outputs, 0.3));
            add(format!("{name}/b"), &[outputs], weights.some(outputs, 0.2));
            let name = counted("layer_norm", 2 * layer + part);
            let scale = (0..WIDTH).map(|_| 1.0 + weights.next(0.25)).collect();
            add(format!("{name}/scale"), &[WIDTH], scale);
            add(format!("{name}/offset"), &[WIDTH], weights.some(WIDTH, 0.2));
        }
    }
    let turned =
        (0..WIDTH * VOCABULARY).map(|at| likely[at % VOCABULARY * WIDTH + at / VOCABULARY]);
    let likelihood = (0..VOCABULARY).map(|token| likely[token * WIDTH] + weights.next(0.2));
    let likelihood: Vec<f32> = likelihood.collect();
    add("linear_4/w".into(), &[WIDTH, VOCABULARY], turned.collect());
    add("linear_4/b".into(), &[VOCABULARY], likelihood);
    zip(arrays.iter().map(|(name, shape, values)| (format!("{name}.npy"), npy(shape, values))))
}

fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let shape = format!("{shape:?},").replace(['[', ']'], "");
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Returns a zip archive of stored members.
fn zip(members: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let (mut bytes, mut directory, mut count) = (Vec::new(), Vec::new(), 0u16);
    for (name, data) in members {
        let length = (data.len() as u32).to_le_bytes();
        // Version 2.0, no flags, stored, the first of January 1980.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc(None, &data).to_le_bytes());
        common.extend([length, length].concat());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.bytes());
        bytes.extend(data);
        count += 1;
    }
    let start = (bytes.len() as u32).to_le_bytes();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start);
    bytes.extend([0, 0]);
    bytes
}

//! GGUF files.

use std::fs;
use std::path::{Path, PathBuf};

use lmac::language::TensorKind;

use super::{Float, Tiny, Values, half};
use crate::tokenizers::{self, byte_level, pieces};

const ALIGNMENT: usize = 32;

/// Writes a file whose matrices are stored in this kind. Kinds with few bits need weights that are
/// whole numbers of few bits over [`Tiny::part`]: -2 to 1 for all of them.
pub fn file(path: &Path, tiny: &Tiny, kind: TensorKind) {
    let tensors = named(tiny);
    fs::write(path, bytes(&[], tiny, &tensors, kind)).unwrap();
}

/// Writes a model into this many files; returns the path of the first.
pub fn split(folder: &Path, tiny: &Tiny, kind: TensorKind, parts: usize) -> PathBuf {
    let tensors = named(tiny);
    let path = |number: usize| folder.join(format!("tiny-{:05}-of-{parts:05}.gguf", number + 1));
    for (number, part) in tensors.chunks(tensors.len().div_ceil(parts)).enumerate() {
        let mut pairs = Pairs::default();
        pairs.number_16("split.no", number).number_16("split.count", parts);
        fs::write(path(number), bytes(&[pairs], tiny, part, kind)).unwrap();
    }
    path(0)
}

fn bytes(more: &[Pairs], tiny: &Tiny, tensors: &[Values], kind: TensorKind) -> Vec<u8> {
    let metadata = metadata(tiny);
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3u32.to_le_bytes());
    bytes.extend((tensors.len() as u64).to_le_bytes());
    let count = metadata.count + more.iter().map(|pairs| pairs.count).sum::<u64>();
    bytes.extend(count.to_le_bytes());
    bytes.extend(metadata.bytes);
    more.iter().for_each(|pairs| bytes.extend(&pairs.bytes));
    let mut data: Vec<u8> = Vec::new();
    for tensor in tensors {
        data.resize(data.len().next_multiple_of(ALIGNMENT), 0);
        // Vectors always are plain floats.
        let kind = if tensor.shape.len() > 1 { kind } else { TensorKind::F32 };
        bytes.extend(text(&tensor.name));
        bytes.extend((tensor.shape.len() as u32).to_le_bytes());
        tensor.shape.iter().rev().for_each(|&length| bytes.extend((length as u64).to_le_bytes()));
        bytes.extend(number(kind).to_le_bytes());
        bytes.extend((data.len() as u64).to_le_bytes());
        data.extend(stored(tensor, kind, tiny.part));
    }
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    bytes.extend(data);
    bytes
}

fn metadata(tiny: &Tiny) -> Pairs {
    let mut pairs = Pairs::default();
    pairs.text("general.architecture", "llama").text("general.name", "tiny");
    pairs.number_32("general.alignment", ALIGNMENT);
    pairs.number_32("llama.block_count", tiny.layers);
    pairs.number_32("llama.context_length", tiny.positions);
    pairs.number_32("llama.embedding_length", tiny.width);
    pairs.number_32("llama.feed_forward_length", tiny.feed_forward);
    pairs.number_32("llama.attention.head_count", tiny.heads);
    pairs.number_32("llama.attention.head_count_kv", tiny.key_heads);
    pairs.number_32("llama.attention.key_length", tiny.head_width);
    pairs.number_32("llama.attention.value_length", tiny.head_width);
    pairs.number_32("llama.rope.dimension_count", tiny.head_width);
    pairs.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
    pairs.float("llama.rope.freq_base", tiny.rope_base() as f32);
    let tokens = if tiny.third { byte_level::gguf() } else { pieces::gguf() };
    let tokenizers::Gguf { model, pre, tokens, scores, types, merges, beginning } = tokens;
    pairs.text("tokenizer.ggml.model", model);
    if let Some(pre) = pre {
        pairs.text("tokenizer.ggml.pre", pre);
    }
    pairs.texts("tokenizer.ggml.tokens", &tokens);
    if !scores.is_empty() {
        let scores: Vec<u8> = scores.iter().flat_map(|score| score.to_le_bytes()).collect();
        pairs.list("tokenizer.ggml.scores", 6, tokens.len(), &scores);
    }
    let types: Vec<u8> = types.iter().flat_map(|kind| kind.to_le_bytes()).collect();
    pairs.list("tokenizer.ggml.token_type", 5, tokens.len(), &types);
    if !merges.is_empty() {
        pairs.texts("tokenizer.ggml.merges", &merges);
    }
    pairs.number_32("tokenizer.ggml.bos_token_id", beginning as usize);
    pairs
}

/// Keys and values.
#[derive(Debug, Default)]
struct Pairs {
    bytes: Vec<u8>,
    count: u64,
}

impl Pairs {
    fn pair(&mut self, key: &str, kind: u32, value: &[u8]) -> &mut Self {
        self.bytes.extend(text(key));
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(value);
        self.count += 1;
        self
    }

    fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.pair(key, 8, &text(value))
    }

    fn number_16(&mut self, key: &str, value: usize) -> &mut Self {
        self.pair(key, 2, &(value as u16).to_le_bytes())
    }

    fn number_32(&mut self, key: &str, value: usize) -> &mut Self {
        self.pair(key, 4, &(value as u32).to_le_bytes())
    }

    fn float(&mut self, key: &str, value: f32) -> &mut Self {
        self.pair(key, 6, &value.to_le_bytes())
    }

    fn list(&mut self, key: &str, kind: u32, count: usize, values: &[u8]) -> &mut Self {
        let count = (count as u64).to_le_bytes();
        self.pair(key, 9, &[&kind.to_le_bytes(), count.as_slice(), values].concat())
    }

    fn texts(&mut self, key: &str, texts: &[String]) -> &mut Self {
        let values: Vec<u8> = texts.iter().flat_map(|value| text(value)).collect();
        self.list(key, 8, texts.len(), &values)
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// Returns the tensors by GGUF's names, with heads that are rotated in neighbours.
fn named(tiny: &Tiny) -> Vec<Values> {
    let rename = |mut tensor: Values| {
        if tensor.name.ends_with("query") || tensor.name.ends_with("key") {
            tensor = tensor.as_neighbours(tiny.head_width);
        }
        tensor.name = match tensor.name.as_str() {
            "embedding" => "token_embd.weight".into(),
            "norm" => "output_norm.weight".into(),
            "head" => "output.weight".into(),
            layer => {
                let (layer, part) = layer.rsplit_once('.').unwrap();
                let part = match part {
                    "attention_norm" => "attn_norm",
                    "query" => "attn_q",
                    "key" => "attn_k",
                    "value" => "attn_v",
                    "output" => "attn_output",
                    "feed_norm" => "ffn_norm",
                    "gate" => "ffn_gate",
                    "up" => "ffn_up",
                    "down" => "ffn_down",
                    other => panic!("{other}"),
                };
                format!("{}.{part}.weight", layer.replace("layers", "blk"))
            }
        };
        tensor
    };
    let mut tensors: Vec<Values> = tiny.tensors().into_iter().map(rename).collect();
    if tiny.third {
        let values = tiny.rope_factors();
        tensors.push(Values {
            name: "rope_freqs.weight".into(),
            shape: vec![values.len()],
            values,
        });
    }
    tensors
}

/// Returns the format's number of a kind.
fn number(kind: TensorKind) -> u32 {
    match kind {
        TensorKind::F32 => 0,
        TensorKind::F16 => 1,
        TensorKind::Q4_0 => 2,
        TensorKind::Q4_1 => 3,
        TensorKind::Q5_0 => 6,
        TensorKind::Q5_1 => 7,
        TensorKind::Q8_0 => 8,
        TensorKind::Q2K => 10,
        TensorKind::Q3K => 11,
        TensorKind::Q4K => 12,
        TensorKind::Q5K => 13,
        TensorKind::Q6K => 14,
        TensorKind::BF16 => 30,
        other => panic!("{other:?}"),
    }
}

/// Returns the bytes of a tensor in this kind, which is exact.
fn stored(tensor: &Values, kind: TensorKind, part: f32) -> Vec<u8> {
    match kind {
        TensorKind::F32 => return tensor.bytes(Float::F32),
        TensorKind::F16 => return tensor.bytes(Float::F16),
        TensorKind::BF16 => return tensor.bytes(Float::BF16),
        _ => {}
    }
    let scale = half(1.0 / part).to_le_bytes();
    let numbers: Vec<i32> = tensor.values.iter().map(|value| (value * part) as i32).collect();
    numbers.chunks(kind.block()).flat_map(|block| packed(block, kind, scale)).collect()
}

/// Returns a block of these numbers times `scale`.
fn packed(numbers: &[i32], kind: TensorKind, scale: [u8; 2]) -> Vec<u8> {
    // A number is added to make all positive; kinds with offsets subtract it again, as a
    // multiple of the scale.
    let raised = |by: i32| -> Vec<u8> {
        numbers.iter().map(|number| u8::try_from(number + by).unwrap()).collect()
    };
    let taken = |times: f32| half(f32::from_bits(0) - times * unhalf(scale)).to_le_bytes();
    match kind {
        TensorKind::Q8_0 => {
            let bytes: Vec<u8> = numbers.iter().map(|&q| i8::try_from(q).unwrap() as u8).collect();
            [scale.as_slice(), &bytes].concat()
        }
        TensorKind::Q4_0 => [scale.as_slice(), &nibbles(&raised(8))].concat(),
        TensorKind::Q4_1 => {
            [scale, taken(8.0)].concat().into_iter().chain(nibbles(&raised(8))).collect()
        }
        TensorKind::Q5_0 => {
            let all = raised(16);
            [scale.as_slice(), &fifths(&all), &nibbles(&all)].concat()
        }
        TensorKind::Q5_1 => {
            let all = raised(16);
            [scale.as_slice(), &taken(16.0), &fifths(&all), &nibbles(&all)].concat()
        }
        TensorKind::Q2K => {
            let mut stored = vec![0; 64];
            for (at, q) in raised(2).into_iter().enumerate() {
                assert!(q < 4);
                stored[at / 128 * 32 + at % 32] |= q << (at % 128 / 32 * 2);
            }
            // Each group's scale is 1, and its offset 2.
            [&[0x21; 16], stored.as_slice(), &scale, &scale].concat()
        }
        TensorKind::Q3K => {
            let (mut thirds, mut stored) = (vec![0; 32], vec![0; 64]);
            for (at, q) in raised(4).into_iter().enumerate() {
                assert!(q < 8);
                stored[at / 128 * 32 + at % 32] |= (q & 3) << (at % 128 / 32 * 2);
                thirds[at % 32] |= (q >> 2) << (at / 32);
            }
            // Each group's scale is 1, raised by 32: 1 in the lower bits, 2 in the upper.
            [thirds.as_slice(), &stored, &[0x11; 8], &[0xAA; 4], &scale].concat()
        }
        TensorKind::Q4K => {
            let all = raised(8);
            [scale.as_slice(), &scale, &groups(1, 8), &pairs_of_groups(&all)].concat()
        }
        TensorKind::Q5K => {
            let all = raised(16);
            let mut fifths = vec![0; 32];
            for (at, q) in all.iter().enumerate() {
                fifths[at % 32] |= (q >> 4) << (at / 32);
            }
            [scale.as_slice(), &scale, &groups(1, 16), &fifths, &pairs_of_groups(&all)].concat()
        }
        TensorKind::Q6K => {
            let (mut lower, mut upper) = (vec![0; 128], vec![0; 64]);
            for (at, q) in raised(32).into_iter().enumerate() {
                let (half, part, place) = (at / 128, at % 128 / 32, at % 32);
                lower[half * 64 + part % 2 * 32 + place] |= (q & 15) << (part / 2 * 4);
                upper[half * 32 + place] |= (q >> 4) << (part * 2);
            }
            [lower.as_slice(), &upper, &[1; 16], &scale].concat()
        }
        other => panic!("{other:?}"),
    }
}

/// A scale as a float: it is a power of two.
fn unhalf(bytes: [u8; 2]) -> f32 {
    2f32.powi(i32::from(u16::from_le_bytes(bytes) >> 10) - 15)
}

fn nibbles(all: &[u8]) -> Vec<u8> {
    (0..16).map(|at| (all[at] & 15) | (all[at + 16] & 15) << 4).collect()
}

fn fifths(all: &[u8]) -> [u8; 4] {
    let bits = all.iter().enumerate().fold(0u32, |bits, (at, q)| bits | u32::from(q >> 4) << at);
    bits.to_le_bytes()
}

/// The same scale and offset for all eight groups, of four and five bits at most.
fn groups(scale: u8, offset: u8) -> Vec<u8> {
    let mut packed = vec![scale | scale >> 4 << 6; 4];
    packed.extend([offset | offset >> 4 << 6; 4]);
    packed.extend([(scale & 15) | (offset & 15) << 4; 4]);
    packed
}

/// Lower halves of bytes for one group of 32, upper halves for the next.
fn pairs_of_groups(all: &[u8]) -> Vec<u8> {
    let (pairs, _) = all.as_chunks::<64>();
    pairs
        .iter()
        .flat_map(|pair| (0..32).map(|at| (pair[at] & 15) | (pair[at + 32] & 15) << 4))
        .collect()
}

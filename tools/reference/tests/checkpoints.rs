//! Checkpoints are read as candle reads them, bit for bit, and files that candle writes can be read.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Content};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor, pickle, safetensors};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Llama, LlamaConfig};
use candle_transformers::models::quantized_llama::ModelWeights;
use lmac::language::{ExpectedTensor, LanguageModel, ModelParts, TensorKind};
use lmac::{Precision, checkpoint};
use lmac_reference::hugging_face_name;
use lmac_support::models::{Float, Tiny, TinyBytes, gguf, huggingface, meta, npz};

type Tensors = HashMap<String, Tensor>;

/// The largest difference between logits, relative to the largest logit.
const ROUNDING: f32 = 2e-5;

#[test]
fn safetensors_in_one_file_and_in_several() {
    for tiny in models() {
        let folder = tempfile::tempdir().unwrap();
        huggingface::single(folder.path(), &tiny);
        assert_same(folder.path(), &all_safetensors(folder.path()), hugging_face);

        let folder = tempfile::tempdir().unwrap();
        huggingface::sharded(folder.path(), &tiny, 3);
        assert_same(folder.path(), &all_safetensors(folder.path()), hugging_face);
    }
}

#[test]
fn torch_files() {
    for tiny in models() {
        let folder = tempfile::tempdir().unwrap();
        huggingface::pickled(folder.path(), &tiny);
        let theirs = pickle::read_all(folder.path().join("pytorch_model.bin")).unwrap();
        assert_same(folder.path(), &theirs.into_iter().collect(), hugging_face);

        let folder = tempfile::tempdir().unwrap();
        meta::folder(folder.path(), &tiny, 1);
        let theirs = pickle::read_all(folder.path().join("consolidated.00.pth")).unwrap();
        let head_width = tiny.head_width;
        assert_same(folder.path(), &theirs.into_iter().collect(), |theirs, name| {
            in_halves(&theirs[&by_meta(name)], name, head_width)
        });
    }
}

#[test]
fn arrays_of_numpy() {
    let tiny = TinyBytes::default();
    let folder = tempfile::tempdir().unwrap();
    for form in [npz::Form::Plain, npz::Form::Halves] {
        let path = folder.path().join("params.npz");
        npz::file(&path, &tiny, form);
        let theirs: Tensors = Tensor::read_npz(&path).unwrap().into_iter().collect();
        assert_same(&path, &theirs, |theirs, name| {
            let haiku = by_haiku(name, tiny.layers);
            let tensor = theirs.get(&haiku).unwrap_or_else(|| panic!("{haiku}"));
            if haiku.ends_with("/w") { tensor.t().unwrap() } else { tensor.clone() }
        });
    }
}

#[test]
fn gguf_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for &kind in TensorKind::ALL {
        let tiny = Tiny { feed_forward: 256, numbers: (-2, 1), part: 8.0, ..wide() };
        gguf::file(&path, &tiny, kind);
        assert_same_as_gguf(&path, tiny.head_width);
    }
}

#[test]
fn safetensors_that_candle_writes() {
    for kind in [DType::F32, DType::F16, DType::BF16] {
        let folder = tempfile::tempdir().unwrap();
        huggingface::single(folder.path(), &Tiny::default());
        let path = folder.path().join("model.safetensors");
        let mut theirs = safetensors::load(&path, &Device::Cpu).unwrap();
        for tensor in theirs.values_mut() {
            // Values that need rounding.
            *tensor = (&*tensor / 3.0).unwrap().to_dtype(kind).unwrap();
        }
        safetensors::save(&theirs, &path).unwrap();
        assert_same(folder.path(), &theirs, hugging_face);
    }
}

#[test]
fn gguf_files_that_candle_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    let tiny = Tiny { feed_forward: 512, ..wide() };
    let kinds = [
        GgmlDType::F32,
        GgmlDType::F16,
        GgmlDType::BF16,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];
    for kind in kinds {
        gguf::file(&path, &tiny, TensorKind::F32);
        let (content, tensors) = all_of_gguf(&path);
        let quantised: Vec<(String, QTensor)> = tensors
            .into_iter()
            .map(|(name, tensor)| {
                let kind = if tensor.rank() > 1 { kind } else { GgmlDType::F32 };
                (name, QTensor::quantize(&tensor, kind).unwrap())
            })
            .collect();
        let metadata: Vec<_> =
            content.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<_> =
            quantised.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let mut file = BufWriter::new(File::create(&path).unwrap());
        gguf_file::write(&mut file, &metadata, &tensors).unwrap();
        drop(file);
        assert_same_as_gguf(&path, tiny.head_width);
    }
}

#[test]
fn a_hugging_face_folder_gives_the_logits_of_candles_llama() {
    for tiny in models() {
        let folder = tempfile::tempdir().unwrap();
        huggingface::single(folder.path(), &tiny);
        let config = fs::read(folder.path().join("config.json")).unwrap();
        let config: LlamaConfig = serde_json::from_slice(&config).unwrap();
        let config = config.into_config(false);
        let weights = all_safetensors(folder.path());
        let weights = weights.into_iter().map(|(name, tensor)| (name, single(&tensor))).collect();
        let variables = VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu);
        let model = Llama::load(variables, &config).unwrap();
        assert_logits(folder.path(), |tokens| {
            let mut cache = Cache::new(true, DType::F32, &config, &Device::Cpu).unwrap();
            model.forward(tokens, 0, &mut cache).unwrap()
        });
    }
}

#[test]
fn a_gguf_file_gives_the_logits_of_candles_llama() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for tiny in models() {
        // candle knows no factors of frequencies in such files.
        let tiny = Tiny { third: false, ..tiny };
        for kind in [TensorKind::F32, TensorKind::F16] {
            gguf::file(&path, &tiny, kind);
            let mut file = BufReader::new(File::open(&path).unwrap());
            let content = Content::read(&mut file).unwrap();
            let mut model = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
            assert_logits(&path, |tokens| model.forward(tokens, 0).unwrap());
        }
    }
}

/// A model whose rows are whole blocks of every kind.
fn wide() -> Tiny {
    Tiny { width: 256, head_width: 64, ..Tiny::default() }
}

fn models() -> [Tiny; 3] {
    [
        Tiny::default(),
        Tiny { float: Float::BF16, tied: true, ..Tiny::default() },
        Tiny {
            float: Float::F16,
            third: false,
            layers: 1,
            heads: 2,
            head_width: 16,
            ..Tiny::default()
        },
    ]
}

/// Asserts that every tensor of the checkpoint at `path` has the bits of the one that `find` gets
/// from `theirs`.
fn assert_same(path: &Path, theirs: &Tensors, find: impl Fn(&Tensors, &str) -> Tensor) {
    let mut checkpoint = checkpoint::open(path).unwrap();
    for expected in checkpoint.architecture.tensors() {
        let ExpectedTensor { name, shape } = &expected;
        let ours = checkpoint.tensors.tensor(&expected).unwrap();
        let theirs = find(theirs, name);
        assert_eq!(ours.shape(), theirs.dims(), "{name}");
        assert_eq!(ours.shape(), shape, "{name}");
        let theirs: Vec<f32> = single(&theirs).flatten_all().unwrap().to_vec1().unwrap();
        let mut row = vec![0.0; ours.columns()];
        for (number, theirs) in theirs.chunks(row.len()).enumerate() {
            ours.row(number, &mut row);
            let same = row.iter().zip(theirs).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{name}, row {number} in {}", path.display());
        }
    }
}

fn assert_same_as_gguf(path: &Path, head_width: usize) {
    assert_same(path, &all_of_gguf(path).1, |theirs, name| {
        in_halves(&theirs[&by_gguf(name)], name, head_width)
    });
}

/// Asserts that the logits of the last token are candle's.
fn assert_logits(path: &Path, theirs: impl FnOnce(&Tensor) -> Tensor) {
    let mut checkpoint = checkpoint::open(path).unwrap();
    let parts = ModelParts {
        name: checkpoint.name,
        architecture: checkpoint.architecture,
        vocabulary: checkpoint.vocabulary,
        tokenizer: checkpoint.tokenizer,
        tensors: checkpoint.tensors.as_mut(),
        hash: Some([0; 32]),
    };
    let model = LanguageModel::new(parts, Precision::F32).unwrap();
    let size = model.vocabulary().len() as u32;
    let tokens: Vec<u32> = (0..200).map(|at| (at * at * 13 + 5) % size).collect();
    let mut ours = Vec::new();
    let mut evaluator = model.evaluator(1, tokens.len());
    evaluator.advance(&[&tokens], |_, _, logits| ours = logits.to_vec()).unwrap();
    let tokens = Tensor::new(tokens.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let theirs: Vec<f32> = theirs(&tokens).flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().map(|logit| logit.abs()).fold(0.0, f32::max);
    for (token, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        assert!((our - their).abs() <= ROUNDING * largest, "{token}: {our} and {their}");
    }
}

fn all_safetensors(folder: &Path) -> Tensors {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|is| is == "safetensors"));
    files.flat_map(|path| safetensors::load(path, &Device::Cpu).unwrap()).collect()
}

fn all_of_gguf(path: &Path) -> (Content, Tensors) {
    let mut file = BufReader::new(File::open(path).unwrap());
    let content = Content::read(&mut file).unwrap();
    let names: Vec<String> = content.tensor_infos.keys().cloned().collect();
    let tensors = names.into_iter().map(|name| {
        let tensor = content.tensor(&mut file, &name, &Device::Cpu).unwrap();
        (name, tensor.dequantize(&Device::Cpu).unwrap())
    });
    let tensors = tensors.collect();
    (content, tensors)
}

fn single(tensor: &Tensor) -> Tensor {
    tensor.to_dtype(DType::F32).unwrap()
}

fn hugging_face(theirs: &Tensors, name: &str) -> Tensor {
    theirs[&hugging_face_name(name)].clone()
}

/// Reorders the rows of heads that are rotated in neighbours to those rotated in halves.
fn in_halves(tensor: &Tensor, name: &str, head_width: usize) -> Tensor {
    if !name.ends_with("query") && !name.ends_with("key") {
        return tensor.clone();
    }
    let (rows, columns) = tensor.dims2().unwrap();
    let pairs = tensor.reshape((rows / head_width, head_width / 2, 2, columns)).unwrap();
    pairs.transpose(1, 2).unwrap().contiguous().unwrap().reshape((rows, columns)).unwrap()
}

fn by_meta(name: &str) -> String {
    let parts = [
        ("embedding", "tok_embeddings"),
        ("head", "output"),
        ("query", "attention.wq"),
        ("key", "attention.wk"),
        ("value", "attention.wv"),
        ("output", "attention.wo"),
        ("feed_norm", "ffn_norm"),
        ("gate", "feed_forward.w1"),
        ("up", "feed_forward.w3"),
        ("down", "feed_forward.w2"),
    ];
    renamed(name, "layers", &parts) + ".weight"
}

fn by_gguf(name: &str) -> String {
    let parts = [
        ("embedding", "token_embd"),
        ("head", "output"),
        ("norm", "output_norm"),
        ("attention_norm", "attn_norm"),
        ("query", "attn_q"),
        ("key", "attn_k"),
        ("value", "attn_v"),
        ("output", "attn_output"),
        ("feed_norm", "ffn_norm"),
        ("gate", "ffn_gate"),
        ("up", "ffn_up"),
        ("down", "ffn_down"),
    ];
    renamed(name, "blk", &parts) + ".weight"
}

fn by_haiku(name: &str, layers: usize) -> String {
    let counted = |module: &str, number: usize| match number {
        0 => module.to_owned(),
        _ => format!("{module}_{number}"),
    };
    let Some(rest) = name.strip_prefix("layers.") else {
        return match name {
            "embedding" => "embed/embeddings".into(),
            "head" => counted("linear", 2 * layers) + "/w",
            _ => counted("linear", 2 * layers) + "/b",
        };
    };
    let (layer, part) = rest.split_once('.').unwrap();
    let layer: usize = layer.parse().unwrap();
    let attention = |linear| {
        format!(
            "{}/{}/w",
            counted("multi_head_dot_product_attention", layer),
            counted("linear", linear)
        )
    };
    match part {
        "query" => attention(0),
        "key" => attention(1),
        "value" => attention(2),
        "output" => attention(3),
        "up" => counted("linear", 2 * layer) + "/w",
        "up.bias" => counted("linear", 2 * layer) + "/b",
        "down" => counted("linear", 2 * layer + 1) + "/w",
        "down.bias" => counted("linear", 2 * layer + 1) + "/b",
        norm => {
            let (norm, leaf) = norm.split_once('.').unwrap();
            counted("layer_norm", 2 * layer + usize::from(norm == "feed_norm")) + "/" + leaf
        }
    }
}

/// A canonical name with another word for the layers and for some parts.
fn renamed(name: &str, layers: &str, parts: &[(&str, &str)]) -> String {
    let (before, part) = match name.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
        Some((layer, part)) => (format!("{layers}.{layer}."), part),
        None => (String::new(), name),
    };
    let known = parts.iter().find(|(from, _)| *from == part);
    before + known.map_or(part, |(_, to)| to)
}

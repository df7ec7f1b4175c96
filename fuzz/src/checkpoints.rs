//! Checkpoints with one file changed.

use std::fs;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use lmac::checkpoint::{self, Checkpoint};
use lmac::language::{LanguageModel, LanguageOptions, ModelParts, TensorKind};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, Precision, Preset, SampleFormat,
};
use lmac_support::models::{Float, Tiny, TinyBytes, gguf, huggingface, meta, npz};
use lmac_support::vectors;

/// A good checkpoint, and the file in it to change.
#[derive(Debug)]
pub struct Breakable {
    checkpoint: PathBuf,
    file: PathBuf,
}

/// Texts for tokenizers, beside one from the file itself.
const TEXTS: [&[u8]; 4] = [
    b"",
    b" the then he  the\tthe 0123 @A@A@ don't\r\n\r\n  x",
    b"<s>a</s> <unk><0x41><|begin_of_text|>\0\x01\x7F~?",
    b"@@@A?????@AAAAB>>>>@@@@",
];

impl Breakable {
    /// Writes a checkpoint with `write`, which gets an empty folder and gives the names
    /// below it of the checkpoint and of the file to change.
    fn new(write: impl FnOnce(&Path) -> (&'static str, &'static str)) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("lmac-fuzz-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let (checkpoint, file) = write(&folder);
        Breakable { checkpoint: folder.join(checkpoint), file: folder.join(file) }
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.file).unwrap()
    }

    /// Changes the file, and opens the checkpoint.
    pub fn open(&self, bytes: &[u8]) -> Option<Checkpoint> {
        // In place, as the other files stay.
        let mut file = fs::File::options().write(true).open(&self.file).unwrap();
        file.rewind().unwrap();
        file.write_all(bytes).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
        match checkpoint::open(&self.checkpoint) {
            Ok(checkpoint) => Some(checkpoint),
            Err(error) => {
                let folder = self.file.parent().unwrap().to_str().unwrap();
                assert!(error.to_string().starts_with(folder), "{error}");
                None
            }
        }
    }
}

/// Opens one of these checkpoints, which the first byte chooses, with its file changed; reads
/// its tensors, and codes audio with its model.
pub fn open_and_use(all: &[Breakable], data: &[u8]) {
    let Some((&which, bytes)) = data.split_first() else { return };
    let Some(mut checkpoint) = all[usize::from(which) % all.len()].open(bytes) else { return };
    cut_texts(&checkpoint, bytes);
    let mut row = Vec::new();
    for expected in checkpoint.architecture.tensors() {
        let Ok(tensor) = checkpoint.tensors.tensor(&expected) else { return };
        assert_eq!(tensor.shape(), expected.shape);
        row.resize(tensor.columns(), 0.0);
        (0..tensor.rows()).for_each(|number| tensor.row(number, &mut row));
    }
    let precision = if which < 128 { Precision::F32 } else { Precision::Int8 };
    let Checkpoint { name, architecture, vocabulary, tokenizer, mut tensors } = checkpoint;
    let tensors = tensors.as_mut();
    let parts = ModelParts { name, architecture, vocabulary, tokenizer, tensors, hash: None };
    if let Ok(model) = LanguageModel::new(parts, precision) {
        round_trip(&model);
    }
}

/// Opens one of these checkpoints with its file changed, and cuts texts with its tokenizer.
pub fn open_and_cut(all: &[Breakable], data: &[u8]) {
    let Some((&which, bytes)) = data.split_first() else { return };
    if let Some(checkpoint) = all[usize::from(which) % all.len()].open(bytes) {
        cut_texts(&checkpoint, bytes);
    }
}

/// Asserts that tokens are in the vocabulary, which has one for each character.
fn cut_texts(checkpoint: &Checkpoint, bytes: &[u8]) {
    let vocabulary = &checkpoint.vocabulary;
    assert_eq!(vocabulary.len(), checkpoint.architecture.vocabulary());
    assert!((vocabulary.beginning() as usize) < vocabulary.len());
    for (character, &token) in (0..).zip(vocabulary.characters()) {
        assert_eq!(vocabulary.bytes(token), Some(&[character][..]));
    }
    let Some(tokenizer) = &checkpoint.tokenizer else { return };
    let own: Vec<u8> = bytes.iter().rev().take(100).map(|byte| byte & 127).collect();
    for text in TEXTS.into_iter().chain([own.as_slice()]) {
        let tokens = tokenizer.tokens(text);
        assert!(tokens.iter().all(|&token| (token as usize) < vocabulary.len()));
    }
}

/// Asserts that audio comes back with this model.
fn round_trip(model: &LanguageModel) {
    let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
    let pcm: Vec<u8> = (0..60u8).map(|at| 128 ^ (at % 7)).collect();
    let options = LanguageOptions::default().with_lockstep(2).with_context(24);
    let options = EncodeOptions::default().with_model(model.clone(), options);
    // Chunks that the model makes larger are stored, which takes no time.
    let options = options.with_preset(Preset::Store);
    // The model may have too few positions.
    let Ok(mut encoder) = Encoder::with_options(Vec::new(), spec, options) else { return };
    encoder.write_all(&pcm).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let options = DecodeOptions::default().with_model(model.clone());
    let mut decoder = Decoder::with_options(stream.as_slice(), options).unwrap();
    let mut back = Vec::new();
    decoder.read_to_end(&mut back).unwrap();
    assert_eq!(back, pcm);
}

/// Returns a model of a few thousand weights. The tokenizer of Llama 3 is slow to open: its
/// pattern is compiled each time.
fn tiny(third: bool) -> Tiny {
    Tiny {
        width: 8,
        layers: 1,
        heads: 2,
        key_heads: 1,
        head_width: 4,
        feed_forward: 8,
        tied: true,
        third,
        positions: 64,
        float: Float::F16,
        ..Tiny::default()
    }
}

/// Returns folders of Hugging Face: configuration, index and weights.
pub fn in_huggingface_folders() -> Vec<Breakable> {
    let file = |name| {
        Breakable::new(|folder| {
            huggingface::single(folder, &tiny(false));
            (".", name)
        })
    };
    let sharded = |name| {
        Breakable::new(|folder| {
            huggingface::sharded(folder, &tiny(false), 2);
            (".", name)
        })
    };
    vec![
        file("config.json"),
        file("model.safetensors"),
        sharded("config.json"),
        sharded("model.safetensors.index.json"),
        sharded("model-00001-of-00002.safetensors"),
    ]
}

/// Returns files of torch, in folders of Hugging Face and Meta.
pub fn in_pickles() -> Vec<Breakable> {
    let meta = |file, parts| {
        Breakable::new(|folder| {
            meta::folder(folder, &tiny(false), parts);
            (".", file)
        })
    };
    vec![
        Breakable::new(|folder| {
            huggingface::pickled(folder, &tiny(false));
            (".", "pytorch_model.bin")
        }),
        meta("params.json", 1),
        meta("consolidated.00.pth", 1),
        meta("params.json", 2),
        meta("consolidated.01.pth", 2),
    ]
}

/// Returns GGUF files, alone and in parts.
pub fn in_gguf_files() -> Vec<Breakable> {
    let single = |kind: TensorKind| {
        Breakable::new(|folder| {
            let numbers = match kind {
                TensorKind::Q4_0 | TensorKind::Q4_1 => (-8, 7),
                TensorKind::Q5_0 | TensorKind::Q5_1 => (-16, 15),
                _ => (-127, 127),
            };
            let (width, head_width) = (kind.block().max(8), kind.block().max(8) / 2);
            let feed_forward = width;
            let tiny = Tiny { width, head_width, feed_forward, numbers, ..tiny(false) };
            gguf::file(&folder.join("tiny.gguf"), &tiny, kind);
            ("tiny.gguf", "tiny.gguf")
        })
    };
    let part = |file| {
        Breakable::new(|folder| {
            gguf::split(folder, &tiny(false), TensorKind::F16, 2);
            ("tiny-00001-of-00002.gguf", file)
        })
    };
    vec![
        single(TensorKind::F16),
        single(TensorKind::BF16),
        single(TensorKind::Q4_0),
        single(TensorKind::Q5_1),
        single(TensorKind::Q8_0),
        part("tiny-00001-of-00002.gguf"),
        part("tiny-00002-of-00002.gguf"),
    ]
}

/// Returns files of numpy, in every form, and files beside them.
pub fn in_numpy_files() -> Vec<Breakable> {
    let tiny = TinyBytes { width: 8, layers: 1, heads: 8, feed_forward: 8, seed: 1 };
    let mut all: Vec<Breakable> = npz::Form::ALL
        .into_iter()
        .map(|form| {
            Breakable::new(|folder| {
                npz::file(&folder.join("tiny.npz"), &tiny, form);
                ("tiny.npz", "tiny.npz")
            })
        })
        .collect();
    all.push(Breakable::new(|folder| {
        npz::file(&folder.join("tiny.npz"), &tiny, npz::Form::Plain);
        fs::write(folder.join("tiny.json"), r#"{"num_heads": 4}"#).unwrap();
        ("tiny.npz", "tiny.json")
    }));
    all
}

/// Returns `tokenizer.json` and the files beside it.
pub fn in_tokenizer_json() -> Vec<Breakable> {
    let of_vectors = |model: &'static str| {
        Breakable::new(|folder| {
            for entry in fs::read_dir(vectors::folder().join(model)).unwrap() {
                let file = entry.unwrap();
                fs::copy(file.path(), folder.join(file.file_name())).unwrap();
            }
            (".", "tokenizer.json")
        })
    };
    let beside = |name| {
        Breakable::new(|folder| {
            huggingface::single(folder, &tiny(false));
            let config = r#"{"bos_token": {"content": "<s>"}, "x": [1]}"#;
            fs::write(folder.join(name), config).unwrap();
            (".", name)
        })
    };
    let of_third = Breakable::new(|folder| {
        huggingface::single(folder, &tiny(true));
        (".", "tokenizer.json")
    });
    vec![
        of_vectors("models/llama"),
        of_vectors("models/llama-bf16"),
        of_third,
        beside("tokenizer_config.json"),
        beside("special_tokens_map.json"),
    ]
}

/// Returns `tokenizer.model` of SentencePiece.
pub fn in_sentencepiece_models() -> Vec<Breakable> {
    vec![in_meta_folder(false)]
}

/// Returns `tokenizer.model` with ranks of tiktoken.
pub fn in_tiktoken_ranks() -> Vec<Breakable> {
    vec![in_meta_folder(true)]
}

fn in_meta_folder(third: bool) -> Breakable {
    Breakable::new(|folder| {
        meta::folder(folder, &tiny(third), 1);
        (".", "tokenizer.model")
    })
}

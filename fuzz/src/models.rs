//! The language models of the test vectors.

use std::io::Write;
use std::sync::LazyLock;

use lmac::checkpoint::{self, Checkpoint};
use lmac::language::{LanguageModel, LanguageOptions, ModelParts};
use lmac::{AudioSpec, EncodeOptions, Encoder, Precision};
use lmac_support::{vector_models, vectors};

/// Returns all of them, in both precisions.
pub fn all() -> &'static [LanguageModel] {
    static MODELS: LazyLock<Vec<LanguageModel>> = LazyLock::new(|| {
        let load = |name| [Precision::F32, Precision::Int8].map(|precision| load(name, precision));
        vector_models::MODELS.into_iter().flat_map(load).collect()
    });
    &MODELS
}

fn load(name: &str, precision: Precision) -> LanguageModel {
    let checkpoint = checkpoint::open(&vectors::folder().join(name)).unwrap();
    let Checkpoint { name, architecture, vocabulary, tokenizer, mut tensors } = checkpoint;
    let tensors = tensors.as_mut();
    let parts = ModelParts { name, architecture, vocabulary, tokenizer, tensors, hash: None };
    LanguageModel::new(parts, precision).unwrap()
}

/// Returns the stream of this audio with a model; `None` if its frames are too wide.
pub fn encode(model: &LanguageModel, spec: AudioSpec, pcm: &[u8]) -> Option<Vec<u8>> {
    let options = LanguageOptions::default().with_lockstep(2).with_context(40);
    let options = EncodeOptions::default().with_chunk_frames(50).with_model(model.clone(), options);
    let mut encoder = Encoder::with_options(Vec::new(), spec, options).ok()?;
    encoder.write_all(pcm).unwrap();
    Some(encoder.finish().unwrap().writer)
}

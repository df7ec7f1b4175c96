//! A language model without a file: its weights follow from a seed.

use lmac::language::{
    Architecture, ExpectedTensor, LanguageModel, Llama, ModelParts, Tensor, TensorKind, Tensors,
    Vocabulary,
};
use lmac::{Precision, Result};

use crate::Random;

/// Random weights up to `size`.
struct Seeded {
    random: Random,
    size: f32,
}

impl Tensors for Seeded {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let count: usize = expected.shape.iter().product();
        let norm = expected.name.ends_with("norm");
        let bytes = (0..count).flat_map(|_| {
            let random = self.random.next_f32();
            (if norm { 1.0 } else { self.size * random }).to_le_bytes()
        });
        Tensor::new(expected.shape.clone(), TensorKind::F32, bytes.collect())
    }
}

/// Returns a small Llama for characters. With weights of a tenth it finds them all about as
/// likely, with weights of ten it is sure of the wrong ones.
pub fn llama(seed: u64, size: f32, precision: Precision) -> LanguageModel {
    let tokens = (0..=128u8).map(|byte| (byte < 128).then(|| Box::from([byte]))).collect();
    let characters = std::array::from_fn(|character| character as u32);
    let parts = ModelParts {
        name: format!("seeded {seed}"),
        architecture: Architecture::Llama(Llama {
            vocabulary: 129,
            width: 16,
            layers: 2,
            heads: 4,
            key_heads: 2,
            head_width: 4,
            feed_forward: 24,
            epsilon: 1e-5,
            rope_base: 10_000.0,
            rope_factors: Vec::new(),
            tied: false,
            positions: 1024,
        }),
        vocabulary: Vocabulary::new(tokens, characters, 128).expect("all characters are there"),
        tokenizer: None,
        tensors: &mut Seeded { random: Random::new(seed), size },
        hash: None,
    };
    LanguageModel::new(parts, precision).expect("a sound model")
}

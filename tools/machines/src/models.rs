//! Language models without files: seeded weights, stored in every kind.

use std::sync::Arc;

use lmac::language::{
    Architecture, ByteTransformer, ExpectedTensor, LanguageModel, Llama, ModelParts, Tensor,
    TensorKind, Tensors, Tokenizer, Vocabulary,
};
use lmac::{Precision, Result};
use lmac_support::Random;

/// The character of zeros, the most common one in quiet audio.
const MIDDLE: u8 = 64;

/// Number of tokens: each character, the beginning, and each character after a `MIDDLE` one.
const TOKENS: usize = 2 * 128 + 1;
const BEGINNING: u32 = 128;

/// Kinds of blocks: the bytes of a block, the places of its half-precision scales, and the
/// smallest scale.
const BLOCKS: [(TensorKind, usize, &[usize], u16); 10] = [
    (TensorKind::Q4_0, 18, &[0], 0x2000),
    (TensorKind::Q4_1, 20, &[0, 2], 0x2000),
    (TensorKind::Q5_0, 22, &[0], 0x1C00),
    (TensorKind::Q5_1, 24, &[0, 2], 0x1C00),
    (TensorKind::Q8_0, 34, &[0], 0x1000),
    (TensorKind::Q2K, 84, &[80, 82], 0x1400),
    (TensorKind::Q3K, 110, &[108], 0x0C00),
    (TensorKind::Q4K, 144, &[0, 2], 0x0200),
    (TensorKind::Q5K, 176, &[0, 2], 0x0100),
    (TensorKind::Q6K, 210, &[208], 0x0080),
];

/// Random weights, whose matrices have several kinds in turn.
struct Seeded {
    random: Random,
    kinds: &'static [TensorKind],
    /// The largest weight, except in half precision.
    size: f32,
    matrices: usize,
}

impl Seeded {
    /// Returns a number between `-size` and `size`.
    fn number(&mut self, size: f32) -> f32 {
        self.random.next_f32() * size
    }

    fn bytes(&mut self, kind: TensorKind, count: usize) -> Vec<u8> {
        match kind {
            TensorKind::F32 => {
                (0..count).flat_map(|_| self.number(self.size).to_le_bytes()).collect()
            }
            TensorKind::BF16 => {
                let upper = |bytes: [u8; 4]| [bytes[2], bytes[3]];
                (0..count).flat_map(|_| upper(self.number(self.size).to_le_bytes())).collect()
            }
            TensorKind::F16 => {
                // Any sign, any mantissa, and the smaller exponents with that of denormals.
                let half = |random: u64| {
                    let exponent = (random >> 32) % 14;
                    (random & 0x83FF | exponent << 10) as u16
                };
                (0..count).flat_map(|_| half(self.random.next_u64()).to_le_bytes()).collect()
            }
            _ => self.blocks(kind, count),
        }
    }

    fn blocks(&mut self, kind: TensorKind, count: usize) -> Vec<u8> {
        let known = BLOCKS.iter().find(|(block, ..)| *block == kind);
        let &(_, size, scales, least) = known.expect("a kind of blocks");
        let values = if kind.name().ends_with('K') { 256 } else { 32 };
        let mut bytes = Vec::new();
        for _ in 0..count / values {
            let start = bytes.len();
            bytes.extend((0..size).map(|_| self.random.next_u64() as u8));
            for scale in scales {
                let half = least + self.random.below(0x400) as u16;
                bytes[start + scale..start + scale + 2].copy_from_slice(&half.to_le_bytes());
            }
        }
        bytes
    }
}

impl Tensors for Seeded {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let count = expected.shape.iter().product();
        let (kind, bytes) = if expected.shape.len() == 1 {
            let middle = if expected.name.ends_with("norm") || expected.name.ends_with("scale") {
                1.0
            } else {
                0.0
            };
            let number = |_| (middle + self.number(0.25)).to_le_bytes();
            (TensorKind::F32, (0..count).flat_map(number).collect())
        } else {
            let kind = self.kinds[self.matrices % self.kinds.len()];
            self.matrices += 1;
            (kind, self.bytes(kind, count))
        };
        Tensor::new(expected.shape.clone(), kind, bytes)
    }
}

/// A tokenizer that takes the longest token that fits, from the beginning on.
struct Greedy;

impl Tokenizer for Greedy {
    fn tokens(&self, text: &[u8]) -> Vec<u32> {
        let mut tokens = Vec::new();
        let mut rest = text;
        loop {
            rest = match rest {
                [] => return tokens,
                [MIDDLE, next, rest @ ..] => {
                    tokens.push(BEGINNING + 1 + u32::from(*next));
                    rest
                }
                [next, rest @ ..] => {
                    tokens.push(u32::from(*next));
                    rest
                }
            };
        }
    }
}

/// The models, by name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Model {
    /// A Llama of floats of every kind and of small blocks.
    Llama,
    /// A Llama of the largest blocks, whose logits alone are taken.
    Wide,
    /// The byte transformer.
    Bytes,
}

impl Model {
    pub(crate) const ALL: [Model; 3] = [Model::Llama, Model::Wide, Model::Bytes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Model::Llama => "llama",
            Model::Wide => "wide",
            Model::Bytes => "bytes",
        }
    }

    pub(crate) fn load(self, precision: Precision) -> LanguageModel {
        const FLOATS: &[TensorKind] =
            &[TensorKind::F32, TensorKind::BF16, TensorKind::F32, TensorKind::F16];
        const SMALL: &[TensorKind] = &[
            TensorKind::F32,
            TensorKind::F16,
            TensorKind::BF16,
            TensorKind::Q8_0,
            TensorKind::Q4_0,
            TensorKind::Q4_1,
            TensorKind::Q5_0,
            TensorKind::Q5_1,
        ];
        const LARGE: &[TensorKind] = &[
            TensorKind::F32,
            TensorKind::Q2K,
            TensorKind::Q3K,
            TensorKind::Q4K,
            TensorKind::Q5K,
            TensorKind::Q6K,
            TensorKind::Q8_0,
        ];
        let (architecture, kinds, size) = match self {
            Model::Llama => (llama(32, 2), SMALL, 0.25),
            Model::Wide => (llama(256, 1), LARGE, 0.25),
            Model::Bytes => (bytes(), FLOATS, 0.125),
        };
        let random = Random::new(self as u64 + 1);
        let parts = ModelParts {
            name: format!("seeded {}", self.name()),
            architecture,
            vocabulary: vocabulary(),
            tokenizer: Some(Arc::new(Greedy)),
            tensors: &mut Seeded { random, kinds, size, matrices: 0 },
            hash: None,
        };
        LanguageModel::new(parts, precision).expect("a sound model")
    }
}

/// With eight queries for two keys, and rotations as of long contexts.
fn llama(width: usize, layers: usize) -> Architecture {
    Architecture::Llama(Llama {
        vocabulary: TOKENS,
        width,
        layers,
        heads: 8,
        key_heads: 2,
        head_width: width / 8,
        feed_forward: 2 * width,
        epsilon: 1e-5,
        rope_base: 500_000.0,
        rope_factors: (0..width / 16).map(|at| [1.0, 2.5, 8.0][at % 3]).collect(),
        tied: false,
        positions: 512,
    })
}

/// Of sizes that no vector divides.
fn bytes() -> Architecture {
    Architecture::ByteTransformer(ByteTransformer {
        vocabulary: TOKENS,
        width: 27,
        layers: 2,
        heads: 3,
        feed_forward: 70,
    })
}

fn vocabulary() -> Vocabulary {
    let alone = (0..128u8).map(|character| Some([character].into()));
    let pairs = (0..128u8).map(|character| Some([MIDDLE, character].into()));
    let tokens = alone.chain([None]).chain(pairs).collect();
    let characters = std::array::from_fn(|character| character as u32);
    Vocabulary::new(tokens, characters, BEGINNING).expect("all characters are there")
}

//! Models with weights from a random number generator.

use lmac_support::Random;

use crate::error::Result;
use crate::method::language::architecture::{Architecture, ByteTransformer, ExpectedTensor, Llama};
use crate::method::language::tensor::{Tensor, TensorKind, Tensors};

/// Returns random tokens.
pub(super) fn tokens(random: &mut Random, vocabulary: usize, length: usize) -> Vec<u32> {
    (0..length).map(|_| random.below(vocabulary as u64) as u32).collect()
}

/// Tensors of a model, each seeded by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seeded {
    pub(super) kind: TensorKind,
}

impl Tensors for Seeded {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let seed = expected
            .name
            .bytes()
            .fold(1u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
        let mut random = Random::new(seed);
        let columns = expected.shape[expected.shape.len() - 1];
        let vector = expected.shape.len() == 1;
        let size = if vector || expected.name == "embedding" {
            0.5
        } else {
            1.7 / (columns as f32).sqrt()
        };
        let offset = if expected.name.ends_with("norm") || expected.name.ends_with("scale") {
            1.0
        } else {
            0.0
        };
        let count: usize = expected.shape.iter().product();
        let mut bytes = Vec::new();
        for _ in 0..count {
            let value = offset + size * random.next_f32();
            match self.kind {
                TensorKind::F16 => {
                    // Normal numbers lose the lowest bits of their mantissa.
                    let bits = value.to_bits();
                    let magnitude = (bits & 0x7FFF_FFFF).max(113 << 23);
                    let half = ((bits >> 16) & 0x8000) | ((magnitude - (112 << 23)) >> 13);
                    bytes.extend_from_slice(&(half as u16).to_le_bytes());
                }
                TensorKind::BF16 => bytes.extend_from_slice(&value.to_le_bytes()[2..]),
                _ => bytes.extend_from_slice(&value.to_le_bytes()),
            }
        }
        Tensor::new(expected.shape.clone(), self.kind, bytes)
    }
}

pub(super) fn llama(width: usize, layers: usize, heads: [usize; 2], feed_forward: usize) -> Llama {
    Llama {
        vocabulary: 300,
        width,
        layers,
        heads: heads[0],
        key_heads: heads[1],
        head_width: width / heads[0],
        feed_forward,
        epsilon: 1e-5,
        rope_base: 10_000.0,
        rope_factors: Vec::new(),
        tied: false,
        positions: 4_096,
    }
}

/// Returns models of odd shapes: widths that fill no panel, heads of many widths and groups.
pub(super) fn odd_models() -> Vec<Architecture> {
    let factors: Vec<f32> = (0..32).map(|i| 1.0 + i as f32 / 8.0).collect();
    vec![
        Architecture::Llama(llama(40, 2, [5, 5], 52)),
        Architecture::Llama(Llama { tied: true, ..llama(60, 2, [3, 1], 70) }),
        Architecture::Llama(Llama { rope_factors: factors, ..llama(256, 1, [4, 2], 300) }),
        Architecture::Llama(Llama { vocabulary: 131, head_width: 80, ..llama(96, 1, [2, 1], 33) }),
        Architecture::Llama(Llama { head_width: 128, ..llama(72, 1, [4, 2], 129) }),
        Architecture::ByteTransformer(ByteTransformer {
            vocabulary: 256,
            width: 64,
            layers: 2,
            heads: 8,
            feed_forward: 256,
        }),
        Architecture::ByteTransformer(ByteTransformer {
            vocabulary: 130,
            width: 45,
            layers: 1,
            heads: 9,
            feed_forward: 70,
        }),
    ]
}

/// Returns models, with their approximate numbers of parameters.
pub(super) fn models() -> [(&'static str, Llama); 3] {
    [
        ("1M", Llama { vocabulary: 512, ..llama(128, 4, [4, 4], 352) }),
        ("10M", Llama { vocabulary: 4_096, ..llama(256, 8, [8, 8], 704) }),
        ("100M", Llama { vocabulary: 16_384, ..llama(768, 12, [12, 12], 2_048) }),
    ]
}

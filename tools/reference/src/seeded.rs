//! Weights that follow from a seed.

use lmac::language::{ExpectedTensor, Llama, Tensor, TensorKind, Tensors};
use lmac_support::Random;

/// A Llama with seeded weights, each made when it is asked for.
#[derive(Debug, Clone)]
pub struct Seeded {
    llama: Llama,
    seed: u64,
}

impl Seeded {
    /// A model of this shape.
    pub fn new(llama: Llama, seed: u64) -> Self {
        Seeded { llama, seed }
    }

    /// The shape.
    pub fn llama(&self) -> &Llama {
        &self.llama
    }

    /// The values of a tensor, row by row: such that logits spread by about two, as those
    /// of a trained model do, and that every part of the model matters.
    pub fn values(&self, expected: &ExpectedTensor) -> Vec<f32> {
        let count = expected.shape.iter().product();
        let mut random = Random::new(expected.name.bytes().fold(self.seed, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        }));
        let (centre, spread) = match (expected.name.as_str(), expected.shape.as_slice()) {
            (_, [_]) => (1.0, 0.1),
            ("embedding" | "head", &[_, width]) => (0.0, 2.0 / (width as f32).sqrt()),
            (_, shape) => (0.0, 1.0 / (shape[1] as f32).sqrt()),
        };
        (0..count).map(|_| centre + spread * normal(&mut random)).collect()
    }
}

impl Tensors for Seeded {
    fn tensor(&mut self, expected: &ExpectedTensor) -> lmac::Result<Tensor> {
        let bytes = self.values(expected).iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor::new(expected.shape.clone(), TensorKind::F32, bytes)
    }
}

/// The name that Hugging Face has for a tensor of a Llama.
pub fn hugging_face_name(canonical: &str) -> String {
    let inner = match canonical.strip_prefix("layers.") {
        None => match canonical {
            "embedding" => "model.embed_tokens",
            "norm" => "model.norm",
            "head" => "lm_head",
            other => other,
        }
        .to_owned(),
        Some(rest) => {
            let (layer, part) = rest.split_once('.').unwrap_or((rest, ""));
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
                other => other,
            };
            format!("model.layers.{layer}.{part}")
        }
    };
    inner + ".weight"
}

/// Returns a nearly normal number with a mean of 0 and a deviation of 1: the sum of four even
/// ones.
fn normal(random: &mut Random) -> f32 {
    let bits = random.next_u64();
    let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xFFFF).sum();
    (sum as f32 - 131_070.0) / 37_837.2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_spread_as_promised_and_differ_by_name_and_seed() {
        let expected = |name: &str| ExpectedTensor { name: name.into(), shape: vec![300, 400] };
        let llama = Llama {
            vocabulary: 300,
            width: 400,
            layers: 1,
            heads: 1,
            key_heads: 1,
            head_width: 400,
            feed_forward: 400,
            epsilon: 1e-5,
            rope_base: 1e4,
            rope_factors: Vec::new(),
            tied: false,
            positions: 8,
        };
        let values = Seeded::new(llama.clone(), 1).values(&expected("layers.0.up"));
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let square = values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 1e-3, "{mean}");
        assert!((square * 400.0 - 1.0).abs() < 0.02, "{square}");
        assert_ne!(values, Seeded::new(llama.clone(), 1).values(&expected("layers.0.gate")));
        assert_ne!(values, Seeded::new(llama, 2).values(&expected("layers.0.up")));
    }
}

//! candle's own Llama, in single precision.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Config, Llama, Llama3RopeConfig};
use lmac::language::Architecture;

use crate::seeded::{Seeded, hugging_face_name};
use crate::subject::{Result, Subject};

/// candle's Llama with seeded weights.
#[derive(Debug)]
pub struct Float {
    model: Llama,
    /// An empty cache, kept because its tables take a while to compute.
    empty: Cache,
    cache: Cache,
    contexts: usize,
    length: usize,
}

impl Float {
    /// The model with these weights.
    ///
    /// `scaling` must be the rule for the shape's rotary factors, because candle computes them
    /// itself.
    pub fn new(weights: &Seeded, scaling: Option<Llama3RopeConfig>) -> Result<Self> {
        let llama = weights.llama();
        let config = Config {
            hidden_size: llama.width,
            intermediate_size: llama.feed_forward,
            vocab_size: llama.vocabulary,
            num_hidden_layers: llama.layers,
            num_attention_heads: llama.heads,
            num_key_value_heads: llama.key_heads,
            use_flash_attn: false,
            rms_norm_eps: llama.epsilon.into(),
            rope_theta: llama.rope_base as f32,
            bos_token_id: None,
            eos_token_id: None,
            rope_scaling: scaling,
            max_position_embeddings: llama.positions,
            tie_word_embeddings: llama.tied,
        };
        let tensors = Architecture::Llama(llama.clone()).tensors().into_iter().map(|expected| {
            let values = weights.values(&expected);
            let tensor = Tensor::from_vec(values, expected.shape.as_slice(), &Device::Cpu)?;
            Ok((hugging_face_name(&expected.name), tensor))
        });
        let tensors = tensors.collect::<candle_core::Result<_>>()?;
        let variables = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let model = Llama::load(variables, &config)?;
        let empty = Cache::new(true, DType::F32, &config, &Device::Cpu)?;
        Ok(Float { model, cache: empty.clone(), empty, contexts: 0, length: 0 })
    }
}

impl Subject for Float {
    fn begin(&mut self, contexts: usize, _positions: usize) -> Result<()> {
        self.cache = self.empty.clone();
        self.contexts = contexts;
        self.length = 0;
        Ok(())
    }

    fn advance(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let each = tokens.len() / self.contexts;
        let tokens = Tensor::from_slice(tokens, (self.contexts, each), &Device::Cpu)?;
        let logits = self.model.forward(&tokens, self.length, &mut self.cache)?;
        self.length += each;
        Ok(logits.flatten_all()?.to_vec1()?)
    }

    fn steps(&mut self, tokens: &[u32]) -> Result<()> {
        tokens.chunks(self.contexts).try_for_each(|step| self.advance(step).map(drop))
    }
}

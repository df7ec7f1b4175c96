//! A Llama on candle's quantised matrix products.
//!
//! candle's own quantised Llama reads only GGUF files and copies its whole cache at every step. This
//! one takes the same weights as the others, its caches grow in place, and heads that share keys are
//! multiplied with them at once.

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};
use candle_nn::kv_cache::KvCache;
use candle_nn::ops::{rms_norm, silu, softmax_last_dim};
use candle_nn::rotary_emb::rope;
use lmac::language::{Architecture, Llama};

use crate::seeded::Seeded;
use crate::subject::{Result, Subject};

/// A Llama whose matrices are quantised.
#[derive(Debug)]
pub struct Quantised {
    llama: Llama,
    embedding: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    head: QMatMul,
    cosines: Tensor,
    sines: Tensor,
    contexts: usize,
    length: usize,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Tensor,
    query: QMatMul,
    key: QMatMul,
    value: QMatMul,
    output: QMatMul,
    feed_norm: Tensor,
    gate: QMatMul,
    up: QMatMul,
    down: QMatMul,
    cache: KvCache,
}

impl Quantised {
    /// The model with these weights, its matrices in blocks of this kind.
    pub fn new(weights: &Seeded, kind: GgmlDType) -> Result<Self> {
        let llama = weights.llama().clone();
        let expected = Architecture::Llama(llama.clone()).tensors();
        let tensor = |name: &str| -> Result<Tensor> {
            let expected = expected.iter().find(|expected| expected.name == name);
            let expected = expected.ok_or_else(|| format!("the tensor {name} is missing"))?;
            let values = weights.values(expected);
            Ok(Tensor::from_vec(values, expected.shape.as_slice(), &Device::Cpu)?)
        };
        let matrix = |name: &str| -> Result<QMatMul> {
            Ok(QMatMul::from_qtensor(QTensor::quantize(&tensor(name)?, kind)?)?)
        };
        let layers = (0..llama.layers).map(|layer| -> Result<Layer> {
            let name = |part: &str| format!("layers.{layer}.{part}");
            Ok(Layer {
                attention_norm: tensor(&name("attention_norm"))?,
                query: matrix(&name("query"))?,
                key: matrix(&name("key"))?,
                value: matrix(&name("value"))?,
                output: matrix(&name("output"))?,
                feed_norm: tensor(&name("feed_norm"))?,
                gate: matrix(&name("gate"))?,
                up: matrix(&name("up"))?,
                down: matrix(&name("down"))?,
                cache: KvCache::new(2, llama.positions),
            })
        });
        let (cosines, sines) = rotations(&llama)?;
        Ok(Quantised {
            embedding: tensor("embedding")?,
            layers: layers.collect::<Result<_>>()?,
            norm: tensor("norm")?,
            head: matrix(if llama.tied { "embedding" } else { "head" })?,
            cosines,
            sines,
            contexts: 0,
            length: 0,
            llama,
        })
    }

    /// The logits of all positions: contexts by positions by tokens.
    fn logits(&mut self, tokens: &Tensor) -> Result<Tensor> {
        let (contexts, each) = tokens.dims2()?;
        let llama = &self.llama;
        let cosines = self.cosines.narrow(0, self.length, each)?;
        let sines = self.sines.narrow(0, self.length, each)?;
        let mask = (each > 1).then(|| mask(self.length, each)).transpose()?;
        let tokens = tokens.flatten_all()?;
        let mut x = self.embedding.index_select(&tokens, 0)?;
        for layer in &mut self.layers {
            let normal = rms_norm(&x, &layer.attention_norm, llama.epsilon)?;
            // Contexts, heads, positions, values.
            let heads = |rows: Tensor, heads: usize| -> candle_core::Result<Tensor> {
                let rows = rows.reshape((contexts, each, heads, llama.head_width))?;
                // With one position both orders are equal.
                if each == 1 {
                    rows.reshape((contexts, heads, each, llama.head_width))
                } else {
                    rows.transpose(1, 2)?.contiguous()
                }
            };
            let query = heads(layer.query.forward(&normal)?, llama.heads)?;
            let key = heads(layer.key.forward(&normal)?, llama.key_heads)?;
            let value = heads(layer.value.forward(&normal)?, llama.key_heads)?;
            let query = rope(&query, &cosines, &sines)?;
            let key = rope(&key, &cosines, &sines)?;
            let (keys, values) = layer.cache.append(&key, &value)?;
            let group = llama.heads / llama.key_heads;
            let query = query.reshape((contexts, llama.key_heads, group * each, ()))?;
            let scale = 1.0 / f64::from(llama.head_width as u32).sqrt();
            let mut scores = (query * scale)?.matmul(&keys.t()?)?;
            if let Some(mask) = &mask {
                let length = scores.dim(3)?;
                scores = scores
                    .reshape((contexts, llama.heads, each, length))?
                    .broadcast_add(mask)?
                    .reshape((contexts, llama.key_heads, group * each, length))?;
            }
            let mixed = softmax_last_dim(&scores)?.matmul(&values)?;
            let mixed = mixed.reshape((contexts, llama.heads, each, llama.head_width))?;
            let mixed = if each == 1 { mixed } else { mixed.transpose(1, 2)?.contiguous()? };
            let mixed = mixed.reshape((contexts * each, llama.heads * llama.head_width))?;
            x = (x + layer.output.forward(&mixed)?)?;

            let normal = rms_norm(&x, &layer.feed_norm, llama.epsilon)?;
            let inner = (silu(&layer.gate.forward(&normal)?)? * layer.up.forward(&normal)?)?;
            x = (x + layer.down.forward(&inner)?)?;
        }
        self.length += each;
        let x = rms_norm(&x, &self.norm, llama.epsilon)?;
        Ok(self.head.forward(&x)?.reshape((contexts, each, llama.vocabulary))?)
    }
}

impl Subject for Quantised {
    fn begin(&mut self, contexts: usize, positions: usize) -> Result<()> {
        for layer in &mut self.layers {
            layer.cache = KvCache::new(2, positions);
        }
        self.contexts = contexts;
        self.length = 0;
        Ok(())
    }

    fn advance(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let each = tokens.len() / self.contexts;
        let tokens = Tensor::from_slice(tokens, (self.contexts, each), &Device::Cpu)?;
        let logits = self.logits(&tokens)?;
        Ok(logits.narrow(1, each - 1, 1)?.flatten_all()?.to_vec1()?)
    }

    fn steps(&mut self, tokens: &[u32]) -> Result<()> {
        tokens.chunks(self.contexts).try_for_each(|step| self.advance(step).map(drop))
    }
}

/// Cosines and sines of every position, a row each.
fn rotations(llama: &Llama) -> Result<(Tensor, Tensor)> {
    let pairs = llama.head_width / 2;
    let angles = (0..llama.positions).flat_map(|position| {
        (0..pairs).map(move |pair| {
            let power = -2.0 * pair as f64 / llama.head_width as f64;
            let factor = llama.rope_factors.get(pair).map_or(1.0, |&factor| f64::from(factor));
            position as f64 * llama.rope_base.powf(power) / factor
        })
    });
    let angles: Vec<f64> = angles.collect();
    let table = |function: fn(f64) -> f64| {
        let values: Vec<f32> = angles.iter().map(|&angle| function(angle) as f32).collect();
        Tensor::from_vec(values, (llama.positions, pairs), &Device::Cpu)
    };
    Ok((table(f64::cos)?, table(f64::sin)?))
}

/// The mask that is added to the scores of new positions: 0 for the past, minus infinity for the
/// future.
fn mask(before: usize, each: usize) -> candle_core::Result<Tensor> {
    let length = before + each;
    let rows = (0..each).flat_map(|row| {
        (0..length).map(move |column| if column > before + row { f32::NEG_INFINITY } else { 0.0 })
    });
    Tensor::from_vec(rows.collect::<Vec<_>>(), (each, length), &Device::Cpu)
}

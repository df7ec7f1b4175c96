//! What a model is made of, before there are weights.

use crate::error::{Error, Result};

/// The shape of a model: what has to be known of it beside its weights.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Architecture {
    /// Llama, as Meta and Hugging Face have it.
    Llama(Llama),
    /// The byte transformer of the harness after *Language Modeling Is Compression*.
    ByteTransformer(ByteTransformer),
}

/// A decoder with RMS norms before its parts, rotary positions, grouped-query attention and
/// SwiGLU.
#[derive(Debug, Clone, PartialEq)]
pub struct Llama {
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// Values of a position between layers.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and of values; a divisor of `heads`.
    pub key_heads: usize,
    /// Values of a head; even.
    pub head_width: usize,
    /// Values between the two halves of the feed-forward part.
    pub feed_forward: usize,
    /// What is added to a mean square.
    pub epsilon: f32,
    /// Base of the rotary frequencies.
    pub rope_base: f64,
    /// What the rotary frequencies are divided by: one for each pair of a head's values, or
    /// none.
    pub rope_factors: Vec<f32>,
    /// Whether the output head is the embedding.
    pub tied: bool,
    /// The most positions of a context.
    pub positions: usize,
}

/// A decoder with layer norms behind its parts, sinusoids for positions, and GELU.
#[derive(Debug, Clone, PartialEq)]
pub struct ByteTransformer {
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// Values of a position between layers.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Heads; a divisor of `width`.
    pub heads: usize,
    /// Values between the two halves of the feed-forward part.
    pub feed_forward: usize,
}

/// A tensor that an architecture has: its canonical name and its shape.
///
/// A matrix has a row for each output and a column for each input; a query's and a key's
/// rows are in the order in which a head's first half is rotated against its second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedTensor {
    /// Canonical name, as `layers.0.query`.
    pub name: String,
    /// One number for a vector, two for a matrix.
    pub shape: Vec<usize>,
}

/// Limits that keep every size within what the arithmetic can do.
pub(crate) const MOST_VOCABULARY: usize = 1 << 20;
const MOST_WIDTH: usize = 1 << 16;
const MOST_LAYERS: usize = 1 << 10;
const MOST_POSITIONS: usize = 1 << 17;
/// With these no angle is above 2^20, up to which sines are good.
const LEAST_ROPE_FACTOR: f32 = 0.125;
const MOST_ROPE_BASE: f64 = (1u128 << 64) as f64;

impl Architecture {
    /// Tokens of the vocabulary.
    pub fn vocabulary(&self) -> usize {
        match self {
            Architecture::Llama(llama) => llama.vocabulary,
            Architecture::ByteTransformer(bytes) => bytes.vocabulary,
        }
    }

    /// The most positions of a context.
    pub fn positions(&self) -> usize {
        match self {
            Architecture::Llama(llama) => llama.positions.min(MOST_POSITIONS),
            Architecture::ByteTransformer(_) => MOST_POSITIONS,
        }
    }

    /// Layers.
    pub fn layers(&self) -> usize {
        match self {
            Architecture::Llama(llama) => llama.layers,
            Architecture::ByteTransformer(bytes) => bytes.layers,
        }
    }

    /// Fails where the numbers do not fit each other, or are beyond all measure.
    pub fn validate(&self) -> Result<()> {
        let limit = |name: &str, value: usize, most: usize| match value {
            0 => Err(Error::model(format!("the model has {name} 0"))),
            _ if value > most => {
                Err(Error::model(format!("the model has {name} {value}, of at most {most}")))
            }
            _ => Ok(()),
        };
        limit("vocabulary size", self.vocabulary(), MOST_VOCABULARY)?;
        limit("number of layers", self.layers(), MOST_LAYERS)?;
        limit("context length", self.positions(), MOST_POSITIONS)?;
        match self {
            Architecture::Llama(llama) => {
                limit("hidden size", llama.width, MOST_WIDTH)?;
                limit("intermediate size", llama.feed_forward, MOST_WIDTH)?;
                limit("number of heads", llama.heads, MOST_WIDTH)?;
                limit("number of key heads", llama.key_heads, llama.heads)?;
                limit("head size", llama.head_width, MOST_WIDTH)?;
                limit(
                    "size of all heads",
                    llama.heads.saturating_mul(llama.head_width),
                    MOST_WIDTH,
                )?;
                if llama.heads % llama.key_heads != 0 {
                    return Err(Error::model(format!(
                        "{} heads cannot share {} key heads",
                        llama.heads, llama.key_heads
                    )));
                }
                if llama.head_width % 2 != 0 {
                    return Err(Error::model(format!("a head size of {}", llama.head_width)));
                }
                let factors = &llama.rope_factors;
                let fits = factors.is_empty() || factors.len() == llama.head_width / 2;
                let usable = |factor: f32| factor.is_finite() && factor >= LEAST_ROPE_FACTOR;
                if !fits || !factors.iter().all(|&factor| usable(factor)) {
                    return Err(Error::model("rotary factors that do not fit a head"));
                }
                if !(1.0..=MOST_ROPE_BASE).contains(&llama.rope_base) {
                    return Err(Error::model(format!("a rotary base of {}", llama.rope_base)));
                }
                if !llama.epsilon.is_finite() || llama.epsilon <= 0.0 {
                    return Err(Error::model("an epsilon that is not above zero"));
                }
            }
            Architecture::ByteTransformer(bytes) => {
                limit("hidden size", bytes.width, MOST_WIDTH)?;
                limit("intermediate size", bytes.feed_forward, MOST_WIDTH)?;
                limit("number of heads", bytes.heads, bytes.width)?;
                if bytes.width % bytes.heads != 0 {
                    return Err(Error::model(format!(
                        "{} values cannot be shared by {} heads",
                        bytes.width, bytes.heads
                    )));
                }
            }
        }
        Ok(())
    }

    /// All tensors, in their canonical order.
    pub fn tensors(&self) -> Vec<ExpectedTensor> {
        let mut all = Vec::new();
        let mut tensor = |name: String, shape: &[usize]| {
            all.push(ExpectedTensor { name, shape: shape.to_vec() });
        };
        match self {
            Architecture::Llama(llama) => {
                let width = llama.width;
                let (queries, keys) =
                    (llama.heads * llama.head_width, llama.key_heads * llama.head_width);
                tensor("embedding".into(), &[llama.vocabulary, width]);
                for layer in 0..llama.layers {
                    let mut part = |name: &str, shape: &[usize]| {
                        tensor(format!("layers.{layer}.{name}"), shape)
                    };
                    part("attention_norm", &[width]);
                    part("query", &[queries, width]);
                    part("key", &[keys, width]);
                    part("value", &[keys, width]);
                    part("output", &[width, queries]);
                    part("feed_norm", &[width]);
                    part("gate", &[llama.feed_forward, width]);
                    part("up", &[llama.feed_forward, width]);
                    part("down", &[width, llama.feed_forward]);
                }
                tensor("norm".into(), &[width]);
                if !llama.tied {
                    tensor("head".into(), &[llama.vocabulary, width]);
                }
            }
            Architecture::ByteTransformer(bytes) => {
                let (width, inner) = (bytes.width, bytes.feed_forward);
                tensor("embedding".into(), &[bytes.vocabulary, width]);
                for layer in 0..bytes.layers {
                    let mut part = |name: &str, shape: &[usize]| {
                        tensor(format!("layers.{layer}.{name}"), shape)
                    };
                    for name in ["query", "key", "value", "output"] {
                        part(name, &[width, width]);
                    }
                    part("attention_norm.scale", &[width]);
                    part("attention_norm.offset", &[width]);
                    part("up", &[inner, width]);
                    part("up.bias", &[inner]);
                    part("down", &[width, inner]);
                    part("down.bias", &[width]);
                    part("feed_norm.scale", &[width]);
                    part("feed_norm.offset", &[width]);
                }
                tensor("head".into(), &[bytes.vocabulary, width]);
                tensor("head.bias".into(), &[bytes.vocabulary]);
            }
        }
        all
    }
}

//! The architectures of language models, and the names and shapes of their tensors.

use crate::error::{Error, Result};

/// The architecture of a model with its sizes: everything but weights and tokens.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Architecture {
    /// Llama, as Meta and Hugging Face define it.
    Llama(Llama),
    /// The byte transformer of the harness after *Language Modeling Is Compression*.
    ByteTransformer(ByteTransformer),
}

/// A decoder with RMS norms before attention and feed-forward, rotary positions, grouped-query
/// attention and SwiGLU.
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
    /// The number that a norm adds to a mean square.
    pub epsilon: f32,
    /// Base of the rotary frequencies.
    pub rope_base: f64,
    /// Divisors of the rotary frequencies: one for each pair of a head's values, or none.
    pub rope_factors: Vec<f32>,
    /// Whether the output head is the embedding.
    pub tied: bool,
    /// The most positions of a context.
    pub positions: usize,
}

/// A decoder with layer norms after attention and feed-forward, sinusoidal positions, and GELU.
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

/// The canonical name and the shape of a tensor that an architecture needs.
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

// Limits that keep every size within the range of the arithmetic.
pub(crate) const MOST_VOCABULARY: usize = 1 << 20;
const MOST_WIDTH: usize = 1 << 16;
const MOST_LAYERS: usize = 1 << 10;
const MOST_POSITIONS: usize = 1 << 17;
// With these two no angle is above 2^20, the limit of the sines.
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

    /// Checks that all sizes are within limits and fit each other.
    pub fn validate(&self) -> Result<()> {
        let limit = |name: &str, value: usize, most: usize| match value {
            1.. if value <= most => Ok(()),
            _ => Err(Error::model(format!("{name} is {value}; it must be 1 to {most}"))),
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
                        "number of heads is {}; it must be a multiple of the {} key heads",
                        llama.heads, llama.key_heads
                    )));
                }
                if llama.head_width % 2 != 0 {
                    return Err(Error::model(format!(
                        "head size is {}; it must be even",
                        llama.head_width
                    )));
                }
                let (factors, pairs) = (&llama.rope_factors, llama.head_width / 2);
                if !factors.is_empty() && factors.len() != pairs {
                    return Err(Error::model(format!(
                        "there are {} rotary factors; a head needs {pairs} or none",
                        factors.len()
                    )));
                }
                let usable = |factor: f32| factor.is_finite() && factor >= LEAST_ROPE_FACTOR;
                if let Some(factor) = factors.iter().find(|&&factor| !usable(factor)) {
                    return Err(Error::model(format!(
                        "rotary factor is {factor}; it must be finite and at least \
                         {LEAST_ROPE_FACTOR}"
                    )));
                }
                let base = llama.rope_base;
                if !(1.0..=MOST_ROPE_BASE).contains(&base) {
                    return Err(Error::model(format!(
                        "rotary base is {base}; it must be 1 to {MOST_ROPE_BASE:e}"
                    )));
                }
                let epsilon = llama.epsilon;
                if !epsilon.is_finite() || epsilon <= 0.0 {
                    return Err(Error::model(format!(
                        "epsilon is {epsilon}; it must be finite and above 0"
                    )));
                }
            }
            Architecture::ByteTransformer(bytes) => {
                limit("hidden size", bytes.width, MOST_WIDTH)?;
                limit("intermediate size", bytes.feed_forward, MOST_WIDTH)?;
                limit("number of heads", bytes.heads, bytes.width)?;
                if bytes.width % bytes.heads != 0 {
                    return Err(Error::model(format!(
                        "hidden size is {}; it must be a multiple of the {} heads",
                        bytes.width, bytes.heads
                    )));
                }
            }
        }
        Ok(())
    }

    /// Returns all tensors, in their canonical order.
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

//! Tiny language models: one without a file, and checkpoints in every layout.
//!
//! Weights in checkpoints are small whole numbers times a power of two, so that every type that
//! holds enough bits has them exactly, and the same model comes out of every file.

pub mod gguf;
pub mod huggingface;
pub mod meta;
pub mod npz;
mod pickle;
mod seeded;
mod torch;

use std::f64::consts::PI;

use lmac::language::{Architecture, ByteTransformer, ExpectedTensor, Llama};
pub use seeded::llama;

use crate::mixed;
use crate::tokenizers::{byte_level, pieces};

/// A small Llama.
#[derive(Debug, Clone)]
pub struct Tiny {
    /// The width of a row between layers.
    pub width: usize,
    /// The number of layers.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values.
    pub key_heads: usize,
    /// The width of a head.
    pub head_width: usize,
    /// The width inside the feed-forward part.
    pub feed_forward: usize,
    /// Whether the embedding is the head as well.
    pub tied: bool,
    /// Whether frequencies are scaled as Llama 3.1's, and the tokenizer is Llama 3's; else
    /// it is Llama 2's.
    pub third: bool,
    /// The longest context.
    pub positions: usize,
    /// The type of weights in layouts that store floats.
    pub float: Float,
    /// Weights are whole numbers from the first to the last, over `part`.
    pub numbers: (i32, i32),
    /// What those numbers are divided by.
    pub part: f32,
    /// The seed of the weights.
    pub seed: u64,
}

/// A small byte transformer.
#[derive(Debug, Clone)]
pub struct TinyBytes {
    /// The width of a row between layers.
    pub width: usize,
    /// The number of layers.
    pub layers: usize,
    /// Heads of attention.
    pub heads: usize,
    /// The width inside the feed-forward part.
    pub feed_forward: usize,
    /// The seed of the weights.
    pub seed: u64,
}

/// The type of float that weights are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Float {
    /// 32 bits.
    F32,
    /// 16 bits with five of exponent.
    F16,
    /// The upper 16 bits of 32.
    BF16,
}

/// A tensor with its values, row by row.
#[derive(Debug, Clone)]
pub struct Values {
    /// The name in the layout.
    pub name: String,
    /// Lengths, the outermost first.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<f32>,
}

impl Default for Tiny {
    fn default() -> Self {
        Tiny {
            width: 32,
            layers: 2,
            heads: 4,
            key_heads: 2,
            head_width: 8,
            feed_forward: 48,
            tied: false,
            third: true,
            positions: 512,
            float: Float::F32,
            numbers: (-127, 127),
            part: 512.0,
            seed: 1,
        }
    }
}

impl Default for TinyBytes {
    fn default() -> Self {
        TinyBytes { width: 16, layers: 2, heads: 8, feed_forward: 24, seed: 1 }
    }
}

impl Tiny {
    /// Returns the number of tokens that the tokenizer knows.
    pub fn vocabulary(&self) -> usize {
        if self.third { byte_level::TOKENS } else { pieces::TOKENS }
    }

    /// Returns the architecture that a loader has to find.
    pub fn architecture(&self) -> Architecture {
        Architecture::Llama(Llama {
            vocabulary: self.vocabulary(),
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            key_heads: self.key_heads,
            head_width: self.head_width,
            feed_forward: self.feed_forward,
            epsilon: 1e-5,
            rope_base: self.rope_base(),
            rope_factors: if self.third { self.rope_factors() } else { Vec::new() },
            tied: self.tied,
            positions: self.positions,
        })
    }

    /// Returns all tensors in their canonical order.
    pub fn tensors(&self) -> Vec<Values> {
        let expected = self.architecture().tensors();
        expected.into_iter().map(|tensor| self.values(tensor)).collect()
    }

    /// Returns the tensor of this canonical name.
    pub fn tensor(&self, name: &str) -> Values {
        self.tensors().into_iter().find(|tensor| tensor.name == name).unwrap()
    }

    fn values(&self, expected: ExpectedTensor) -> Values {
        values(expected, self.seed, self.numbers, self.part)
    }

    fn rope_base(&self) -> f64 {
        if self.third { 500_000.0 } else { 10_000.0 }
    }

    /// Llama 3.1's factors, for its own context.
    fn rope_factors(&self) -> Vec<f32> {
        let pairs = self.head_width / 2;
        let factor = |pair: usize| {
            let frequency = self.rope_base().powf(-2.0 * pair as f64 / self.head_width as f64);
            let wavelength = 2.0 * PI / frequency;
            if wavelength < 8192.0 / 4.0 {
                1.0
            } else if wavelength > 8192.0 {
                8.0
            } else {
                let smooth = (8192.0 / wavelength - 1.0) / (4.0 - 1.0);
                (1.0 / ((1.0 - smooth) / 8.0 + smooth)) as f32
            }
        };
        (0..pairs).map(factor).collect()
    }
}

impl TinyBytes {
    /// Returns the architecture that a loader has to find.
    pub fn architecture(&self) -> Architecture {
        Architecture::ByteTransformer(ByteTransformer {
            vocabulary: 256,
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            feed_forward: self.feed_forward,
        })
    }

    /// Returns all tensors in their canonical order.
    pub fn tensors(&self) -> Vec<Values> {
        let expected = self.architecture().tensors();
        expected.into_iter().map(|tensor| values(tensor, self.seed, (-127, 127), 512.0)).collect()
    }
}

/// Values for a tensor: those of norms are near one, and all others around zero.
fn values(expected: ExpectedTensor, seed: u64, numbers: (i32, i32), part: f32) -> Values {
    let ExpectedTensor { name, shape } = expected;
    let start = name.bytes().fold(seed, |seed, byte| mixed(seed ^ u64::from(byte)));
    let count: usize = shape.iter().product();
    let number = |at: usize, (first, last): (i32, i32)| {
        let span = (last - first + 1) as u64;
        first + (mixed(start.wrapping_add(at as u64)) % span) as i32
    };
    let is_norm = name.ends_with("norm") || name.ends_with("scale");
    let value = |at: usize| match is_norm {
        true => (128 + number(at, (-8, 8))) as f32 / 128.0,
        false => number(at, numbers) as f32 / part,
    };
    Values { values: (0..count).map(value).collect(), name, shape }
}

impl Values {
    /// Returns the values in a type that holds them exactly, little-endian.
    pub fn bytes(&self, float: Float) -> Vec<u8> {
        match float {
            Float::F32 => self.values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Float::F16 => self.values.iter().flat_map(|&value| half(value).to_le_bytes()).collect(),
            Float::BF16 => {
                self.values.iter().flat_map(|&value| upper(value).to_le_bytes()).collect()
            }
        }
    }

    /// Returns the same values with rows and columns exchanged.
    pub fn transposed(&self) -> Values {
        let [rows, columns] = *self.shape else { panic!("{:?}", self.shape) };
        let values =
            (0..columns * rows).map(|at| self.values[at % rows * columns + at / rows]).collect();
        Values { name: self.name.clone(), shape: vec![columns, rows], values }
    }

    /// Returns the rows that `order` names, in its order.
    pub fn rows(&self, order: impl IntoIterator<Item = usize>) -> Values {
        let columns = *self.shape.last().unwrap();
        let values: Vec<f32> = order
            .into_iter()
            .flat_map(|row| self.values[row * columns..(row + 1) * columns].to_vec())
            .collect();
        let shape = vec![values.len() / columns, columns];
        Values { name: self.name.clone(), shape, values }
    }

    /// Returns the rows of heads that are rotated in halves, in the order for a rotation of
    /// neighbours: row `i` of a head's first half and row `i` of its second follow each other.
    pub fn as_neighbours(&self, head_width: usize) -> Values {
        self.rows((0..self.shape[0]).map(|row| {
            let (head, at) = (row / head_width, row % head_width);
            head * head_width + at % 2 * (head_width / 2) + at / 2
        }))
    }
}

/// Returns this float in 16 bits.
pub fn half(value: f32) -> u16 {
    if value == 0.0 {
        return 0;
    }
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 255) as i32 - 112;
    assert!((1..31).contains(&exponent) && bits & 0x1FFF == 0, "{value} is no half");
    (bits >> 16 & 0x8000) as u16 | (exponent as u16) << 10 | (bits >> 13 & 1023) as u16
}

/// The upper half of a float whose lower one is empty.
fn upper(value: f32) -> u16 {
    assert_eq!(value.to_bits() & 0xFFFF, 0, "{value} needs more than 16 bits");
    (value.to_bits() >> 16) as u16
}

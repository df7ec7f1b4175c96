//! The language model that a stream needs, and its use.

use std::fmt;

/// The arithmetic that a model is evaluated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Precision {
    /// Weights are used as they are stored, in single precision.
    #[default]
    F32,
    /// Weights and activations have eight bits: several times as fast, streams a little larger.
    Int8,
}

impl Precision {
    /// All precisions.
    pub const ALL: &[Precision] = &[Precision::F32, Precision::Int8];

    /// Returns the precision's name.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Int8 => "int8",
        }
    }
}

/// The kind of tokens that a language model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// The tokens of the model's own tokenizer.
    Bpe,
    /// Single characters.
    Characters,
}

impl TokenKind {
    /// Both kinds.
    pub const ALL: &[TokenKind] = &[TokenKind::Bpe, TokenKind::Characters];

    /// Returns the kind's name.
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Bpe => "bpe",
            TokenKind::Characters => "characters",
        }
    }
}

/// The identity of a language model.
///
/// Models with the same weights, configuration and tokens are the same model, whatever the
/// layout of their files and their name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelId {
    /// A name for people to read.
    pub name: String,
    /// SHA-256 of the model, as `spec/language.md` defines it.
    pub hash: [u8; 32],
    /// The arithmetic that the model is evaluated in.
    pub precision: Precision,
    /// Checksum of its predictions for a fixed text.
    pub probe: u32,
}

/// The use of a language model in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelUse {
    /// The model.
    pub id: ModelId,
    /// The kind of tokens that it predicts.
    pub tokens: TokenKind,
    /// Number of the likeliest tokens that have a probability of their own; `None` is all.
    pub top_k: Option<u32>,
    /// Characters of a context.
    pub context: u32,
    /// Contexts that are decoded side by side.
    pub lockstep: u32,
    /// Frames of a block, in which samples are ordered by channel; 0 keeps frames in order.
    pub blocking: u32,
}

impl ModelId {
    /// Returns whether both name the same model with the same precision.
    pub fn is_same_model(&self, other: &ModelId) -> bool {
        (self.hash, self.precision) == (other.hash, other.precision)
    }

    /// Returns the hash in hexadecimal.
    pub fn hash_name(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Control characters are escaped: they could move the cursor of a terminal.
        write!(f, "{:?}, SHA-256 {}", self.name, self.hash_name())
    }
}

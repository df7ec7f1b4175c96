//! Which language model a stream needs, and how it is used.

use std::fmt;

/// The arithmetic that a model is evaluated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Precision {
    /// Weights as they are stored, and single precision.
    #[default]
    F32,
    /// Weights and activations in eight bits: several times as fast, and a little worse.
    Int8,
}

impl Precision {
    /// All precisions.
    pub const ALL: &[Precision] = &[Precision::F32, Precision::Int8];

    /// The precision's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Int8 => "int8",
        }
    }
}

/// What a language model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// The tokens that its own tokenizer makes of the characters.
    Bpe,
    /// The characters, one at a time.
    Characters,
}

impl TokenKind {
    /// Both kinds.
    pub const ALL: &[TokenKind] = &[TokenKind::Bpe, TokenKind::Characters];

    /// The kind's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Bpe => "bpe",
            TokenKind::Characters => "characters",
        }
    }
}

/// The model that a stream was made with. Layouts and names do not matter: what has the
/// same weights, configuration and tokens is the same model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelId {
    /// A name for people.
    pub name: String,
    /// SHA-256 of the model, as `spec/language.md` defines it.
    pub hash: [u8; 32],
    /// The arithmetic it is evaluated in.
    pub precision: Precision,
    /// Checksum of what it predicts for a fixed text.
    pub probe: u32,
}

/// How the model of a stream is used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelUse {
    /// The model.
    pub id: ModelId,
    /// What it predicts.
    pub tokens: TokenKind,
    /// How many of the likeliest tokens have a probability of their own; `None` for all.
    pub top_k: Option<u32>,
    /// Characters of a context.
    pub context: u32,
    /// Contexts that are decoded at a time.
    pub lockstep: u32,
    /// Frames whose samples stand together, channel by channel; 0 where each frame's do.
    pub blocking: u32,
}

impl ModelId {
    /// Returns whether both name the same model with the same precision.
    pub(crate) fn is_same_model(&self, other: &ModelId) -> bool {
        (self.hash, self.precision) == (other.hash, other.precision)
    }

    /// The hash in hexadecimal.
    pub fn hash_name(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What would move a terminal's cursor is written as an escape.
        write!(f, "{:?}, SHA-256 {}", self.name, self.hash_name())
    }
}

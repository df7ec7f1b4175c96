//! Which language model a stream needs, and how it is used.

use std::fmt;

/// The arithmetic that a model is evaluated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// Weights as they are stored, and single precision.
    #[default]
    F32,
    /// Weights and activations in eight bits: several times as fast, and a little worse.
    Int8,
}

impl Profile {
    /// All profiles.
    pub const ALL: &[Profile] = &[Profile::F32, Profile::Int8];

    /// The profile's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::F32 => "f32",
            Profile::Int8 => "int8",
        }
    }
}

/// What a language model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tokens {
    /// The tokens that its own tokenizer makes of the characters.
    Bpe,
    /// The characters, one at a time.
    Characters,
}

impl Tokens {
    /// Both kinds.
    pub const ALL: &[Tokens] = &[Tokens::Bpe, Tokens::Characters];

    /// The kind's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Tokens::Bpe => "bpe",
            Tokens::Characters => "characters",
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
    pub profile: Profile,
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
    pub tokens: Tokens,
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

//! The language method: a transformer predicts tokens that spell the characters.

pub(crate) mod architecture;
pub(crate) mod engine;
pub(crate) mod tensor;
pub(crate) mod vocabulary;

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

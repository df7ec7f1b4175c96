//! Tokens and what they spell.

use crate::error::{Error, Result};

/// Characters: what the upper seven bits of a byte can be.
pub(crate) const CHARACTERS: usize = 128;

/// The tokens of a model, and the bytes that each stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Bytes of each token; none for those that spell nothing.
    tokens: Vec<Option<Box<[u8]>>>,
    /// The token of each character alone.
    characters: [u32; CHARACTERS],
    /// The token that a context begins with.
    beginning: u32,
}

/// Cuts text into the tokens of a vocabulary.
pub trait Tokenizer: Send + Sync {
    /// Tokens for `text`, which is ASCII. Whether they spell it is for the caller to check.
    fn tokens(&self, text: &[u8]) -> Vec<u32>;
}

impl Vocabulary {
    /// A vocabulary with these bytes for each token, `None` for those that spell nothing;
    /// these tokens for the 128 characters; and this one before everything else. Fails
    /// where the table does not bear them out.
    pub fn new(
        tokens: Vec<Option<Box<[u8]>>>,
        characters: [u32; CHARACTERS],
        beginning: u32,
    ) -> Result<Self> {
        for (character, &token) in characters.iter().enumerate() {
            let bytes = tokens.get(token as usize).and_then(Option::as_deref);
            if bytes != Some(&[character as u8]) {
                return Err(Error::model(format!(
                    "the vocabulary cannot spell the character {character:#04x}"
                )));
            }
        }
        if beginning as usize >= tokens.len() {
            return Err(Error::model(format!(
                "the beginning of a text is token {beginning}, of {}",
                tokens.len()
            )));
        }
        Ok(Vocabulary { tokens, characters, beginning })
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are no tokens, which is never so.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// What a token spells.
    pub fn bytes(&self, token: u32) -> Option<&[u8]> {
        self.tokens.get(token as usize)?.as_deref()
    }

    /// The token of each character alone.
    pub fn characters(&self) -> &[u32; CHARACTERS] {
        &self.characters
    }

    /// The token that a context begins with.
    pub fn beginning(&self) -> u32 {
        self.beginning
    }
}

//! Tokens and the text that they spell.

use crate::error::{Error, Result};

/// The number of characters: the values of the upper seven bits of a byte.
pub(crate) const CHARACTERS: usize = 128;

/// The tokens of a model, and the bytes that each of them spells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// The bytes of each token; `None` for tokens that spell nothing.
    tokens: Vec<Option<Box<[u8]>>>,
    /// The token of each character alone.
    characters: [u32; CHARACTERS],
    /// The token that a context begins with.
    beginning: u32,
}

/// Cuts text into the tokens of a vocabulary.
pub trait Tokenizer: Send + Sync {
    /// Returns tokens for `text`, which is ASCII. The caller checks that they spell it.
    fn tokens(&self, text: &[u8]) -> Vec<u32>;
}

impl Vocabulary {
    /// Makes a vocabulary of the bytes of each token, the token of each character, and the
    /// token that a context begins with. Tokens that spell nothing have `None`.
    ///
    /// Fails if a token of a character does not spell it, or if there is no such beginning.
    pub fn new(
        tokens: Vec<Option<Box<[u8]>>>,
        characters: [u32; CHARACTERS],
        beginning: u32,
    ) -> Result<Self> {
        for (character, &token) in characters.iter().enumerate() {
            let bytes = tokens.get(token as usize).and_then(Option::as_deref);
            if bytes != Some(&[character as u8]) {
                return Err(Error::model(format!(
                    "token {token} must spell the character {character:#04x}; it does not"
                )));
            }
        }
        if beginning as usize >= tokens.len() {
            return Err(Error::model(format!(
                "a context begins with token {beginning}; tokens must be below {}",
                tokens.len()
            )));
        }
        Ok(Vocabulary { tokens, characters, beginning })
    }

    /// Returns the number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns whether there are no tokens, which is never the case.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns the bytes that a token spells.
    pub fn bytes(&self, token: u32) -> Option<&[u8]> {
        self.tokens.get(token as usize)?.as_deref()
    }

    /// Returns the token of each character.
    pub fn characters(&self) -> &[u32; CHARACTERS] {
        &self.characters
    }

    /// Returns the token that a context begins with.
    pub fn beginning(&self) -> u32 {
        self.beginning
    }
}

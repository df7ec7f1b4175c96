//! What every tokenizer comes down to, and the vocabulary that is made of it.

use std::collections::HashMap;
use std::sync::Arc;

use tokenizers::models::bpe::{BPE, Vocab};

use super::alphabet::{Alphabet, named_byte};
use super::cutter::Cutter;
use super::split::Step;
use super::{Tokens, short};
use crate::error::{Error, Result};
use crate::method::language::architecture::MOST_VOCABULARY;
use crate::method::language::vocabulary::{CHARACTERS, Vocabulary};

/// Names of the token that a context begins with, where nothing else says which it is.
const BEGINNINGS: [&str; 3] = ["<s>", "<|begin_of_text|>", "<|endoftext|>"];

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, in the alphabet of the vocabulary.
    Piece,
    /// One byte, written as `<0x41>`.
    Byte,
    /// Text as it is, whatever the alphabet. Nothing is merged to it.
    Verbatim,
    /// Nothing.
    Special,
}

/// A token of a tokenizer.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: u32,
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// A tokenizer, whatever file it is from.
#[derive(Debug)]
pub(super) struct Parts {
    /// What the tokens are written in.
    pub(super) alphabet: Alphabet,
    /// All tokens, in any order.
    pub(super) tokens: Vec<Token>,
    /// Pairs that are merged, the first ones before all others.
    pub(super) merges: Vec<(String, String)>,
    /// What is done to text before.
    pub(super) steps: Vec<Step>,
    /// Whether a word that is a token needs no merging.
    pub(super) whole_words: bool,
    /// The token that a context begins with, where the file says so.
    pub(super) beginning: Option<u32>,
}

impl Parts {
    /// The number of the token of this text.
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        self.tokens.iter().find(|token| token.text == text).map(|token| token.id)
    }

    /// The vocabulary of a model that has rows for this many tokens, and what cuts text.
    pub(super) fn open(self, size: usize) -> Result<Tokens> {
        let beginning = self.beginning;
        let beginning = beginning.or_else(|| BEGINNINGS.iter().find_map(|name| self.number(name)));
        let beginning = beginning.ok_or_else(|| {
            Error::model("nothing says which token is at the beginning of a text")
        })?;
        let vocabulary = self.vocabulary(size, beginning)?;
        let merging = merging(&self.tokens, self.merges, self.whole_words)?;
        Ok((vocabulary, Arc::new(Cutter { steps: self.steps, merging })))
    }

    /// What each token spells, and the token of each character.
    fn vocabulary(&self, size: usize, beginning: u32) -> Result<Vocabulary> {
        if size > MOST_VOCABULARY {
            return Err(Error::model(format!("a model of {size} tokens")));
        }
        let mut table = vec![None; size];
        // A piece comes before a byte, then a lower number before a higher one.
        let mut characters = [(true, u32::MAX); CHARACTERS];
        for token in self.tokens.iter().filter(|token| token.kind != Kind::Special) {
            let Token { id, text, kind } = token;
            let Some(entry) = table.get_mut(*id as usize) else {
                return Err(Error::model(format!(
                    "the tokenizer has a token {id}, {}, and the model {size} tokens",
                    short(text)
                )));
            };
            if entry.is_some() {
                return Err(Error::model(format!("two tokens are number {id}")));
            }
            let bytes = match kind {
                Kind::Special => None,
                Kind::Verbatim => Some(text.clone().into_bytes()),
                Kind::Piece => self.alphabet.bytes(text),
                Kind::Byte => Some(vec![named_byte(text).ok_or_else(|| {
                    Error::model(format!("token {id} is a byte, and written {}", short(text)))
                })?]),
            };
            let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { continue };
            if let [byte] = bytes[..]
                && let Some(character) = characters.get_mut(usize::from(byte))
            {
                *character = (*character).min((*kind == Kind::Byte, *id));
            }
            *entry = Some(bytes.into());
        }
        if let Some(missing) = characters.iter().position(|&(_, id)| id == u32::MAX) {
            return Err(Error::model(format!(
                "no token spells the character {missing:#04x} alone, so this vocabulary cannot \
                 spell every text"
            )));
        }
        Vocabulary::new(table, characters.map(|(_, id)| id), beginning)
    }
}

/// Merges as the `tokenizers` crate does them. It is told of nothing that it could trip
/// over: it takes a pair's two tokens and what they make for known, and would also make
/// special tokens.
fn merging(tokens: &[Token], merges: Vec<(String, String)>, whole_words: bool) -> Result<BPE> {
    let mut kinds = HashMap::with_capacity(tokens.len());
    let mut numbers = Vocab::with_capacity(tokens.len());
    for Token { id, text, kind } in tokens {
        let known = *kinds.entry(text.as_str()).or_insert(*kind);
        if matches!(known, Kind::Piece | Kind::Byte) {
            numbers.entry(text.clone()).or_insert(*id);
        }
    }
    let mut kept = Vec::with_capacity(merges.len());
    let mut made = String::new();
    for (left, right) in merges {
        made.clear();
        made.push_str(&left);
        made.push_str(&right);
        let mut pieces = true;
        for part in [&left, &right, &made] {
            let kind = kinds.get(part.as_str()).ok_or_else(|| {
                let [left, right, part] = [&left, &right, part].map(|text| short(text));
                Error::model(format!("{left} and {right} are merged, but {part} is no token"))
            })?;
            pieces &= *kind == Kind::Piece;
        }
        if pieces {
            kept.push((left, right));
        }
    }
    BPE::builder()
        .vocab_and_merges(numbers, kept)
        .byte_fallback(tokens.iter().any(|token| token.kind == Kind::Byte))
        .ignore_merges(whole_words)
        // Its cache belongs to threads and outlives the model.
        .cache_capacity(0)
        .build()
        .map_err(|error| Error::model(format!("the merges: {error}")))
}

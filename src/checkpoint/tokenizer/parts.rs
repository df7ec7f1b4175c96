//! The parts of a tokenizer, and the vocabulary and tokenizer that are made of them.

use std::collections::HashMap;
use std::sync::Arc;

use tokenizers::models::bpe::{BPE, Vocab};

use super::alphabet::{Alphabet, named_byte};
use super::cutter::Cutter;
use super::split::Step;
use crate::checkpoint::storage::file::excerpt;
use crate::error::{Error, Result};
use crate::method::language::architecture::MOST_VOCABULARY;
use crate::method::language::vocabulary::{CHARACTERS, Tokenizer, Vocabulary};

/// A vocabulary, and the tokenizer that cuts text into its tokens.
pub(crate) type Tokenization = (Vocabulary, Arc<dyn Tokenizer>);

/// The most bytes of a tokenizer's file, several times the largest known.
pub(super) const MOST_FILE_BYTES: u64 = 128 << 20;

/// The default names of the token that a context begins with.
const BEGINNINGS: [&str; 3] = ["<s>", "<|begin_of_text|>", "<|endoftext|>"];

/// How the text of a token spells bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// In the alphabet of the vocabulary.
    Text,
    /// One byte, written like `<0x41>`.
    Byte,
    /// As plain text, in any alphabet. No merge makes such a token.
    Verbatim,
    /// Not at all.
    Special,
}

/// A token of a tokenizer.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: u32,
    pub(super) text: String,
    pub(super) spelling: Spelling,
}

/// The parts of a tokenizer from a file of any format.
#[derive(Debug)]
pub(super) struct TokenizerParts {
    /// The alphabet of the tokens' texts.
    pub(super) alphabet: Alphabet,
    /// All tokens, in any order.
    pub(super) tokens: Vec<Token>,
    /// The pairs that are merged, in the order of priority.
    pub(super) merges: Vec<(String, String)>,
    /// The steps that cut text into words.
    pub(super) steps: Vec<Step>,
    /// Whether a word that is a token is not cut further.
    pub(super) whole_words: bool,
    /// The token that a context begins with, if the file gives it.
    pub(super) beginning: Option<u32>,
}

impl TokenizerParts {
    /// The number of the token with this text.
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        self.tokens.iter().find(|token| token.text == text).map(|token| token.id)
    }

    /// Makes the vocabulary and the tokenizer of a model of `size` tokens.
    pub(super) fn open(self, size: usize) -> Result<Tokenization> {
        let beginning = self.beginning;
        let beginning = beginning.or_else(|| BEGINNINGS.iter().find_map(|name| self.number(name)));
        let beginning = beginning.ok_or_else(|| {
            let names = BEGINNINGS.join(", ");
            Error::model(format!(
                "the token that a context begins with is unknown: the files do not name it, and \
                 there is none of {names}"
            ))
        })?;
        let vocabulary = self.vocabulary(size, beginning)?;
        let merging = merging(&self.tokens, self.merges, self.whole_words)?;
        Ok((vocabulary, Arc::new(Cutter { steps: self.steps, merging })))
    }

    /// Finds the bytes of each token and the token of each character.
    fn vocabulary(&self, size: usize, beginning: u32) -> Result<Vocabulary> {
        if size > MOST_VOCABULARY {
            return Err(Error::model(format!(
                "the model has {size} tokens; at most {MOST_VOCABULARY} are supported"
            )));
        }
        let mut table = vec![None; size];
        // Prefers `Text` and `Verbatim` to `Byte`, then lower numbers to higher ones.
        let mut characters = [(true, u32::MAX); CHARACTERS];
        for token in self.tokens.iter().filter(|token| token.spelling != Spelling::Special) {
            let Token { id, text, spelling } = token;
            let Some(entry) = table.get_mut(*id as usize) else {
                return Err(Error::model(format!(
                    "the tokenizer has a token {id}, {}, but the model has only {size} tokens",
                    excerpt(text)
                )));
            };
            if entry.is_some() {
                return Err(Error::model(format!("two tokens have the number {id}")));
            }
            let bytes = match spelling {
                Spelling::Special => None,
                Spelling::Verbatim => Some(text.clone().into_bytes()),
                Spelling::Text => self.alphabet.bytes(text),
                Spelling::Byte => Some(vec![named_byte(text).ok_or_else(|| {
                    Error::model(format!(
                        "token {id} is a byte and has the text {}; it must be like <0x41>",
                        excerpt(text)
                    ))
                })?]),
            };
            let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { continue };
            if let [byte] = bytes[..]
                && let Some(character) = characters.get_mut(usize::from(byte))
            {
                *character = (*character).min((*spelling == Spelling::Byte, *id));
            }
            *entry = Some(bytes.into());
        }
        if let Some(missing) = characters.iter().position(|&(_, id)| id == u32::MAX) {
            return Err(Error::model(format!(
                "no token spells the character {missing:#04x} alone; a vocabulary needs a token \
                 for each character from 0x00 to 0x7f"
            )));
        }
        Vocabulary::new(table, characters.map(|(_, id)| id), beginning)
    }
}

/// Makes the merging of the `tokenizers` crate.
///
/// The crate takes the two tokens of a merge and their concatenation for known, and would also
/// make special tokens. The merges are checked and filtered before it gets them.
fn merging(tokens: &[Token], merges: Vec<(String, String)>, whole_words: bool) -> Result<BPE> {
    let mut spellings = HashMap::with_capacity(tokens.len());
    let mut numbers = Vocab::with_capacity(tokens.len());
    for Token { id, text, spelling } in tokens {
        let known = *spellings.entry(text.as_str()).or_insert(*spelling);
        if matches!(known, Spelling::Text | Spelling::Byte) {
            numbers.entry(text.clone()).or_insert(*id);
        }
    }
    let mut kept = Vec::with_capacity(merges.len());
    let mut made = String::new();
    for (left, right) in merges {
        made.clear();
        made.push_str(&left);
        made.push_str(&right);
        let mut mergeable = true;
        for part in [&left, &right, &made] {
            let spelling = spellings.get(part.as_str()).ok_or_else(|| {
                let [left, right, part] = [&left, &right, part].map(|text| excerpt(text));
                Error::model(format!("{left} and {right} are merged, but {part} is not a token"))
            })?;
            mergeable &= *spelling == Spelling::Text;
        }
        if mergeable {
            kept.push((left, right));
        }
    }
    BPE::builder()
        .vocab_and_merges(numbers, kept)
        .byte_fallback(tokens.iter().any(|token| token.spelling == Spelling::Byte))
        .ignore_merges(whole_words)
        // Its cache belongs to threads and outlives the model.
        .cache_capacity(0)
        .build()
        .map_err(|error| Error::model(format!("the merges cannot be used: {error}")))
}

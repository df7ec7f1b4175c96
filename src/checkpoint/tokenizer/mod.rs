//! Tokenizers: from their files to a vocabulary, and to what cuts text into its tokens.
//!
//! Every form comes down to the same parts: the tokens, what is merged, and where text is
//! cut before that. The table of bytes is made from the tokens themselves, never by
//! decoding text. Special tokens are never looked for in text, nothing is put before it,
//! and nothing is normalised, so that the tokens of ASCII text spell just that text.

mod alphabet;
mod cutter;
mod gguf;
mod huggingface;
mod merges;
mod meta;
mod parts;
mod sentencepiece;
mod split;
mod tiktoken;

use std::path::Path;
use std::sync::Arc;

pub(crate) use gguf::{Gguf, gguf};
pub(crate) use huggingface::huggingface;
pub(crate) use meta::meta;

use crate::checkpoint::file::{Source, error_at};
use crate::error::Result;
use crate::method::language::vocabulary::{Tokenizer, Vocabulary};

/// A vocabulary, and what cuts text into its tokens.
pub(crate) type Tokens = (Vocabulary, Arc<dyn Tokenizer>);

/// The most bytes of a tokenizer's file: several times the largest known.
const MOST_BYTES: u64 = 128 << 20;

/// All bytes of a file.
fn read(path: &Path) -> Result<Vec<u8>> {
    Source::open(path)?.read_whole(MOST_BYTES)
}

/// Says in which file an error is.
fn in_file<T>(path: &Path, result: Result<T>) -> Result<T> {
    result.map_err(|error| error_at(path, error))
}

/// The beginning of a text that may have any length, for messages.
fn short(text: &str) -> String {
    let beginning: String = text.chars().take(40).collect();
    let dots = if beginning.len() < text.len() { "..." } else { "" };
    format!("{beginning:?}{dots}")
}

#[cfg(test)]
mod tests;

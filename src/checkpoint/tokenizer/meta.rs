//! `tokenizer.model`, as Meta's models have it.

use std::path::Path;

use super::parts::Parts;
use super::{Tokens, in_file, read, sentencepiece, tiktoken};
use crate::error::Result;

/// The tokenizer of a `tokenizer.model`, SentencePiece or tiktoken, of a model that has
/// rows for this many tokens.
pub(crate) fn meta(path: &Path, vocabulary_size: usize) -> Result<Tokens> {
    open(path, vocabulary_size, None)
}

/// As [`meta`], for a model that says itself which token a context begins with.
pub(super) fn open(path: &Path, vocabulary_size: usize, beginning: Option<u32>) -> Result<Tokens> {
    in_file(
        path,
        parse(&read(path)?).and_then(|mut parts| {
            parts.beginning = beginning.or(parts.beginning);
            parts.open(vocabulary_size)
        }),
    )
}

/// A file of ranks begins with a letter of base64, which no field of SentencePiece does.
fn parse(file: &[u8]) -> Result<Parts> {
    match file.first() {
        Some(&first) if tiktoken::six_bits(first).is_some() => tiktoken::parse(file),
        _ => sentencepiece::parse(file),
    }
}

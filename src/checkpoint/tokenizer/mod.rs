//! Tokenizers: from files to a vocabulary and a tokenizer of ASCII text.
//!
//! `huggingface.rs`, `meta.rs` and `gguf.rs` read the tokenizer of a layout, the latter two with
//! `sentencepiece.rs` and `tiktoken.rs`. All give the same `TokenizerParts`: the tokens, the merges,
//! and the steps that cut text before. `parts.rs` makes the vocabulary and the tokenizer of them.
//!
//! The bytes of each token come from the tokens themselves, never from decoding text. The tokens of
//! ASCII text spell exactly that text: special tokens are not looked for in it, nothing is put
//! before it, and it is not normalised.

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

pub(crate) use gguf::{GgufTokenizer, open_gguf};
pub(crate) use huggingface::open_huggingface;
pub(crate) use meta::open_meta;

#[cfg(test)]
mod tests;

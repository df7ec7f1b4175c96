//! Tiny tokenizers in every form that checkpoints have.
//!
//! There are two vocabularies: one on bytes, as in Llama 3 (JSON, tiktoken ranks, GGUF), and one
//! of SentencePiece, as in Llama 2 (JSON, protobuf, GGUF).

use std::fmt::Write;

/// The arrays of a tokenizer in a GGUF file, named as its keys are.
#[derive(Debug, Clone)]
pub struct Gguf {
    /// `tokenizer.ggml.model`
    pub model: &'static str,
    /// `tokenizer.ggml.pre`
    pub pre: Option<&'static str>,
    /// `tokenizer.ggml.tokens`
    pub tokens: Vec<String>,
    /// `tokenizer.ggml.scores`
    pub scores: Vec<f32>,
    /// `tokenizer.ggml.token_type`
    pub types: Vec<i32>,
    /// `tokenizer.ggml.merges`
    pub merges: Vec<String>,
    /// `tokenizer.ggml.bos_token_id`
    pub beginning: u32,
}

/// Codes of the types of tokens in SentencePiece and in GGUF.
const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const BYTE: i32 = 6;

pub mod byte_level {
    //! A vocabulary on bytes: token n is byte n, then come merged and special tokens.

    use super::*;

    /// Merges, in order; no token can be made in two ways.
    pub const MERGES: [(&str, &str); 10] = [
        (" ", "t"),
        ("h", "e"),
        (" t", "he"),
        ("@", "A"),
        ("@A", "@A"),
        ("?", "~"),
        ("\0", "\u{1}"),
        ("0", "1"),
        ("01", "2"),
        ("\r", "\n"),
    ];

    /// Special tokens; the first is the beginning of a text.
    pub const SPECIAL: [&str; 2] = ["<|begin_of_text|>", "<|end_of_text|>"];

    /// Tokens that spell something.
    pub const SPELLING: usize = 256 + MERGES.len();

    /// Rows of a model: all tokens, with those that Meta reserves.
    pub const TOKENS: usize = SPELLING + 256;

    /// The token that a context begins with.
    pub const BEGINNING: u32 = SPELLING as u32;

    /// How Llama 3 cuts words before it merges.
    pub const SPLIT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// Returns the bytes of each token that is not special.
    pub fn spelled() -> Vec<Vec<u8>> {
        let merged = MERGES.iter().map(|(left, right)| format!("{left}{right}").into_bytes());
        (0..=255).map(|byte| vec![byte]).chain(merged).collect()
    }

    /// Returns `tokenizer.json` in the form of Hugging Face for Llama 3.
    pub fn json() -> String {
        let vocabulary: Vec<String> = spelled()
            .iter()
            .enumerate()
            .map(|(id, bytes)| format!("{}:{id}", quoted(&written(bytes))))
            .collect();
        let merges: Vec<String> = MERGES
            .iter()
            .map(|(left, right)| {
                let [left, right] = [left, right].map(|part| quoted(&written(part.as_bytes())));
                format!("[{left},{right}]")
            })
            .collect();
        let special: Vec<String> =
            SPECIAL.iter().enumerate().map(|(at, name)| added(SPELLING + at, name, true)).collect();
        let (special, vocabulary, merges, split) =
            (special.join(","), vocabulary.join(","), merges.join(","), quoted(SPLIT));
        format!(
            r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{special}],"normalizer":null,
"pre_tokenizer":{{"type":"Sequence","pretokenizers":[
{{"type":"Split","pattern":{{"Regex":{split}}},"behavior":"Isolated","invert":false}},
{{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}}]}},
"post_processor":null,"decoder":{{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}},
"model":{{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,
"fuse_unk":false,"byte_fallback":false,"ignore_merges":true,
"vocab":{{{vocabulary}}},"merges":[{merges}]}}}}"#
        )
    }

    /// Returns `tokenizer.model` in the form of Meta for Llama 3: ranks of tiktoken.
    pub fn tiktoken() -> String {
        let mut text = String::new();
        for (rank, bytes) in spelled().iter().enumerate() {
            writeln!(text, "{} {rank}", base64(bytes)).unwrap();
        }
        text
    }

    /// Returns the arrays of a GGUF file for Llama 3, with rows for all tokens.
    pub fn gguf() -> Gguf {
        let mut tokens: Vec<String> = spelled().iter().map(|bytes| written(bytes)).collect();
        tokens.extend(SPECIAL.map(String::from));
        tokens.extend((SPECIAL.len()..256).map(|at| format!("<|reserved_special_token_{at}|>")));
        let types = (0..TOKENS).map(|id| if id < SPELLING { NORMAL } else { CONTROL });
        let merges = MERGES.map(|(left, right)| {
            format!("{} {}", written(left.as_bytes()), written(right.as_bytes()))
        });
        Gguf {
            model: "gpt2",
            pre: Some("llama-bpe"),
            types: types.collect(),
            tokens,
            scores: Vec::new(),
            merges: merges.into(),
            beginning: BEGINNING,
        }
    }

    /// Returns bytes in the alphabet of vocabularies on bytes: printable characters are
    /// themselves, all others are the characters from 256 on.
    pub fn written(bytes: &[u8]) -> String {
        let prints = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
        let letter = |byte: u8| {
            let others = (0..byte).filter(|&before| !prints(before)).count() as u32;
            let code = if prints(byte) { byte.into() } else { 256 + others };
            char::from_u32(code).unwrap()
        };
        bytes.iter().map(|&byte| letter(byte)).collect()
    }
}

pub mod pieces {
    //! A vocabulary of SentencePiece: three special tokens, 256 bytes, then pieces. `▁` is a
    //! space in them.

    use super::*;

    /// Special tokens; the second is the beginning of a text.
    pub const SPECIAL: [&str; 3] = ["<unk>", "<s>", "</s>"];

    /// Returns pieces with their scores: the longer ones in the order in which they are merged,
    /// then printable characters.
    pub fn pieces() -> Vec<(String, f32)> {
        let merged = ["▁t", "he", "▁the", "@A", "@A@A", "▁▁", "?~", "▁▁▁▁", "01", "012"];
        let single = "▁".chars().chain('!'..='~').map(String::from);
        let all = merged.map(String::from).into_iter().chain(single);
        all.enumerate().map(|(at, piece)| (piece, -(at as f32))).collect()
    }

    /// Rows of a model: the tokens of the vocabulary.
    pub const TOKENS: usize = 3 + 256 + 10 + 95;

    /// The token that a context begins with.
    pub const BEGINNING: u32 = 1;

    /// Name, score and kind of each token.
    fn tokens() -> Vec<(String, f32, i32)> {
        let kinds = [UNKNOWN, CONTROL, CONTROL];
        let special = SPECIAL.iter().zip(kinds).map(|(name, kind)| (name.to_string(), 0.0, kind));
        let bytes = (0..=255u8).map(|byte| (format!("<0x{byte:02X}>"), 0.0, BYTE));
        let pieces = pieces().into_iter().map(|(piece, score)| (piece, score, NORMAL));
        special.chain(bytes).chain(pieces).collect()
    }

    /// Returns the bytes of each token; special ones have none.
    pub fn spelled() -> Vec<Option<Vec<u8>>> {
        let special = SPECIAL.iter().map(|_| None);
        let bytes = (0..=255u8).map(|byte| Some(vec![byte]));
        let pieces =
            pieces().into_iter().map(|(piece, _)| Some(piece.replace('▁', " ").into_bytes()));
        special.chain(bytes).chain(pieces).collect()
    }

    /// How a JSON file turns spaces into `▁`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Spaces {
        /// By a normaliser that puts one before the text, as in most files.
        Prepend,
        /// By a step before the model, which loses a space that a text begins with.
        Metaspace,
    }

    /// Returns `tokenizer.json` in the form of Hugging Face for Llama 2.
    pub fn json(spaces: Spaces) -> String {
        let tokens = tokens();
        let vocabulary: Vec<String> = tokens
            .iter()
            .enumerate()
            .map(|(id, (name, ..))| format!("{}:{id}", quoted(name)))
            .collect();
        // Each piece in every way in which it is made of two others, the best pieces first.
        let known = |part: &str| tokens.iter().any(|(name, ..)| name == part);
        let mut merges = Vec::new();
        for (piece, _) in pieces() {
            for (at, _) in piece.char_indices().skip(1) {
                let (left, right) = piece.split_at(at);
                if known(left) && known(right) {
                    merges.push(quoted(&format!("{left} {right}")));
                }
            }
        }
        let special: Vec<String> =
            SPECIAL.iter().enumerate().map(|(id, name)| added(id, name, true)).collect();
        let (normalizer, before) = match spaces {
            Spaces::Prepend => (
                r#"{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"#,
                "null",
            ),
            Spaces::Metaspace => (
                "null",
                r#"{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}"#,
            ),
        };
        let (special, vocabulary, merges) =
            (special.join(","), vocabulary.join(","), merges.join(","));
        format!(
            r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{special}],
"normalizer":{normalizer},"pre_tokenizer":{before},"post_processor":null,
"decoder":{{"type":"Sequence","decoders":[{{"type":"Replace","pattern":{{"String":"▁"}},"content":" "}},
{{"type":"ByteFallback"}},{{"type":"Fuse"}},{{"type":"Strip","content":" ","start":1,"stop":0}}]}},
"model":{{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,
"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,
"vocab":{{{vocabulary}}},"merges":[{merges}]}}}}"#
        )
    }

    /// Returns `tokenizer.model` in the form of Meta for Llama 2: the protobuf of SentencePiece.
    pub fn model() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, score, kind) in tokens() {
            let mut piece = Vec::new();
            field(&mut piece, 1, name.as_bytes());
            piece.push(2 << 3 | 5);
            piece.extend(score.to_le_bytes());
            // A normal piece does not say so.
            if kind != NORMAL {
                number(&mut piece, 3, kind as u64);
            }
            field(&mut bytes, 1, &piece);
        }
        // The trainer's settings: merges, byte tokens, and which tokens are special.
        let mut trainer = Vec::new();
        number(&mut trainer, 3, 2);
        number(&mut trainer, 35, 1);
        for (id, place) in [(40, 0), (41, 1), (42, 2)] {
            number(&mut trainer, id, place);
        }
        field(&mut bytes, 2, &trainer);
        let mut normalizer = Vec::new();
        field(&mut normalizer, 1, b"identity");
        field(&mut bytes, 3, &normalizer);
        bytes
    }

    /// Returns the arrays of a GGUF file for Llama 2.
    pub fn gguf() -> Gguf {
        let tokens = tokens();
        Gguf {
            model: "llama",
            pre: None,
            scores: tokens.iter().map(|token| token.1).collect(),
            types: tokens.iter().map(|token| token.2).collect(),
            tokens: tokens.into_iter().map(|token| token.0).collect(),
            merges: Vec::new(),
            beginning: BEGINNING,
        }
    }

    /// A field of protobuf that holds bytes.
    fn field(bytes: &mut Vec<u8>, id: u64, content: &[u8]) {
        varint(bytes, id << 3 | 2);
        varint(bytes, content.len() as u64);
        bytes.extend(content);
    }

    /// A field of protobuf that holds a number.
    fn number(bytes: &mut Vec<u8>, id: u64, value: u64) {
        varint(bytes, id << 3);
        varint(bytes, value);
    }

    fn varint(bytes: &mut Vec<u8>, mut value: u64) {
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    }
}

/// Returns an entry of `added_tokens`.
pub fn added(id: usize, name: &str, special: bool) -> String {
    format!(
        r#"{{"id":{id},"content":{},"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":{special}}}"#,
        quoted(name)
    )
}

/// Returns a string of JSON.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..='\u{1F}' => write!(quoted, "\\u{:04x}", letter as u32).unwrap(),
            _ => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// Returns bytes as base64.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= three.len() { letter as char } else { '=' });
        }
    }
    text
}

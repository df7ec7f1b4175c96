mod damage;

use std::fs;
use std::path::Path;

use lmac_support::Random;
use lmac_support::tokenizers::pieces::Spaces;
use lmac_support::tokenizers::{self as written, byte_level, pieces};

use super::parts::Tokenization;
use super::*;
use crate::error::{Error, Result};
use crate::method::language::vocabulary::Vocabulary;

/// Texts with all characters, with merged tokens, and with texts like special tokens.
fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = (0..128).map(|character| vec![character]).collect();
    let all: [&[u8]; 12] = [
        b"",
        b" the then he  the\tthe",
        b"@A@A@A @A@A@A@A@",
        b"0123012 01 2 12'll 'S",
        b"   \r\n\r\n \n  x    ",
        b"<s>a</s> <unk><0x41><0x0A>",
        b"<|begin_of_text|><|end_of_text|> x",
        b"\0\x01\0\0\x01\x02\x7F\x7E?~?~",
        b" leading and trailing ",
        b"don't DON'T we'Ve",
        b"!!!\n\n???~\n",
        b"<|special_token_9|>",
    ];
    texts.extend(all.map(<[u8]>::to_vec));
    let mut random = Random::new(1);
    for length in [50, 700, 2048] {
        let mut text = Vec::new();
        for _ in 0..length {
            let at = random.below(1 << 16) as usize;
            // Half from letters of merges, half from all characters.
            text.push(if random.below(2) == 0 { b" the@A01?~ "[at % 11] } else { at as u8 & 127 });
        }
        texts.push(text);
    }
    texts
}

/// The bytes of these tokens in the vocabulary.
fn spelled(vocabulary: &Vocabulary, tokens: &[u32]) -> Vec<u8> {
    tokens
        .iter()
        .flat_map(|&token| vocabulary.bytes(token).unwrap_or(b"nothing"))
        .copied()
        .collect()
}

fn assert_spells_everything((vocabulary, tokenizer): &Tokenization) {
    for text in texts() {
        let tokens = tokenizer.tokens(&text);
        assert_eq!(
            spelled(vocabulary, &tokens).escape_ascii().to_string(),
            text.escape_ascii().to_string()
        );
    }
}

/// Asserts that two forms of a tokenizer are equal.
fn assert_same(one: &Tokenization, other: &Tokenization) {
    assert_eq!(one.0, other.0);
    for text in texts() {
        assert_eq!(one.1.tokens(&text), other.1.tokens(&text), "{}", text.escape_ascii());
    }
}

/// Asserts that the `tokenizers` crate cuts text in the same way, with all steps of the file.
fn assert_as_the_crate(json: &str, size: usize) {
    let ours = from_json(json, size).unwrap();
    let mut theirs: tokenizers::Tokenizer = json.parse().unwrap();
    theirs.set_encode_special_tokens(true);
    for text in texts() {
        let encoding = theirs.encode_fast(str::from_utf8(&text).unwrap(), false).unwrap();
        assert_eq!(ours.1.tokens(&text), encoding.get_ids(), "{}", text.escape_ascii());
    }
}

/// Opens a folder of these files.
fn folder(files: &[(&str, &[u8])], size: usize, beginning: Option<u32>) -> Result<Tokenization> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    open_huggingface(folder.path(), size, beginning)
}

fn from_json(json: &str, size: usize) -> Result<Tokenization> {
    folder(&[("tokenizer.json", json.as_bytes())], size, None)
}

fn from_model(bytes: &[u8], size: usize) -> Result<Tokenization> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.model");
    fs::write(&path, bytes).unwrap();
    open_meta(&path, size, None)
}

fn from_gguf(arrays: written::Gguf, size: usize) -> Result<Tokenization> {
    let arrays = GgufTokenizer {
        model: arrays.model.into(),
        pre: arrays.pre.map(String::from),
        tokens: arrays.tokens,
        scores: arrays.scores,
        types: arrays.types,
        merges: arrays.merges,
        beginning: Some(arrays.beginning),
    };
    open_gguf(Path::new("a.gguf"), arrays, size)
}

#[track_caller]
fn assert_fails(result: Result<Tokenization>, with: &str) {
    let error = result.map(|_| "it opens").unwrap_err().to_string();
    assert!(error.contains(with), "{error}");
}

#[test]
fn byte_level_tokenizers_are_equal_in_every_form() {
    let size = byte_level::TOKENS;
    let json = from_json(&byte_level::json(), size).unwrap();
    let spelled = byte_level::spelled();
    assert_eq!(json.0.len(), size);
    assert_eq!(json.0.beginning(), byte_level::BEGINNING);
    assert!((0..128).eq(json.0.characters().iter().copied()));
    for id in 0..size {
        let expected = spelled.get(id).map(Vec::as_slice);
        assert_eq!(json.0.bytes(id as u32), expected);
    }
    assert_spells_everything(&json);
    assert_same(&json, &from_model(byte_level::tiktoken().as_bytes(), size).unwrap());
    assert_same(&json, &from_gguf(byte_level::gguf(), size).unwrap());
    // Nothing is merged across words: " the", " ", "012", "3", " @", "A", "@A", "@".
    let number =
        |text: &str| spelled.iter().position(|bytes| bytes == text.as_bytes()).unwrap() as u32;
    let expected = [" the", " ", "012", "3", " ", "@", "A", "@A", "@"].map(number);
    assert_eq!(json.1.tokens(b" the 0123 @A@A@"), expected);
}

#[test]
fn sentencepiece_tokenizers_are_equal_in_every_form() {
    let size = pieces::TOKENS + 5;
    let json = from_json(&pieces::json(Spaces::Prepend), size).unwrap();
    let mut spelled = pieces::spelled();
    spelled.resize(size, None);
    assert_eq!(json.0.beginning(), pieces::BEGINNING);
    for (id, expected) in (0..).zip(&spelled) {
        assert_eq!(json.0.bytes(id), expected.as_deref());
    }
    // Printable characters have a piece beside the byte.
    let single = |character: u8| json.0.characters()[usize::from(character)];
    assert_eq!(single(0), 3);
    assert_eq!(single(0x7F), 3 + 0x7F);
    assert_eq!(single(b' '), 3 + 256 + 10);
    assert_eq!(single(b'~'), 3 + 256 + 10 + 94);
    assert_spells_everything(&json);
    assert_same(&json, &from_json(&pieces::json(Spaces::Metaspace), size).unwrap());
    assert_same(&json, &from_model(&pieces::model(), size).unwrap());
    assert_same(&json, &from_gguf(pieces::gguf(), size).unwrap());
    let number = |text: &str| {
        spelled.iter().rposition(|bytes| bytes.as_deref() == Some(text.as_bytes())).unwrap() as u32
    };
    let expected = [" the", " ", "012", "\0", "@A@A", "@"].map(number);
    assert_eq!(json.1.tokens(b" the 012\0@A@A@"), expected);
    let spaces = ["    ", "  ", " t", "h"].map(number);
    assert_eq!(json.1.tokens(b"       th"), spaces);
}

#[test]
fn the_settings_of_a_folder_give_the_first_token() {
    let size = byte_level::TOKENS;
    let tokenizer = byte_level::json();
    let tokenizer = ("tokenizer.json", tokenizer.as_bytes());
    let beginning =
        |files: &[(&str, &[u8])], given| Ok::<_, Error>(folder(files, size, given)?.0.beginning());
    let end = byte_level::BEGINNING + 1;
    let config: (&str, &[u8]) =
        ("tokenizer_config.json", br#"{"bos_token":"<|end_of_text|>","x":[1]}"#);
    let map: (&str, &[u8]) =
        ("special_tokens_map.json", br#"{"bos_token":{"content":"<|end_of_text|>"}}"#);
    let silent: (&str, &[u8]) = ("tokenizer_config.json", br#"{"bos_token":null}"#);
    assert_eq!(beginning(&[tokenizer], None).unwrap(), byte_level::BEGINNING);
    assert_eq!(beginning(&[tokenizer, config], None).unwrap(), end);
    assert_eq!(beginning(&[tokenizer, silent, map], None).unwrap(), end);
    assert_eq!(beginning(&[tokenizer, silent], None).unwrap(), byte_level::BEGINNING);
    assert_eq!(beginning(&[tokenizer, config], Some(7)).unwrap(), 7);
    assert!(beginning(&[tokenizer], Some(size as u32)).is_err());
    let error = beginning(&[tokenizer, ("tokenizer_config.json", b"{")], None).unwrap_err();
    assert!(error.to_string().contains("tokenizer_config.json: "));

    let nameless = byte_level::json().replace("begin_of_text", "x");
    assert_fails(from_json(&nameless, size), "a context begins with is unknown");
}

#[test]
fn a_folder_may_have_a_tokenizer_model_instead() {
    let size = pieces::TOKENS;
    let model = pieces::model();
    let there = folder(&[("tokenizer.model", &model)], size, None).unwrap();
    assert_same(&there, &from_json(&pieces::json(Spaces::Prepend), size).unwrap());
    let ends = folder(&[("tokenizer.model", &model)], size, Some(2)).unwrap();
    assert_eq!(ends.0.beginning(), 2);
    assert_fails(folder(&[], size, None), "expected tokenizer.json or tokenizer.model");
    assert_fails(folder(&[("tokenizer.json", b"")], size, None), "tokenizer.json: EOF");
}

#[test]
fn every_token_that_spells_bytes_must_be_in_the_model() {
    let json = byte_level::json();
    assert_fails(
        from_json(&json, byte_level::SPELLING - 1),
        "\"čĊ\", but the model has only 265 tokens",
    );
    // A special token beyond the model does no harm, unless a context begins with it.
    assert!(from_json(&json, byte_level::SPELLING + 1).is_ok());
    assert_fails(from_json(&json, byte_level::SPELLING), "token 266");
    assert_fails(from_json(&json, usize::MAX), "tokens");
    assert_fails(from_model(&pieces::model(), pieces::TOKENS - 1), "only 363 tokens");
    assert_fails(from_gguf(pieces::gguf(), 300), "a.gguf: the tokenizer has a token 300");
}

#[test]
fn a_character_that_cannot_be_spelled_is_named() {
    let json = byte_level::json().replacen("\"č\":13", "\"č?\":13", 1);
    let json = json.replacen("[\"č\",\"Ċ\"]", "[\"Ā\",\"ā\"]", 1);
    assert_fails(from_json(&json, byte_level::TOKENS), "spells the character 0x0d alone");
    let mut arrays = pieces::gguf();
    arrays.types[3 + 0x1B] = 5;
    assert_fails(from_gguf(arrays, pieces::TOKENS), "the character 0x1b");
}

#[test]
fn older_files_and_unused_settings_are_read() {
    let size = byte_level::TOKENS;
    let json = byte_level::json();
    let expected = from_json(&json, size).unwrap();
    let (before, merges) = json.split_at(json.find("\"merges\"").unwrap());
    let merges = merges.replace("\",\"", " ").replace("[\"", "\"").replace("\"]", "\"");
    let replaced = |from: &str, to: &str| json.replace(from, to);
    let variants = [
        format!("{before}{merges}"),
        replaced("\"add_prefix_space\":false", "\"add_prefix_space\":true"),
        replaced("\"normalizer\":null", r#""normalizer":{"type":"Lowercase"}"#),
        replaced("\"truncation\":null", r#""truncation":{"max_length":3}"#),
        replaced("\"padding\":null", r#""padding":{"strategy":{"Fixed":99}}"#),
        replaced("\"dropout\":null", "\"dropout\":0.9"),
        replaced("\"Isolated\",\"invert\":false", "\"Removed\",\"invert\":true"),
    ];
    for variant in &variants {
        assert!(*variant != json);
        assert_same(&expected, &from_json(variant, size).unwrap());
    }
}

#[test]
fn every_pre_tokenizer_cuts_like_the_crate() {
    let json = byte_level::json();
    let start = json.find("{\"type\":\"Split\"").unwrap();
    let end = start + json[start..].find("},\n").unwrap() + 1;
    for step in [
        json[start..end].to_owned(),
        r#"{"type":"Digits","individual_digits":true}"#.into(),
        r#"{"type":"Digits","individual_digits":false}"#.into(),
        r#"{"type":"Punctuation","behavior":"Isolated"}"#.into(),
        r#"{"type":"Split","pattern":{"String":"@A"},"behavior":"Isolated","invert":false}"#.into(),
        r#"{"type":"Split","pattern":{"String":"."},"behavior":"Isolated","invert":true}"#.into(),
        r#"{"type":"Sequence","pretokenizers":[]}"#.into(),
    ] {
        assert_as_the_crate(
            &format!("{}{step}{}", &json[..start], &json[end..]),
            byte_level::TOKENS,
        );
    }
    // The words of GPT-2, and digits alone before that.
    let words = json.replace("\"use_regex\":false", "\"use_regex\":true");
    let digits = r#"{"type":"Digits","individual_digits":true}"#;
    let words = format!("{}{digits}{}", &words[..start], &words[end..]);
    assert_as_the_crate(&words, byte_level::TOKENS);
    let normalized = json.replace("\"normalizer\":null", r#""normalizer":{"type":"ByteLevel"}"#);
    let start = normalized.find(",\n{\"type\":\"ByteLevel\"").unwrap();
    let end = start + normalized[start..].find("}]").unwrap() + 1;
    let normalized = format!("{}{}", &normalized[..start], &normalized[end..]);
    assert_as_the_crate(&normalized, byte_level::TOKENS);

    let prepended = r#"{"type":"Prepend","prepend":"▁"},"#;
    assert_as_the_crate(&pieces::json(Spaces::Prepend).replace(prepended, ""), pieces::TOKENS);
    let never = pieces::json(Spaces::Metaspace).replace("\"first\"", "\"never\"");
    assert_as_the_crate(&never, pieces::TOKENS);
    assert_as_the_crate(&never.replace("\"split\":false", "\"split\":true"), pieces::TOKENS);
}

#[test]
fn added_tokens_spell_themselves_unless_special() {
    let added = written::added(300, "two words", false);
    let json =
        byte_level::json().replace("\"added_tokens\":[", &format!("\"added_tokens\":[{added},"));
    let tokens = from_json(&json, byte_level::TOKENS).unwrap();
    assert_eq!(tokens.0.bytes(300), Some(&b"two words"[..]));
    assert_spells_everything(&tokens);
    let special = json.replace("\"special\":false", "\"special\":true");
    assert_eq!(from_json(&special, byte_level::TOKENS).unwrap().0.bytes(300), None);
    // An added token replaces one of the vocabulary.
    let special = written::added(262, "?~", true);
    let json =
        byte_level::json().replace("\"added_tokens\":[", &format!("\"added_tokens\":[{special},"));
    assert_fails(from_json(&json.replace("\"?~\":261", "\"?~\":262"), byte_level::TOKENS), "262");
    let json = byte_level::json().replace(
        "\"added_tokens\":[",
        &format!("\"added_tokens\":[{},", written::added(261, "?~", true)),
    );
    let tokens = from_json(&json, byte_level::TOKENS).unwrap();
    assert_eq!(tokens.0.bytes(261), None);
    assert_spells_everything(&tokens);
}

#[test]
fn gguf_files_need_no_token_types() {
    let mut arrays = pieces::gguf();
    let expected = from_gguf(arrays.clone(), pieces::TOKENS).unwrap();
    arrays.types.clear();
    assert_same(&expected, &from_gguf(arrays, pieces::TOKENS).unwrap());
    let mut arrays = byte_level::gguf();
    arrays.types.clear();
    for pre in [None, Some("smollm"), Some("qwen2"), Some("llama3")] {
        arrays.pre = pre;
        assert_spells_everything(&from_gguf(arrays.clone(), byte_level::TOKENS).unwrap());
    }
}

//! `tokenizer.json`, the tokenizer of Hugging Face's folders.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::alphabet::{Alphabet, SPACE, named_byte};
use super::merges;
use super::meta::open_meta;
use super::parts::{MOST_FILE_BYTES, Spelling, Token, Tokenization, TokenizerParts};
use super::split::{GPT2, Step};
use crate::checkpoint::storage::file::{error_at, excerpt, in_file, read_whole};
use crate::checkpoint::storage::json;
use crate::error::{Error, Result};

/// The most steps before merging, several times those of the longest known list.
const MOST_STEPS: usize = 32;

/// Opens the `tokenizer.json` of a folder, else its `tokenizer.model`, for a model of
/// `vocabulary_size` tokens.
///
/// `beginning` is the token that a context begins with, if the model says so.
pub(crate) fn open_huggingface(
    folder: &Path,
    vocabulary_size: usize,
    beginning: Option<u32>,
) -> Result<Tokenization> {
    let path = folder.join("tokenizer.json");
    if !path.exists() {
        let path = folder.join("tokenizer.model");
        if !path.exists() {
            let what = "the folder has no tokenizer; expected tokenizer.json or tokenizer.model";
            return Err(error_at(folder, what));
        }
        return open_meta(&path, vocabulary_size, beginning);
    }
    let mut parts = in_file(&path, parse(&read_whole(&path, MOST_FILE_BYTES)?))?;
    parts.beginning = match beginning {
        Some(id) => Some(id),
        None => declared(folder)?.and_then(|name| parts.number(&name)),
    };
    in_file(&path, parts.open(vocabulary_size))
}

/// The token that a context begins with, from the settings in a folder.
fn declared(folder: &Path) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Settings {
        bos_token: Option<Value>,
    }
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
        let path = folder.join(name);
        if path.exists() {
            let settings: Settings = json::read(&path)?;
            // Either its name, or an object like those of `added_tokens`.
            let token = settings.bos_token.unwrap_or_default();
            if let Some(name) = token.as_str().or_else(|| token["content"].as_str()) {
                return Ok(Some(name.to_owned()));
            }
        }
    }
    Ok(None)
}

/// The fields of a file that are used.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    decoder: Value,
    model: Model,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
    #[serde(default)]
    special: bool,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
    merges: Vec<Merge>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
}

/// Two tokens, in older files with a space between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Joined(String),
}

fn parse(file: &[u8]) -> Result<TokenizerParts> {
    /// The type of the model, which is parsed first: other types have other vocabularies.
    #[derive(Deserialize)]
    struct Which {
        model: Type,
    }
    #[derive(Deserialize)]
    struct Type {
        r#type: Option<String>,
    }
    if let Some(other) = parsed::<Which>(file)?.model.r#type.filter(|name| name != "BPE") {
        return Err(Error::model(format!(
            "the tokenizer has the type {}; only BPE is supported",
            excerpt(&other)
        )));
    }
    let File { added_tokens, normalizer, pre_tokenizer, decoder, model } = parsed(file)?;
    let affixes = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
    if affixes.into_iter().flatten().any(|affix| !affix.is_empty()) {
        return Err(Error::model(
            "continuing_subword_prefix and end_of_word_suffix are not supported",
        ));
    }

    let mut steps = Vec::new();
    add_normalizer(&normalizer, &mut steps)?;
    add_pre_tokenizer(&pre_tokenizer, &mut steps)?;
    let letters = steps.iter().any(|step| matches!(step, Step::Letters));
    let alphabet = match letters || decoder["type"] == "ByteLevel" {
        true => Alphabet::Bytes,
        false => Alphabet::Pieces,
    };
    Ok(TokenizerParts {
        alphabet,
        merges: model.merges.iter().map(Merge::pair).collect::<Result<_>>()?,
        whole_words: model.ignore_merges,
        tokens: tokens(alphabet, model, added_tokens)?,
        steps,
        beginning: None,
    })
}

/// All tokens in the order of their numbers. Added tokens replace those of the vocabulary.
fn tokens(alphabet: Alphabet, model: Model, added_tokens: Vec<Added>) -> Result<Vec<Token>> {
    let mut tokens = BTreeMap::new();
    for (text, id) in model.vocab {
        let spelling = match model.byte_fallback && named_byte(&text).is_some() {
            _ if model.unk_token.as_ref() == Some(&text) => Spelling::Special,
            true => Spelling::Byte,
            false => Spelling::Text,
        };
        if let Some(Token { text: other, .. }) = tokens.insert(id, Token { id, text, spelling }) {
            return Err(Error::model(format!(
                "two tokens have the number {id}, one of them {}",
                excerpt(&other)
            )));
        }
    }
    for Added { id, content: text, special } in added_tokens {
        let itself = alphabet.bytes(&text).is_some_and(|bytes| bytes == text.as_bytes());
        let spelling = match alphabet {
            _ if special => Spelling::Special,
            Alphabet::Bytes if !itself => Spelling::Verbatim,
            _ => Spelling::Text,
        };
        tokens.insert(id, Token { id, text, spelling });
    }
    Ok(tokens.into_values().collect())
}

impl Merge {
    fn pair(&self) -> Result<(String, String)> {
        match self {
            Merge::Pair(left, right) => Ok((left.clone(), right.clone())),
            Merge::Joined(both) => merges::pair(both),
        }
    }
}

/// Adds the steps of a normaliser that the tokens need. All others leave ASCII text unchanged, or
/// change it so that it could not be restored.
fn add_normalizer(normalizer: &Value, steps: &mut Vec<Step>) -> Result<()> {
    match normalizer["type"].as_str().unwrap_or_default() {
        "Sequence" => {
            for part in normalizer["normalizers"].as_array().into_iter().flatten() {
                add_normalizer(part, steps)?;
            }
        }
        "Replace" => {
            let piece = normalizer["content"].as_str().is_some_and(is_space);
            if piece && normalizer["pattern"]["String"] == " " {
                add(Step::Spaces, steps)?;
            }
        }
        "ByteLevel" => add(Step::Letters, steps)?,
        _ => {}
    }
    Ok(())
}

/// Adds a step. Only one may replace bytes by letters, because text would grow with each.
fn add(step: Step, steps: &mut Vec<Step>) -> Result<()> {
    let letters = |step: &Step| matches!(step, Step::Letters);
    if letters(&step) && steps.iter().any(letters) {
        return Err(Error::model(
            "the tokenizer replaces bytes by letters (ByteLevel) more than once",
        ));
    }
    if steps.len() == MOST_STEPS {
        return Err(Error::model(format!(
            "the tokenizer has more than {MOST_STEPS} steps before merging"
        )));
    }
    steps.push(step);
    Ok(())
}

/// Adds the steps of a pre-tokenizer. They neither prepend nor remove text.
fn add_pre_tokenizer(before: &Value, steps: &mut Vec<Step>) -> Result<()> {
    let on = |name: &str| before[name].as_bool().unwrap_or(true);
    // A match is a word of its own, even if the file says that it is removed.
    let alone = || match before["behavior"].as_str() {
        None | Some("Isolated" | "Removed") => Ok(()),
        Some(other) => Err(Error::model(format!(
            "the pre-tokenizer has the behavior {}; only Isolated and Removed are supported",
            excerpt(other)
        ))),
    };
    match before["type"].as_str() {
        None if before.is_null() => {}
        Some("Sequence") => {
            for part in before["pretokenizers"].as_array().into_iter().flatten() {
                add_pre_tokenizer(part, steps)?;
            }
        }
        Some("Split") => {
            alone()?;
            let pattern = &before["pattern"];
            let step = match (pattern["Regex"].as_str(), pattern["String"].as_str()) {
                (Some(regex), _) => Step::split(regex)?,
                (_, Some(text)) => Step::split(&escaped(text))?,
                _ => return Err(Error::model("a Split pre-tokenizer has no pattern")),
            };
            add(step, steps)?;
        }
        Some("ByteLevel") => {
            if on("use_regex") {
                add(Step::split(GPT2)?, steps)?;
            }
            add(Step::Letters, steps)?;
        }
        Some("Metaspace") => {
            if !before["replacement"].as_str().is_none_or(is_space) {
                return Err(Error::model(format!(
                    "a Metaspace pre-tokenizer does not replace spaces by {SPACE:?}"
                )));
            }
            add(Step::Spaces, steps)?;
            if on("split") {
                add(Step::split(&format!("{SPACE}[^{SPACE}]*"))?, steps)?;
            }
        }
        Some("Digits") => {
            let single = before["individual_digits"].as_bool().unwrap_or(false);
            add(Step::split(if single { r"\p{N}" } else { r"\p{N}+" })?, steps)?;
        }
        Some("Punctuation") => {
            alone()?;
            add(Step::split(r"[!-/:-@\[-`{-~]")?, steps)?;
        }
        other => {
            let name = excerpt(other.unwrap_or_default());
            return Err(Error::model(format!("the pre-tokenizer {name} is not supported")));
        }
    }
    Ok(())
}

fn is_space(text: &str) -> bool {
    text.chars().eq([SPACE])
}

/// A pattern that matches exactly this text.
fn escaped(text: &str) -> String {
    text.chars().map(|letter| format!(r"\x{{{:x}}}", u32::from(letter))).collect()
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::model(error.to_string()))
}

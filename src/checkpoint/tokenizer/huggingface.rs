//! `tokenizer.json`, as Hugging Face's folders have it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::alphabet::{Alphabet, SPACE, named_byte};
use super::parts::{Kind, Parts, Token};
use super::split::{GPT2, Step};
use super::{Tokens, in_file, meta, read, short};
use crate::error::{Error, Result};

/// The most steps before the model, several times those of the longest known list.
const MOST_STEPS: usize = 32;

/// The tokenizer of a folder, whose model has rows for this many tokens and may say which
/// of them a context begins with. A folder without `tokenizer.json` has `tokenizer.model`.
pub(crate) fn huggingface(
    folder: &Path,
    vocabulary_size: usize,
    beginning: Option<u32>,
) -> Result<Tokens> {
    let path = folder.join("tokenizer.json");
    if !path.exists() {
        let path = folder.join("tokenizer.model");
        if !path.exists() {
            return Err(Error::model(format!(
                "{}: neither tokenizer.json nor tokenizer.model",
                folder.display()
            )));
        }
        return meta::open(&path, vocabulary_size, beginning);
    }
    let mut parts = in_file(&path, parse(&read(&path)?))?;
    parts.beginning = match beginning {
        Some(id) => Some(id),
        None => declared(folder)?.and_then(|name| parts.number(&name)),
    };
    in_file(&path, parts.open(vocabulary_size))
}

/// The token that the folder's settings have at the beginning of a text.
fn declared(folder: &Path) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Settings {
        bos_token: Option<Value>,
    }
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
        let path = folder.join(name);
        if path.exists() {
            let settings: Settings = in_file(&path, json(&read(&path)?))?;
            // Its name, or all that `added_tokens` would have of it.
            let token = settings.bos_token.unwrap_or_default();
            if let Some(name) = token.as_str().or_else(|| token["content"].as_str()) {
                return Ok(Some(name.to_owned()));
            }
        }
    }
    Ok(None)
}

/// What is needed of a file.
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

/// Two parts, in older files with a space between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Joined(String),
}

fn parse(file: &[u8]) -> Result<Parts> {
    /// Which model it is: others have vocabularies of another form.
    #[derive(Deserialize)]
    struct Which {
        model: Type,
    }
    #[derive(Deserialize)]
    struct Type {
        r#type: Option<String>,
    }
    if let Some(other) = json::<Which>(file)?.model.r#type.filter(|name| name != "BPE") {
        return Err(Error::model(format!(
            "a tokenizer of type {}, where only BPE can be used",
            short(&other)
        )));
    }
    let File { added_tokens, normalizer, pre_tokenizer, decoder, model } = json(file)?;
    let affixes = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
    if affixes.into_iter().flatten().any(|affix| !affix.is_empty()) {
        return Err(Error::model("tokens with a prefix or suffix of their own cannot be used"));
    }

    let mut steps = Vec::new();
    normalizing(&normalizer, &mut steps)?;
    splitting(&pre_tokenizer, &mut steps)?;
    let letters = steps.iter().any(|step| matches!(step, Step::Letters));
    let alphabet = match letters || decoder["type"] == "ByteLevel" {
        true => Alphabet::Bytes,
        false => Alphabet::Pieces,
    };
    Ok(Parts {
        alphabet,
        merges: model.merges.iter().map(pair).collect::<Result<_>>()?,
        whole_words: model.ignore_merges,
        tokens: tokens(alphabet, model, added_tokens)?,
        steps,
        beginning: None,
    })
}

/// All tokens in the order of their numbers. Those that are added may be in the vocabulary.
fn tokens(alphabet: Alphabet, model: Model, added_tokens: Vec<Added>) -> Result<Vec<Token>> {
    let mut tokens = BTreeMap::new();
    for (text, id) in model.vocab {
        let kind = match model.byte_fallback && named_byte(&text).is_some() {
            _ if model.unk_token.as_ref() == Some(&text) => Kind::Special,
            true => Kind::Byte,
            false => Kind::Piece,
        };
        if let Some(Token { text: other, .. }) = tokens.insert(id, Token { id, text, kind }) {
            return Err(Error::model(format!(
                "two tokens are number {id}, one of them {}",
                short(&other)
            )));
        }
    }
    for Added { id, content: text, special } in added_tokens {
        let itself = alphabet.bytes(&text).is_some_and(|bytes| bytes == text.as_bytes());
        let kind = match alphabet {
            _ if special => Kind::Special,
            Alphabet::Bytes if !itself => Kind::Verbatim,
            _ => Kind::Piece,
        };
        tokens.insert(id, Token { id, text, kind });
    }
    Ok(tokens.into_values().collect())
}

fn pair(merge: &Merge) -> Result<(String, String)> {
    let (left, right) = match merge {
        Merge::Pair(left, right) => (left.as_str(), right.as_str()),
        Merge::Joined(both) => both
            .split_once(' ')
            .ok_or_else(|| Error::model(format!("a merge of {}, which is no pair", short(both))))?,
    };
    Ok((left.to_owned(), right.to_owned()))
}

/// What a normaliser does that the model's pieces need. All else leaves ASCII text as it
/// is, or changes it so that it could not come back.
fn normalizing(normalizer: &Value, steps: &mut Vec<Step>) -> Result<()> {
    match normalizer["type"].as_str().unwrap_or_default() {
        "Sequence" => {
            for part in normalizer["normalizers"].as_array().into_iter().flatten() {
                normalizing(part, steps)?;
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

/// Adds a step. Text whose bytes are letters already would grow each time that these are
/// taken for bytes again.
fn add(step: Step, steps: &mut Vec<Step>) -> Result<()> {
    let letters = |step: &Step| matches!(step, Step::Letters);
    if letters(&step) && steps.iter().any(letters) {
        return Err(Error::model("bytes are turned into letters more than once"));
    }
    if steps.len() == MOST_STEPS {
        return Err(Error::model(format!("more than {MOST_STEPS} steps before the model")));
    }
    steps.push(step);
    Ok(())
}

/// Where words are cut. Nothing is put before them and nothing left out.
fn splitting(before: &Value, steps: &mut Vec<Step>) -> Result<()> {
    let on = |name: &str| before[name].as_bool().unwrap_or(true);
    // What matches stands alone. What would be removed stands alone too.
    let alone = || match before["behavior"].as_str() {
        None | Some("Isolated" | "Removed") => Ok(()),
        Some(other) => Err(Error::model(format!("words are split in the way {}", short(other)))),
    };
    match before["type"].as_str() {
        None if before.is_null() => {}
        Some("Sequence") => {
            for part in before["pretokenizers"].as_array().into_iter().flatten() {
                splitting(part, steps)?;
            }
        }
        Some("Split") => {
            alone()?;
            let pattern = &before["pattern"];
            let step = match (pattern["Regex"].as_str(), pattern["String"].as_str()) {
                (Some(regex), _) => Step::split(regex)?,
                (_, Some(text)) => Step::split(&escaped(text))?,
                _ => return Err(Error::model("words are split by no pattern")),
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
                return Err(Error::model(format!("spaces are not replaced by {SPACE:?}")));
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
            let name = short(other.unwrap_or_default());
            return Err(Error::model(format!("words are split by {name}, which is not known")));
        }
    }
    Ok(())
}

fn is_space(text: &str) -> bool {
    text.chars().eq([SPACE])
}

/// A pattern that matches just this text.
fn escaped(text: &str) -> String {
    text.chars().map(|letter| format!(r"\x{{{:x}}}", u32::from(letter))).collect()
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::model(error.to_string()))
}

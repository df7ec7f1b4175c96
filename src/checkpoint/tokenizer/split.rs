//! The steps that cut text into words before merging.

use std::ops::Range;

use tokenizers::utils::SysRegex;

use super::alphabet;
use crate::checkpoint::storage::file::excerpt;
use crate::error::{Error, Result};

/// The words of GPT-2.
pub(super) const GPT2: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// The words of Llama 3.
pub(super) const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The words of Qwen 2: those of Llama 3, but each digit alone.
pub(super) const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The most bytes of a pattern, several times those of the longest known.
const MOST_PATTERN: usize = 4096;

/// A step that is applied to each word.
#[derive(Debug)]
pub(super) enum Step {
    /// Cuts out the matches of a pattern; the text between them is a word as well.
    Split(SysRegex),
    /// Replaces spaces by [`alphabet::SPACE`].
    Spaces,
    /// Replaces bytes by their letters of [`alphabet::Alphabet::Bytes`].
    Letters,
}

impl Step {
    /// A step that cuts by this pattern.
    pub(super) fn split(pattern: &str) -> Result<Step> {
        if pattern.len() > MOST_PATTERN {
            return Err(Error::model(format!(
                "a pattern has {} bytes; at most {MOST_PATTERN} are supported",
                pattern.len()
            )));
        }
        let regex = SysRegex::new(pattern).map_err(|error| {
            Error::model(format!("the pattern {} is wrong: {error}", excerpt(pattern)))
        })?;
        Ok(Step::Split(regex))
    }

    /// Appends the words that a word becomes. No text is lost, whatever the pattern.
    pub(super) fn apply(&self, word: String, words: &mut Vec<String>) {
        match self {
            Step::Split(regex) => {
                let mut from = 0;
                let mut part = |range: Range<usize>| {
                    if !range.is_empty() {
                        words.push(word[range].to_owned());
                    }
                };
                for (start, end) in regex.find_iter(&word) {
                    part(from..start);
                    part(start..end);
                    from = end;
                }
                part(from..word.len());
            }
            Step::Spaces => {
                words.push(word.replace(' ', alphabet::SPACE.encode_utf8(&mut [0; 4])));
            }
            Step::Letters => words.push(alphabet::written(word.into_bytes())),
        }
    }
}

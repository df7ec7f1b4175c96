//! Where text is cut before anything is merged.

use std::ops::Range;

use tokenizers::utils::SysRegex;

use super::{alphabet, short};
use crate::error::{Error, Result};

/// Words as GPT-2 cuts them.
pub(super) const GPT2: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// Words as Llama 3 cuts them.
pub(super) const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Words as Qwen 2 cuts them: those of Llama 3, but for digits, which stand alone.
pub(super) const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The most bytes of a pattern, several times those of the longest known.
const MOST_PATTERN: usize = 4096;

/// What is done to text before the model has it.
#[derive(Debug)]
pub(super) enum Step {
    /// Every match of a pattern is a word, and so is what lies between two.
    Split(SysRegex),
    /// Spaces turn into what stands for them.
    Spaces,
    /// Bytes turn into their letters.
    Letters,
}

impl Step {
    /// A step that cuts by this pattern.
    pub(super) fn split(pattern: &str) -> Result<Step> {
        if pattern.len() > MOST_PATTERN {
            return Err(Error::model(format!("a pattern of {} bytes", pattern.len())));
        }
        let regex = SysRegex::new(pattern)
            .map_err(|error| Error::model(format!("the pattern {}: {error}", short(pattern))))?;
        Ok(Step::Split(regex))
    }

    /// The words that a word becomes. Whatever the pattern, nothing gets lost.
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

//! The tokenizer: cuts text into tokens.

use tokenizers::models::bpe::BPE;
use tokenizers::tokenizer::Model;

use super::split::Step;
use crate::method::language::vocabulary::Tokenizer;

/// Cuts text into words, and merges the letters of each word.
pub(super) struct Cutter {
    pub(super) steps: Vec<Step>,
    pub(super) merging: BPE,
}

impl Tokenizer for Cutter {
    /// Returns no tokens if the text cannot be cut. The caller notices that they do not spell it.
    fn tokens(&self, text: &[u8]) -> Vec<u32> {
        let Ok(text) = str::from_utf8(text) else { return Vec::new() };
        let mut words = vec![text.to_owned()];
        for step in &self.steps {
            let mut cut = Vec::with_capacity(words.len());
            for word in words {
                step.apply(word, &mut cut);
            }
            words = cut;
        }
        let mut tokens = Vec::with_capacity(text.len());
        for word in &words {
            let Ok(merged) = self.merging.tokenize(word) else { return Vec::new() };
            tokens.extend(merged.iter().map(|token| token.id));
        }
        tokens
    }
}

//! Logits for callers who evaluate a model themselves.

use super::engine::{Cache, OutputHead, Run, Scratch};
use super::model::LanguageModel;
use crate::error::{Error, Result};

/// Contexts of a model that advance side by side.
///
/// Each logit has the same bits for every split of the tokens into calls and contexts.
#[derive(Debug)]
pub struct Evaluator {
    model: LanguageModel,
    head: OutputHead,
    caches: Vec<Cache>,
    positions: usize,
    scratch: Scratch,
}

impl LanguageModel {
    /// Makes `contexts` empty contexts of at most `positions` positions, to put tokens into by
    /// hand.
    pub fn evaluator(&self, contexts: usize, positions: usize) -> Evaluator {
        let engine = self.engine();
        Evaluator {
            head: engine.head(None),
            caches: (0..contexts).map(|_| engine.cache()).collect(),
            positions: positions.min(self.architecture().positions()),
            scratch: Scratch::default(),
            model: self.clone(),
        }
    }
}

impl Evaluator {
    /// Appends tokens to each context and calls `each` with the logits after each of them: the
    /// number of the context, the number of the token in this call, and a logit for each token
    /// of the vocabulary.
    pub fn advance(
        &mut self,
        tokens: &[&[u32]],
        mut each: impl FnMut(usize, usize, &[f32]),
    ) -> Result<()> {
        if tokens.len() != self.caches.len() {
            return Err(Error::argument(format!(
                "there are tokens for {} contexts; there must be tokens for all {}",
                tokens.len(),
                self.caches.len()
            )));
        }
        let size = self.model.vocabulary().len();
        for (tokens, cache) in tokens.iter().zip(&self.caches) {
            if let Some(token) = tokens.iter().find(|&&token| token as usize >= size) {
                return Err(Error::argument(format!(
                    "there is a token {token}; tokens must be below {size}"
                )));
            }
            if cache.len() + tokens.len() > self.positions {
                return Err(Error::argument(format!(
                    "a context would have {} tokens; it holds {}",
                    cache.len() + tokens.len(),
                    self.positions
                )));
            }
        }
        let mut runs: Vec<Run> = self
            .caches
            .iter_mut()
            .zip(tokens)
            .map(|(cache, tokens)| Run { cache, tokens })
            .collect();
        self.model.engine().advance(&mut runs, &self.head, &mut self.scratch, &mut each)?;
        Ok(())
    }

    /// Empties all contexts.
    pub fn clear(&mut self) {
        self.caches.iter_mut().for_each(Cache::clear);
    }
}

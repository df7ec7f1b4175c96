//! Logits for whoever wants to see them.

use super::engine::{Cache, Head, Run, Scratch};
use super::model::LanguageModel;
use crate::error::{Error, Result};

/// Contexts of a model that are gone through side by side.
///
/// In whatever way tokens are split between calls and contexts, each logit has the same
/// bits.
#[derive(Debug)]
pub struct Evaluator {
    model: LanguageModel,
    head: Head,
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
    /// Puts these tokens behind those of each context, and hands out the logits behind each
    /// of them: the number of the context, that of the token among its new ones, and a
    /// logit for each token of the vocabulary.
    pub fn advance(
        &mut self,
        tokens: &[&[u32]],
        mut each: impl FnMut(usize, usize, &[f32]),
    ) -> Result<()> {
        if tokens.len() != self.caches.len() {
            return Err(Error::argument(format!(
                "tokens for {} contexts of {}",
                tokens.len(),
                self.caches.len()
            )));
        }
        let size = self.model.vocabulary().len();
        for (tokens, cache) in tokens.iter().zip(&self.caches) {
            if let Some(token) = tokens.iter().find(|&&token| token as usize >= size) {
                return Err(Error::argument(format!("the token {token} of {size}")));
            }
            if cache.len() + tokens.len() > self.positions {
                return Err(Error::argument(format!(
                    "{} tokens in a context of {}",
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

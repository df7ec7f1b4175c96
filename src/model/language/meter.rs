//! How far a long piece of work is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what a language model has done. Clones count together, so that one can be looked
/// at while another is with an encoder or decoder.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    tokens: AtomicU64,
    characters: AtomicU64,
}

impl Meter {
    /// Tokens so far.
    pub fn tokens(&self) -> u64 {
        self.0.tokens.load(Ordering::Relaxed)
    }

    /// Characters that they spell: as many as there are bytes in the samples, without those
    /// that are wasted in all of a chunk.
    pub fn characters(&self) -> u64 {
        self.0.characters.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, tokens: usize, characters: usize) {
        self.0.tokens.fetch_add(tokens as u64, Ordering::Relaxed);
        self.0.characters.fetch_add(characters as u64, Ordering::Relaxed);
    }
}

//! The exact transformer: tokens in, logits out, the same bits in every arrangement.

use crate::error::Result;
use crate::model::language::Profile;
use crate::model::language::architecture::Architecture;
use crate::model::language::tensor::Tensors;

/// The weights of a model, ready to be used, and shared between threads.
#[derive(Debug)]
pub(crate) struct Engine {
    architecture: Architecture,
    profile: Profile,
}

/// What a context remembers of its tokens.
#[derive(Debug)]
pub(crate) struct Cache {
    length: usize,
}

/// Memory that a thread needs beside its caches.
#[derive(Debug, Default)]
pub(crate) struct Scratch {}

/// The outputs that logits are wanted for.
#[derive(Debug)]
pub(crate) struct Head {}

/// Tokens that follow in a context.
pub(crate) struct Run<'a> {
    pub(crate) cache: &'a mut Cache,
    pub(crate) tokens: &'a [u32],
}

impl Engine {
    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Takes the tensors in, one at a time, in their canonical order.
    pub(crate) fn new(
        architecture: Architecture,
        profile: Profile,
        tensors: &mut dyn Tensors,
    ) -> Result<Self> {
        for expected in architecture.tensors() {
            tensors.tensor(&expected)?;
        }
        Ok(Engine { architecture, profile })
    }

    /// Logits for these tokens alone, in this order; for all of them without `tokens`.
    pub(crate) fn head(&self, _tokens: Option<&[u32]>) -> Head {
        Head {}
    }

    /// A context without tokens. It grows as tokens come.
    pub(crate) fn cache(&self, _positions: usize) -> Cache {
        Cache { length: 0 }
    }

    /// Bytes of a context of this many positions.
    pub(crate) fn cache_bytes(&self, positions: usize) -> u64 {
        (positions * self.architecture.layers() * self.architecture.key_width() * 8) as u64
    }

    /// Puts the tokens of all runs through the model and hands out the logits behind each
    /// of them: the number of the run, that of the token in it, and the logits.
    pub(crate) fn advance(
        &self,
        runs: &mut [Run<'_>],
        head: &Head,
        scratch: &mut Scratch,
        each: &mut dyn FnMut(usize, usize, &[f32]),
    ) {
        let _ = (runs, head, scratch, each, self.profile);
    }
}

impl Cache {
    /// Tokens so far.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Forgets everything, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }
}

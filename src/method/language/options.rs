//! How a language model is to be used.

use std::sync::Arc;

use super::alphabet::Alphabet;
use super::coder::{Coder, THREAD_MEMORY, memory};
use super::model::LanguageModel;
use crate::audio::AudioSpec;
use crate::container::model::{MOST_CONTEXT, MOST_LOCKSTEP};
use crate::error::{Error, Result};
use crate::method::identity::{ModelUse, TokenKind};
use crate::method::model::{ConfiguredModel, ModelCoder};

/// Characters of a context, where nothing else is asked for.
const CONTEXT: u32 = 2048;
/// Contexts that are decoded at a time, where there is memory.
const LOCKSTEP: u32 = 128;
/// Memory for decoding, where nothing else is asked for: half of what a decoder allows.
const MEMORY: u64 = 1 << 30;

/// Choices for encoding with a language model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LanguageOptions {
    /// What the model predicts; its own tokens where it has a tokenizer and nothing else is
    /// asked for.
    pub tokens: Option<TokenKind>,
    /// How many of the likeliest tokens have a probability of their own; the others share
    /// an escape. `None` for all.
    pub top_k: Option<u32>,
    /// Characters of a context; `None` is 2,048, or what the model has.
    pub context: Option<u32>,
    /// Frames whose samples stand together, channel by channel; 0 where each frame's do.
    pub blocking: u32,
    /// Contexts that are decoded at a time; `None` is 128, or as many as the memory holds.
    pub lockstep: Option<u32>,
    /// Bytes that the contexts may take, while the stream is decoded and while it is made:
    /// there are fewer at a time, and fewer threads, where that is enough.
    pub memory: u64,
    /// Whether the encoder predicts one token after another as a decoder does, and not whole
    /// contexts at once: slower, and the same bytes.
    pub stepping: bool,
    /// Whether there is nothing but an estimate to be made.
    pub(crate) estimating: bool,
}

impl Default for LanguageOptions {
    fn default() -> Self {
        LanguageOptions {
            tokens: None,
            top_k: None,
            context: None,
            blocking: 0,
            lockstep: None,
            memory: MEMORY,
            stepping: false,
            estimating: false,
        }
    }
}

impl LanguageOptions {
    /// Chooses what the model predicts.
    pub fn with_tokens(mut self, tokens: TokenKind) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Chooses how many tokens have a probability of their own.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.top_k = Some(top_k);
        self
    }

    /// Chooses the characters of a context.
    pub fn with_context(mut self, characters: u32) -> Self {
        self.context = Some(characters);
        self
    }

    /// Chooses how many frames' samples stand together, channel by channel.
    pub fn with_blocking(mut self, frames: u32) -> Self {
        self.blocking = frames;
        self
    }

    /// Chooses the number of contexts that are decoded at a time.
    pub fn with_lockstep(mut self, contexts: u32) -> Self {
        self.lockstep = Some(contexts);
        self
    }

    /// Chooses the bytes that the contexts may take.
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Chooses whether the encoder predicts one token after another, as a decoder does.
    pub fn with_stepping(mut self, stepping: bool) -> Self {
        self.stepping = stepping;
        self
    }

    /// Makes coders that only estimate: a payload has the length that its chunk would take,
    /// and zeros in it.
    pub(crate) fn with_estimating(mut self) -> Self {
        self.estimating = true;
        self
    }

    /// A coder for audio in chunks of at most so many frames, with at most so many threads,
    /// once the choices are known to be possible.
    pub(crate) fn coder(
        &self,
        model: &LanguageModel,
        spec: &AudioSpec,
        chunk_frames: u64,
        threads: usize,
    ) -> Result<Coder> {
        let tokens = self.tokens_of(model)?;
        let symbols = Alphabet::new(model.vocabulary(), tokens).len();
        let context = self.context_of(model, spec)?;
        let usage = ModelUse {
            id: model.id().clone(),
            tokens,
            top_k: self.top_k_of(symbols)?,
            context,
            lockstep: self.lockstep_of(context, spec, chunk_frames)?,
            blocking: self.blocking,
        };
        let usage = self.fitting(usage, model, symbols)?;
        let most = if self.stepping {
            // Contexts are shared out; one thread is counted with them.
            1 + self.memory.saturating_sub(memory(model, &usage, symbols)) / THREAD_MEMORY
        } else {
            self.memory / (model.context_bytes(context as usize) + THREAD_MEMORY)
        };
        let threads = threads.min(usize::try_from(most).unwrap_or(threads)).max(1);
        let coder = Coder::new(model.clone(), usage);
        let coder = coder.with_threads(threads).with_stepping(self.stepping);
        Ok(coder.with_estimating(self.estimating))
    }

    fn tokens_of(&self, model: &LanguageModel) -> Result<TokenKind> {
        match (self.tokens, model.tokenizer()) {
            (Some(TokenKind::Bpe), None) => {
                Err(Error::argument("this model has no tokenizer; it predicts characters"))
            }
            (Some(tokens), _) => Ok(tokens),
            (None, Some(_)) => Ok(TokenKind::Bpe),
            (None, None) => Ok(TokenKind::Characters),
        }
    }

    /// Nothing where all symbols are among the likeliest.
    fn top_k_of(&self, symbols: usize) -> Result<Option<u32>> {
        match self.top_k {
            Some(0) => Err(Error::argument("a top-k of 0: at least one token has a probability")),
            top_k => Ok(top_k.filter(|&k| (k as usize) < symbols)),
        }
    }

    fn context_of(&self, model: &LanguageModel, spec: &AudioSpec) -> Result<u32> {
        let positions = model.architecture().positions().min(MOST_CONTEXT as usize) as u32;
        let context = self.context.unwrap_or(CONTEXT.min(positions));
        let least = u32::try_from(spec.frame_bytes()).unwrap_or(u32::MAX);
        if context < least || context > positions {
            return Err(Error::argument(format!(
                "contexts of {context} characters: with this audio they have at least {least}, \
                 with this model at most {positions}"
            )));
        }
        Ok(context)
    }

    /// No more than a chunk has segments, where nothing else is asked for.
    fn lockstep_of(&self, context: u32, spec: &AudioSpec, chunk_frames: u64) -> Result<u32> {
        if let Some(contexts) = self.lockstep {
            let possible = (1..=MOST_LOCKSTEP).contains(&contexts);
            return possible.then_some(contexts).ok_or_else(|| {
                Error::argument(format!(
                    "{contexts} contexts at a time: 1 to {MOST_LOCKSTEP} are possible"
                ))
            });
        }
        let segments = chunk_frames.div_ceil(u64::from(context) / spec.frame_bytes() as u64);
        let mut lockstep = LOCKSTEP;
        while lockstep > 1 && u64::from(lockstep) / 2 >= segments {
            lockstep /= 2;
        }
        Ok(lockstep)
    }

    /// Makes a batch that does not fit into the memory smaller, unless it was asked for.
    fn fitting(
        &self,
        mut usage: ModelUse,
        model: &LanguageModel,
        symbols: usize,
    ) -> Result<ModelUse> {
        loop {
            let needed = memory(model, &usage, symbols);
            if needed <= self.memory {
                return Ok(usage);
            }
            let ModelUse { lockstep, context, .. } = usage;
            if lockstep == 1 || self.lockstep.is_some() {
                return Err(Error::argument(format!(
                    "contexts of {context} characters, {lockstep} at a time, take {needed} bytes \
                     of memory, and {} are allowed: allow more, or take shorter ones",
                    self.memory
                )));
            }
            usage.lockstep /= 2;
        }
    }
}

impl ConfiguredModel for (LanguageModel, LanguageOptions) {
    fn encoder(
        &self,
        spec: &AudioSpec,
        chunk_frames: u64,
        threads: usize,
    ) -> Result<Arc<dyn ModelCoder>> {
        let (model, options) = self;
        Ok(Arc::new(options.coder(model, spec, chunk_frames, threads)?))
    }
}

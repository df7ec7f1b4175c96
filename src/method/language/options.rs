//! The choices for encoding with a language model.

use std::sync::Arc;

use super::alphabet::Alphabet;
use super::coder::{Coder, THREAD_MEMORY, memory};
use super::model::LanguageModel;
use crate::audio::AudioSpec;
use crate::container::model::{MOST_CONTEXT, MOST_LOCKSTEP};
use crate::error::{Error, Result};
use crate::method::identity::{ModelUse, TokenKind};
use crate::method::model::{ConfiguredModel, ModelCoder};

/// The default of [`LanguageOptions::context`].
const CONTEXT: u32 = 2048;
/// The default of [`LanguageOptions::lockstep`].
const LOCKSTEP: u32 = 128;
/// The default of [`LanguageOptions::memory`]: half of what a decoder allows by default.
const MEMORY: u64 = 1 << 30;

/// Choices for encoding with a language model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LanguageOptions {
    /// The kind of tokens; `None` is the model's own, or characters if it has no tokenizer.
    pub tokens: Option<TokenKind>,
    /// Number of the likeliest tokens that have a probability of their own; the others share
    /// an escape. `None` is all.
    pub top_k: Option<u32>,
    /// Characters of a context; `None` is 2,048, or fewer if the model allows fewer.
    pub context: Option<u32>,
    /// Frames of a block, in which samples are ordered by channel; 0 keeps frames in order.
    pub blocking: u32,
    /// Contexts that are decoded side by side; `None` is 128, or as many as the memory holds.
    pub lockstep: Option<u32>,
    /// Bytes that the contexts may take, in the encoder and in decoders.
    ///
    /// Fewer contexts and fewer threads are taken if that is enough.
    pub memory: u64,
    /// Whether the encoder predicts one token after another, as a decoder does. It predicts
    /// whole contexts at once otherwise, which is faster and gives the same bytes.
    pub stepping: bool,
    /// Whether coders only estimate.
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
    /// Sets the kind of tokens.
    pub fn with_tokens(mut self, tokens: TokenKind) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets the number of tokens that have a probability of their own.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.top_k = Some(top_k);
        self
    }

    /// Sets the characters of a context.
    pub fn with_context(mut self, characters: u32) -> Self {
        self.context = Some(characters);
        self
    }

    /// Sets the frames of a block.
    pub fn with_blocking(mut self, frames: u32) -> Self {
        self.blocking = frames;
        self
    }

    /// Sets the number of contexts that are decoded side by side.
    pub fn with_lockstep(mut self, contexts: u32) -> Self {
        self.lockstep = Some(contexts);
        self
    }

    /// Sets the bytes that the contexts may take.
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets whether the encoder predicts one token after another, as a decoder does.
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

    /// Checks the choices and makes a coder for audio in chunks of at most `chunk_frames`, with
    /// at most `threads` threads.
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
            // The threads share the contexts; one thread is counted with them.
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
                Err(Error::argument("the model has no tokenizer: choose characters as tokens"))
            }
            (Some(tokens), _) => Ok(tokens),
            (None, Some(_)) => Ok(TokenKind::Bpe),
            (None, None) => Ok(TokenKind::Characters),
        }
    }

    /// `None` if all symbols are among the likeliest.
    fn top_k_of(&self, symbols: usize) -> Result<Option<u32>> {
        match self.top_k {
            Some(0) => Err(Error::argument("top-k is 0; it must be at least 1")),
            top_k => Ok(top_k.filter(|&k| (k as usize) < symbols)),
        }
    }

    fn context_of(&self, model: &LanguageModel, spec: &AudioSpec) -> Result<u32> {
        let positions = model.architecture().positions().min(MOST_CONTEXT as usize) as u32;
        let context = self.context.unwrap_or(CONTEXT.min(positions));
        let least = u32::try_from(spec.frame_bytes()).unwrap_or(u32::MAX);
        if context < least || context > positions {
            return Err(Error::argument(format!(
                "a context of {context} characters is not possible: this audio needs at least \
                 {least}, this model allows at most {positions}"
            )));
        }
        Ok(context)
    }

    /// Takes no more contexts by default than a chunk has segments.
    fn lockstep_of(&self, context: u32, spec: &AudioSpec, chunk_frames: u64) -> Result<u32> {
        if let Some(contexts) = self.lockstep {
            let possible = (1..=MOST_LOCKSTEP).contains(&contexts);
            return possible.then_some(contexts).ok_or_else(|| {
                Error::argument(format!(
                    "the number of contexts side by side is {contexts}; it must be 1 to \
                     {MOST_LOCKSTEP}"
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

    /// Halves the number of contexts until they fit into the memory, unless the caller chose it.
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
                    "{lockstep} contexts of {context} characters take {needed} bytes of memory; {} \
                     are allowed: allow more, or choose shorter contexts",
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

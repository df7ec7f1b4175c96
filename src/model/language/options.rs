//! How a language model is to be used.

use super::coder::Coder;
use super::meter::Meter;
use super::model::LanguageModel;
use crate::audio::AudioSpec;
use crate::container::{MOST_CONTEXT, MOST_LOCKSTEP};
use crate::error::{Error, Result};
use crate::model::identity::{ModelUse, Tokens};

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
    pub tokens: Option<Tokens>,
    /// How many of the likeliest tokens have a probability of their own; the others share
    /// an escape. `None` for all.
    pub top_k: Option<u32>,
    /// Characters of a context; `None` is 2,048, or what the model has.
    pub context: Option<u32>,
    /// Frames whose samples stand together, channel by channel; 0 where each frame's do.
    pub blocking: u32,
    /// Contexts that are decoded at a time; `None` is 128, or as many as the memory holds.
    pub lockstep: Option<u32>,
    /// Bytes that the contexts may take while the stream is decoded.
    pub memory: u64,
    /// Counts what is done.
    pub meter: Meter,
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
            meter: Meter::default(),
        }
    }
}

impl LanguageOptions {
    /// Chooses what the model predicts.
    pub fn with_tokens(mut self, tokens: Tokens) -> Self {
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

    /// Chooses the bytes that the contexts may take while the stream is decoded.
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Counts what is done with this meter.
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// A coder for audio in chunks of at most so many frames, once the choices are known to
    /// be possible.
    pub(crate) fn coder(
        &self,
        model: &LanguageModel,
        spec: &AudioSpec,
        chunk_frames: u64,
    ) -> Result<Coder> {
        let positions = model.architecture().positions().min(MOST_CONTEXT as usize) as u32;
        let context = self.context.unwrap_or(CONTEXT.min(positions));
        if context == 0 || context > positions {
            return Err(Error::argument(format!(
                "contexts of {context} characters: 1 to {positions} are possible with this model"
            )));
        }
        if self.top_k == Some(0) {
            return Err(Error::argument("a top-k of 0: at least one token has a probability"));
        }
        let tokens = match (self.tokens, model.tokenizer()) {
            (Some(Tokens::Bpe), None) => {
                return Err(Error::argument("this model has no tokenizer; it predicts characters"));
            }
            (Some(tokens), _) => tokens,
            (None, Some(_)) => Tokens::Bpe,
            (None, None) => Tokens::Characters,
        };
        let most = MOST_LOCKSTEP;
        if self.lockstep.is_some_and(|contexts| contexts == 0 || contexts > most) {
            return Err(Error::argument(format!("a lockstep beyond 1 to {most} contexts")));
        }

        let usage = |lockstep| ModelUse {
            id: model.id().clone(),
            tokens,
            top_k: self.top_k,
            context,
            lockstep,
            blocking: self.blocking,
        };
        // No more than a chunk has segments.
        let frame = spec.frame_bytes() as u64;
        let segments = chunk_frames.div_ceil((u64::from(context) / frame).max(1));
        let mut lockstep = self.lockstep.unwrap_or(LOCKSTEP);
        while self.lockstep.is_none() && lockstep > 1 && u64::from(lockstep) / 2 >= segments {
            lockstep /= 2;
        }
        loop {
            let coder = Coder::new(model.clone(), usage(lockstep), self.meter.clone());
            let needed = coder.memory();
            if needed <= self.memory {
                return Ok(coder);
            }
            // A batch that does not fit is made smaller.
            if lockstep == 1 || self.lockstep.is_some() {
                return Err(Error::argument(format!(
                    "decoding {lockstep} contexts of {context} characters at a time takes \
                     {needed} bytes, and {} are allowed",
                    self.memory
                )));
            }
            lockstep /= 2;
        }
    }
}

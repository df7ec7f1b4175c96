//! Speeds of contestants.

use serde::Serialize;

use crate::contestant::Outcome;
use crate::results::ClipFacts;

/// A speed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Seconds of work.
    pub seconds: f64,
    /// Seconds of audio a second.
    pub times_real_time: f64,
    /// Bytes of PCM a second.
    pub bytes_a_second: f64,
    /// Tokens a second, of language models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_a_second: Option<f64>,
}

/// Adds up work and time.
#[derive(Default)]
pub(crate) struct Work {
    seconds: f64,
    audio: f64,
    bytes: f64,
    /// Tokens, and the seconds of the clips that have tokens.
    tokens: Option<(f64, f64)>,
}

impl Work {
    /// Adds a clip that took these seconds.
    pub(crate) fn add(&mut self, clip: &ClipFacts, outcome: &Outcome, seconds: f64) {
        self.seconds += seconds;
        self.audio += clip.seconds;
        self.bytes += clip.pcm_bytes as f64;
        if let Some(account) = &outcome.account {
            let (tokens, time) = self.tokens.unwrap_or_default();
            self.tokens = Some((tokens + account.tokens as f64, time + seconds));
        }
    }

    /// Returns the speed; `None` if the work took no time.
    pub(crate) fn speed(&self) -> Option<Speed> {
        (self.seconds > 0.0).then(|| Speed {
            seconds: self.seconds,
            times_real_time: self.audio / self.seconds,
            bytes_a_second: self.bytes / self.seconds,
            tokens_a_second: self
                .tokens
                .filter(|&(_, time)| time > 0.0)
                .map(|(tokens, time)| tokens / time),
        })
    }
}

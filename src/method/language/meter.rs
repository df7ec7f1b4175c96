//! Progress, time and sizes of the work with a language model.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::account::{Account, Payloads, SegmentCost, Tally};
use super::stages::{Clock, Stage, Times};

/// Counts the work of a language model.
///
/// Clones share their counts: one is read while an encoder or decoder counts with another,
/// through [`LanguageModel::with_meter`](super::model::LanguageModel::with_meter). Encoder and
/// decoder need meters of their own if their times are to be told apart.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    progress: Arc<Progress>,
    ledger: Arc<Mutex<Ledger>>,
}

#[derive(Debug, Default)]
struct Progress {
    tokens: AtomicU64,
    characters: AtomicU64,
    times: Times,
}

#[derive(Debug, Default)]
struct Ledger {
    sums: Tally,
    payloads: Payloads,
    /// Whether segments are kept one by one.
    segments: bool,
}

impl Meter {
    /// Keeps the cost of each segment, for this meter and its clones.
    pub fn with_segments(self) -> Self {
        self.ledger().segments = true;
        self
    }

    /// Returns the number of tokens so far.
    pub fn tokens(&self) -> u64 {
        self.progress.tokens.load(Ordering::Relaxed)
    }

    /// Returns the number of characters that the tokens spell: the bytes of the samples,
    /// without bytes whose bits are all wasted.
    pub fn characters(&self) -> u64 {
        self.progress.characters.load(Ordering::Relaxed)
    }

    /// Returns the cost of all chunks that encoders have put through the model so far. It is
    /// the same for every number of threads.
    pub fn account(&self) -> Account {
        let ledger = self.ledger();
        ledger.sums.account(&ledger.payloads)
    }

    /// Returns the cost of each segment so far, in the order of frames, if the meter
    /// [keeps](Self::with_segments) them. Frames of constant chunks are in no segment.
    pub fn segments(&self) -> Vec<SegmentCost> {
        self.ledger().sums.segments()
    }

    /// Returns the time of each stage so far, summed over all threads. The time that threads
    /// wait for each other is in none of them.
    pub fn stages(&self) -> Vec<(Stage, Duration)> {
        self.progress.times.stages()
    }

    /// Returns a meter that shares progress and time with this one and has an account of its
    /// own.
    pub(crate) fn apart(&self) -> Self {
        let segments = self.ledger().segments;
        let ledger = Ledger { segments, ..Ledger::default() };
        Meter { progress: Arc::clone(&self.progress), ledger: Arc::new(Mutex::new(ledger)) }
    }

    pub(crate) fn count(&self, tokens: usize, characters: usize) {
        self.progress.tokens.fetch_add(tokens as u64, Ordering::Relaxed);
        self.progress.characters.fetch_add(characters as u64, Ordering::Relaxed);
    }

    /// Counts a chunk and its payload. `refused` has the PCM bytes of a chunk whose payload was
    /// not smaller.
    pub(crate) fn count_chunk(&self, tally: &Tally, payload_bytes: u64, refused: Option<u64>) {
        let mut ledger = self.ledger();
        let Ledger { sums, payloads, segments } = &mut *ledger;
        sums.add(tally, *segments);
        payloads.chunks += 1;
        payloads.bytes = payloads.bytes.saturating_add(payload_bytes);
        if let Some(pcm_bytes) = refused {
            payloads.refused_chunks += 1;
            payloads.refused_pcm_bytes += pcm_bytes;
            payloads.refused_bytes = payloads.refused_bytes.saturating_add(payload_bytes);
        }
    }

    pub(crate) fn clock(&self) -> Clock<'_> {
        Clock::new(&self.progress.times)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

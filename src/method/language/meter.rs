//! How far a long piece of work is, and what it has taken.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::account::{Account, Payloads, SegmentCost, Tally};
use super::stages::{Clock, Stage, Times};

/// Counts what a language model has done. Clones count together, so that one can be looked
/// at while another is with an encoder or decoder.
///
/// An encoder's and a decoder's time are told apart by giving each a meter of its own.
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
    /// Keeps what each segment takes, for this meter and its clones.
    pub fn with_segments(self) -> Self {
        self.ledger().segments = true;
        self
    }

    /// Tokens so far.
    pub fn tokens(&self) -> u64 {
        self.progress.tokens.load(Ordering::Relaxed)
    }

    /// Characters that they spell: as many as there are bytes in the samples, without those
    /// that are wasted in all of a chunk.
    pub fn characters(&self) -> u64 {
        self.progress.characters.load(Ordering::Relaxed)
    }

    /// Where the bits of all chunks went that encoders have put through the model so far.
    /// It is the same for every number of threads.
    pub fn account(&self) -> Account {
        let ledger = self.ledger();
        ledger.sums.account(&ledger.payloads)
    }

    /// What each segment has taken so far, in the order of frames, if they are
    /// [kept](Self::with_segments). Frames of constant chunks are in no segment.
    pub fn segments(&self) -> Vec<SegmentCost> {
        self.ledger().sums.segments()
    }

    /// How long each stage has taken so far, on all threads together. What threads wait for
    /// one another is in none of them.
    pub fn stages(&self) -> Vec<(Stage, Duration)> {
        self.progress.times.stages()
    }

    /// A meter that counts progress and time together with this one, but has an account of
    /// its own.
    pub(crate) fn apart(&self) -> Self {
        let segments = self.ledger().segments;
        let ledger = Ledger { segments, ..Ledger::default() };
        Meter { progress: Arc::clone(&self.progress), ledger: Arc::new(Mutex::new(ledger)) }
    }

    pub(crate) fn count(&self, tokens: usize, characters: usize) {
        self.progress.tokens.fetch_add(tokens as u64, Ordering::Relaxed);
        self.progress.characters.fetch_add(characters as u64, Ordering::Relaxed);
    }

    /// Counts what a chunk took and the payload that was made for it; for a chunk that it is
    /// refused for, its PCM bytes.
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

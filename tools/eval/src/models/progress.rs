//! The progress of a model within a clip.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lmac::language::Meter;

/// The state of the clip under way, for another thread.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<Option<Work>>);

/// A clip.
#[derive(Debug)]
struct Work {
    /// Characters that the model goes through, in all passes.
    characters: u64,
    /// Those of streams that are done.
    done: u64,
    /// The meters of the stream under way.
    meters: Vec<Meter>,
}

impl Work {
    fn counted(&self) -> u64 {
        self.done + self.meters.iter().map(Meter::characters).sum::<u64>()
    }
}

/// Ends the clip when it is dropped.
pub(super) struct UnderWay<'a>(&'a Progress);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

impl Progress {
    /// Begins a clip of this many characters.
    pub(super) fn begin(&self, characters: u64) -> UnderWay<'_> {
        *self.lock() = Some(Work { characters, done: 0, meters: Vec::new() });
        UnderWay(self)
    }

    /// Begins a stream of the clip, which these meters count.
    pub(super) fn watch(&self, meters: &[&Meter]) {
        if let Some(work) = &mut *self.lock() {
            work.done = work.counted();
            work.meters = meters.iter().copied().cloned().collect();
        }
    }

    /// Returns the part of the clip that is done, from 0 to 1.
    pub(super) fn part(&self) -> Option<f64> {
        let work = self.lock();
        let work = work.as_ref()?;
        // Meters do not count wasted bytes.
        Some((work.counted() as f64 / work.characters as f64).min(1.0))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Work>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! How far a model is with a clip.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lmac::language::Meter;

/// What is known of the clip under way, for another thread.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<Option<Work>>);

/// A clip.
#[derive(Debug)]
struct Work {
    /// Characters that the model goes through, in all passes.
    characters: u64,
    /// Those of streams that are done.
    done: u64,
    /// What counts those of the stream under way.
    meters: Vec<Meter>,
}

impl Work {
    fn counted(&self) -> u64 {
        self.done + self.meters.iter().map(Meter::characters).sum::<u64>()
    }
}

/// A clip is under way as long as this is there.
pub(super) struct UnderWay<'a>(&'a Progress);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

impl Progress {
    /// A clip of so many characters begins.
    pub(super) fn begin(&self, characters: u64) -> UnderWay<'_> {
        *self.lock() = Some(Work { characters, done: 0, meters: Vec::new() });
        UnderWay(self)
    }

    /// A stream of the clip begins, which these meters count.
    pub(super) fn watch(&self, meters: &[&Meter]) {
        if let Some(work) = &mut *self.lock() {
            work.done = work.counted();
            work.meters = meters.iter().copied().cloned().collect();
        }
    }

    /// The part of the clip that is done.
    pub(super) fn part(&self) -> Option<f64> {
        let work = self.lock();
        let work = work.as_ref()?;
        // Characters that are wasted are never counted.
        Some((work.counted() as f64 / work.characters as f64).min(1.0))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Work>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

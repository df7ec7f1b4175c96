//! Times of the stages of the work with a language model.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A stage of the work with a language model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Turning samples into characters, and these into tokens.
    Tokenizing,
    /// Putting tokens through the model.
    Model,
    /// Turning logits into frequencies.
    Frequencies,
    /// Coding tokens with their frequencies, in both directions.
    Coding,
    /// Coding planes, in both directions, and restoring samples.
    Planes,
    /// Verifying payloads in the encoder.
    Checking,
}

impl Stage {
    /// All stages, in the order of an encoder.
    pub const ALL: &[Stage] = &[
        Stage::Tokenizing,
        Stage::Model,
        Stage::Frequencies,
        Stage::Coding,
        Stage::Planes,
        Stage::Checking,
    ];

    /// Returns the stage's name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Tokenizing => "tokenizing",
            Stage::Model => "model",
            Stage::Frequencies => "frequencies",
            Stage::Coding => "coding",
            Stage::Planes => "planes",
            Stage::Checking => "checking",
        }
    }
}

/// The time of each stage, summed over all threads.
#[derive(Debug, Default)]
pub(crate) struct Times([AtomicU64; 6]);

impl Times {
    fn add(&self, stage: Stage, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0[stage as usize].fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(crate) fn stages(&self) -> Vec<(Stage, Duration)> {
        let time = |stage| self.0[stage as usize].load(Ordering::Relaxed);
        Stage::ALL.iter().map(|&stage| (stage, Duration::from_nanos(time(stage)))).collect()
    }
}

/// The time since its start; zero on systems without a clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Option<Instant>);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        // WebAssembly without an operating system has no clock, and `now` panics.
        let clock = !cfg!(all(target_family = "wasm", target_os = "unknown"));
        Stopwatch(clock.then(Instant::now))
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |began| began.elapsed())
    }
}

/// Measures the time of stages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock<'a> {
    times: &'a Times,
    /// Whether all time counts as checking.
    checking: bool,
}

impl<'a> Clock<'a> {
    pub(crate) fn new(times: &'a Times) -> Self {
        Clock { times, checking: false }
    }

    /// Returns a clock that counts all time as checking.
    pub(crate) fn checking(self) -> Self {
        Clock { checking: true, ..self }
    }

    /// Adds time to a stage.
    pub(crate) fn add(self, stage: Stage, time: Duration) {
        self.times.add(if self.checking { Stage::Checking } else { stage }, time);
    }

    /// Does some work on this thread and adds its time to a stage.
    pub(crate) fn time<T>(self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let began = Stopwatch::start();
        let result = work();
        self.add(stage, began.elapsed());
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_has_its_time_and_checking_all_of_it() {
        let times = Times::default();
        let clock = Clock::new(&times);
        for (seconds, &stage) in (1..).zip(Stage::ALL) {
            clock.add(stage, Duration::from_secs(seconds));
        }
        clock.checking().add(Stage::Model, Duration::from_secs(10));
        let seconds: Vec<u64> = times.stages().iter().map(|(_, time)| time.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 3, 4, 5, 16]);
        let stages: Vec<Stage> = times.stages().iter().map(|&(stage, _)| stage).collect();
        assert_eq!(stages, Stage::ALL);
        assert_eq!(clock.time(Stage::Planes, || 3), 3);
    }
}

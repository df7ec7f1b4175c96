//! Time that something took.

use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

/// Seconds of one turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Took {
    /// Of processors, over all threads: candle hands parts of its work to a thread of its
    /// own even where it has but one.
    pub(crate) processor: f64,
    /// By the clock.
    pub(crate) clock: f64,
}

/// Runs something and times it.
pub(crate) fn time<T>(run: impl FnOnce() -> T) -> (T, Took) {
    let (start, processor) = (Instant::now(), processor());
    let value = run();
    (value, Took { processor: self::processor() - processor, clock: start.elapsed().as_secs_f64() })
}

fn processor() -> f64 {
    // It fails only where there is no such clock, and then no time has passed.
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map_or(f64::NAN, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 * 1e-9)
}

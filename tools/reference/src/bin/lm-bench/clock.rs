//! Measures time.

use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

/// The seconds of one turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Took {
    /// Processor time of all threads: candle gives work to another thread even if it has only one.
    pub(crate) processor: f64,
    /// Time by the clock.
    pub(crate) clock: f64,
}

/// Runs a function and measures its time.
pub(crate) fn time<T>(run: impl FnOnce() -> T) -> (T, Took) {
    let (start, processor) = (Instant::now(), processor());
    let value = run();
    (value, Took { processor: self::processor() - processor, clock: start.elapsed().as_secs_f64() })
}

fn processor() -> f64 {
    // NaN if the system has no such clock.
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map_or(f64::NAN, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 * 1e-9)
}

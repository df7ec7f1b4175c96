//! Which part of a stream is wanted.

use lmac::StreamInfo;

use crate::failure::Failure;
use crate::time::Moment;

/// Frames of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    /// Their number; `None` is all from `start` on.
    pub(crate) frames: Option<u64>,
    /// Whether `--end` lay behind the end of the stream.
    pub(crate) clamped: bool,
}

impl Span {
    /// Returns the part that `--start` and `--end` ask for out of `total` frames, if their
    /// number is known; `None` without these options.
    pub(crate) fn of(
        start: Option<Moment>,
        end: Option<Moment>,
        info: &StreamInfo,
        total: Option<u64>,
    ) -> Result<Option<Span>, Failure> {
        if start.is_none() && end.is_none() {
            return Ok(None);
        }
        let rate = info.spec.rate;
        let start = frame("--start", start.unwrap_or(Moment::Frame(0)), rate)?;
        let asked_end = end.map(|end| frame("--end", end, rate)).transpose()?;
        if let Some(total) = total.filter(|&total| start > total) {
            return Err(beyond(start, total));
        }
        if asked_end.is_some_and(|end| end < start) {
            return Err(Failure::Here("--end is before --start".into()));
        }
        let end = match (asked_end, total) {
            (Some(end), Some(total)) => Some(end.min(total)),
            (end, total) => end.or(total),
        };
        let clamped = asked_end.is_some_and(|asked| Some(asked) != end);
        Ok(Some(Span { start, frames: end.map(|end| end - start), clamped }))
    }
}

fn frame(option: &str, moment: Moment, rate: u32) -> Result<u64, Failure> {
    moment.frame(rate).ok_or_else(|| {
        Failure::Here(match rate {
            0 => format!("{option}: the stream has no rate; give a frame number"),
            _ => format!("{option} is too large for a frame number"),
        })
    })
}

/// The error for a start behind the end.
pub(crate) fn beyond(start: u64, total: u64) -> Failure {
    Failure::Here(format!("--start is frame {start}; the stream ends at frame {total}"))
}

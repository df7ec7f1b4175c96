//! Normalised least mean squares: filters whose input is the past of their own target.

mod float;
mod integer;

pub(super) use float::{Error, Float};
pub(super) use integer::{Integer, Scale};

/// How much of the power that a step is divided by is that of the newest values alone.
const RECENT_SHARE: f32 = 0.5;

/// How many those are, at most.
const RECENT: usize = 32;

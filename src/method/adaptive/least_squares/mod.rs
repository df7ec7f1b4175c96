//! Recursive least squares with exponential forgetting, solved at intervals.

mod combiner;
mod lags;
mod schedule;
mod system;

pub(super) use combiner::{Combiner, CombinerSettings};
pub(super) use lags::{LagPredictor, LagSettings};
pub(super) use schedule::Schedule;

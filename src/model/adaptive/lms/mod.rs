//! Normalised least mean squares: filters whose input is the past of their own target.

mod float;
mod integer;

pub(super) use float::{Error, Float};
pub(super) use integer::{Integer, Scale};

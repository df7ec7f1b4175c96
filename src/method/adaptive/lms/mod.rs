//! Normalised least-mean-squares filters, whose input is the past of their own target.

mod float;
mod integer;

pub(super) use float::{Feedback, Float};
pub(super) use integer::{Integer, TargetScale};

/// Replaces a tiny target by zero, so that fading filters never hold denormals.
#[inline(always)]
pub(super) fn settle(target: f64) -> f64 {
    if target.abs() < 1e-6 { 0.0 } else { target }
}

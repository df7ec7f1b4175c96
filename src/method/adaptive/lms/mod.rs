//! Normalised least mean squares: filters whose input is the past of their own target.

mod float;
mod integer;

pub(super) use float::{Feedback, Float};
pub(super) use integer::{Integer, TargetScale};

/// What is left of a target, which is nothing once it is this little: filters that fade
/// away do not come near the smallest numbers, which some environments flush to zero.
#[inline(always)]
pub(super) fn settle(target: f64) -> f64 {
    if target.abs() < 1e-6 { 0.0 } else { target }
}

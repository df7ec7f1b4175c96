//! Prediction and coding of the samples of a chunk, the same way in both directions.

use super::SymbolCoder;
use super::residuals::Residuals;
use crate::model::adaptive::least_squares::{Dense, Lagged};
use crate::model::adaptive::lms::Lms;
use crate::planes::{fold, unfold};

/// A channel.
struct Channel<
    const A: usize,
    const B: usize,
    const N: usize,
    const M: usize,
    const LA: usize,
    const LB: usize,
> {
    base: Lagged<A, B, N, M, LA, LB>,
    long: Lms<512>,
    middle: Lms<32>,
    short: Lms<16>,
    last: Dense<3>,
    residuals: Residuals,
    sample: f64,
}

/// Step sizes of the cascade.
const STEPS: [f32; 3] = [0.2, 0.08, 0.06];

impl<
    const A: usize,
    const B: usize,
    const N: usize,
    const M: usize,
    const LA: usize,
    const LB: usize,
> Channel<A, B, N, M, LA, LB>
{
    fn new() -> Self {
        Channel {
            base: Lagged::new(),
            long: Lms::new(STEPS[0]),
            middle: Lms::new(STEPS[1]),
            short: Lms::new(STEPS[2]),
            last: Dense::new(),
            residuals: Residuals::new(),
            sample: 0.0,
        }
    }
}

/// Codes all samples of a chunk: `channels` are the samples, read or filled in, of `bits` each.
#[inline(always)]
pub(super) fn run<
    C: SymbolCoder,
    const A: usize,
    const B: usize,
    const N: usize,
    const M: usize,
    const LA: usize,
    const LB: usize,
>(
    channels: &mut [Vec<i32>],
    bits: u32,
    coder: &mut C,
) {
    let count = channels.len();
    let frames = channels.first().map_or(0, Vec::len);
    let mut states: Vec<Channel<A, B, N, M, LA, LB>> = (0..count).map(|_| Channel::new()).collect();
    // Samples of fewer bits than 16 as 16 bits have them; others as they are.
    let up = 1.0 / f64::from(1 << (16 - bits.min(16)));
    let unit = 1.0 / up;
    let most = f64::from(i32::MAX >> (32 - bits));
    let lowest = -most - 1.0;

    for t in 0..frames {
        for c in 0..count {
            let other = if c > 0 { c - 1 } else { count.min(2) - 1 };
            let other_sample = states[other].sample;
            let state = &mut states[c];

            let base = state.base.predict(other_sample);
            let base = if base.abs() < 1e12 { base } else { 0.0 };
            let base = limit(base, lowest * unit, most * unit);
            let inputs = [
                f64::from(state.long.prediction),
                f64::from(state.middle.prediction),
                f64::from(state.short.prediction),
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
            ];
            let correction = state.last.predict(&inputs);
            let correction = if correction.abs() < 1e12 { correction } else { 0.0 };
            let prediction = base + correction;

            let scaled = prediction * up;
            let scaled = limit(scaled, lowest, most);
            let truncated = (scaled + 0.5) as i64;
            let rounded = truncated - i64::from(truncated as f64 > scaled + 0.5);
            // The side that the prediction leans to comes first: -1 folds to 1.
            let flip = if scaled > rounded as f64 { -1 } else { 0 };

            let r = wrap(i64::from(channels[c][t]).wrapping_sub(rounded), bits);
            let r = wrap((r ^ flip).wrapping_sub(flip), bits);
            let u = fold(r);
            let u = state.residuals.code(u, coder);
            let r = unfold(u);
            let r = (r ^ flip).wrapping_sub(flip);
            let value = wrap(rounded.wrapping_add(r), bits) as i32;
            channels[c][t] = value;

            let sample = f64::from(value) * unit;
            state.sample = sample;
            state.base.update(sample);
            let target = sample - base;
            state.last.update(&inputs, target, sample - prediction);
            let target = settle(target);
            state.long.step(target as f32);
            let target = settle(target - inputs[0]);
            state.middle.step(target as f32);
            let target = settle(target - inputs[1]);
            state.short.step(target as f32);
        }
    }
}

/// What is left of a value in a signed integer of `bits`.
#[inline(always)]
fn wrap(value: i64, bits: u32) -> i64 {
    value << (64 - bits) >> (64 - bits)
}

#[inline(always)]
fn limit(x: f64, lowest: f64, most: f64) -> f64 {
    let x = if x > most { most } else { x };
    if x < lowest { lowest } else { x }
}

/// Adaptive filters decay towards numbers that some environments flush to zero; this ends
/// it for all of them, far above those.
#[inline(always)]
fn settle(x: f64) -> f64 {
    if x.abs() < 1e-6 { 0.0 } else { x }
}

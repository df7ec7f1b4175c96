//! Prediction and coding of the samples of a chunk, the same way in both directions.

use super::SymbolCoder;
use super::residuals::Residuals;
use crate::model::adaptive::least_squares::{Dense, Lagged};
use crate::model::adaptive::lms::Lms;
use crate::model::adaptive::prepare::Prepared;
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

/// Codes all samples of a chunk, which are read or filled in; `false` where some sample is
/// outside of the range.
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
    prepared: &mut Prepared,
    coder: &mut C,
) -> bool {
    let Prepared { coded: channels, partners, bits, low, high, .. } = prepared;
    let (low, high) = (i64::from(*low), i64::from(*high));
    let count = channels.len();
    let frames = channels.first().map_or(0, Vec::len);
    let mut states: Vec<Channel<A, B, N, M, LA, LB>> = (0..count).map(|_| Channel::new()).collect();
    // Samples of fewer bits than 16 as 16 bits have them; others as they are.
    let up = 1.0 / f64::from(1 << (16 - (*bits).min(16)));
    let unit = 1.0 / up;
    let (lowest, most) = (low as f64, high as f64);
    let mut fits = true;

    for t in 0..frames {
        for c in 0..count {
            let other_sample = if partners[c] == c { 0.0 } else { states[partners[c]].sample };
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

            let room = (rounded - low, high - rounded);
            let room = if flip == 0 { room } else { (room.1, room.0) };
            let r = ((i64::from(channels[c][t]) - rounded) ^ flip) - flip;
            let u = state.residuals.code(fold_within(r, room), coder);
            let (r, within) = unfold_within(u, room);
            fits &= within;
            let value = (rounded + ((r ^ flip) - flip)) as i32;
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
    fits
}

/// A residual folded, where there are so many below zero and above it: as far as there are
/// some on either side they take turns, and then come the others.
#[inline(always)]
fn fold_within(r: i64, (below, above): (i64, i64)) -> u64 {
    let both = below.min(above);
    if r.abs() <= both { fold(r) } else { (r.abs() + both) as u64 }
}

/// The inverse, and whether there is one; otherwise the last.
#[inline(always)]
fn unfold_within(u: u64, (below, above): (i64, i64)) -> (i64, bool) {
    let both = below.min(above);
    let last = (below + above) as u64;
    let within = u <= last;
    let u = u.min(last) as i64;
    let far = if below > above { both - u } else { u - both };
    (if u <= 2 * both { unfold(u as u64) } else { far }, within)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_within_their_room_are_counted_without_gaps() {
        for room in [(0, 0), (0, 9), (9, 0), (3, 5), (5, 3), (4, 4)] {
            let (below, above) = room;
            let mut all: Vec<u64> = (-below..=above).map(|r| fold_within(r, room)).collect();
            for (r, &u) in (-below..=above).zip(&all) {
                assert_eq!(unfold_within(u, room), (r, true), "{room:?}");
            }
            all.sort_unstable();
            assert!(all.into_iter().eq(0..=(below + above) as u64), "{room:?}");
            for u in [(below + above) as u64 + 1, u64::MAX] {
                let (r, within) = unfold_within(u, room);
                assert!(!within && (-below..=above).contains(&r), "{room:?}");
            }
        }
    }
}

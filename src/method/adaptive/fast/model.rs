//! Predicts and codes the samples of a chunk, the same way in both directions.

use std::sync::Arc;

use super::SymbolCoder;
use super::residuals::Residuals;
use crate::error::Result;
use crate::method::adaptive::least_squares::{
    Combiner, CombinerSettings, LagPredictor, LagSettings, Schedule,
};
use crate::method::adaptive::lms::{Feedback, Float, Integer, TargetScale, settle};
use crate::method::adaptive::matches::Matches;
use crate::method::adaptive::past::Past;
use crate::method::adaptive::prepare::{Order, Prepared};
use crate::method::adaptive::values::Values;
use crate::method::adaptive::window::Window;
use crate::numerics::functions::clamp;
use crate::numerics::integers::Integers;
use crate::planes::{fold, unfold};

/// The filters of a channel, and its last sample.
struct ChannelState {
    own: Window,
    other: Window,
    base: LagPredictor,
    longest: Integer,
    long: Integer,
    middle: Float<32>,
    short: Float<16>,
    last: Combiner,
    residuals: Residuals,
    sample: f64,
}

/// Lags of a channel without a partner, and of one with a partner, and what the past is worth.
const LAGS: [(usize, usize, f64); 2] = [(15, 0, 20.0), (15, 8, 0.0)];

/// Number of filters in the cascade.
const FILTERS: usize = 4;

const BASE_SCHEDULE: Schedule = Schedule { first: [2, 8], then: 64 };

/// The combiner of the cascade's predictions.
const LAST: CombinerSettings = CombinerSettings {
    memory: 0.996,
    start: 1.0,
    schedule: Schedule { first: [16, 16], then: 16 },
};

impl ChannelState {
    fn new(sees: bool, scale: TargetScale, pasts: [Past; 2], up: f64) -> Self {
        let (own, other, worth) = LAGS[usize::from(sees)];
        let schedule = BASE_SCHEDULE;
        let base = LagSettings { own, other, memory: 0.998, ridge: 100.0, worth, schedule };
        ChannelState {
            own: Window::new(LagPredictor::WINDOW),
            other: Window::new(LagPredictor::WINDOW),
            base: LagPredictor::new(base, pasts),
            longest: Integer::new(512, 0.2, scale),
            long: Integer::new(128, 0.2, scale),
            middle: Float::new(0.08, Feedback::Error),
            short: Float::new(0.06, Feedback::Error),
            last: Combiner::new(FILTERS, LAST),
            residuals: Residuals::new(pasts[0].size() * up),
            sample: 0.0,
        }
    }

    /// Returns the predictions of the cascade's filters.
    #[inline(always)]
    fn predictions(&self) -> [f64; FILTERS] {
        let ChannelState { longest, long, middle, short, .. } = self;
        [longest.prediction, long.prediction, middle.prediction, short.prediction].map(f64::from)
    }

    /// Lets each filter learn what those before it have left, each of which counts as far as the
    /// combiner trusts it.
    #[inline(always)]
    fn learn<I: Integers>(&mut self, predictions: &[f64; FILTERS], target: f64) {
        let mut targets = [settle(target); FILTERS];
        for at in 1..FILTERS {
            let worth = clamp(self.last.weight(at - 1), 0.0, 1.0);
            targets[at] = settle(targets[at - 1] - worth * predictions[at - 1]);
        }
        let targets = targets.map(|target| target as f32);
        self.longest.step::<I>(targets[0]);
        self.long.step::<I>(targets[1]);
        self.middle.step(targets[2]);
        self.short.step(targets[3]);
    }
}

/// The model of a chunk that is coded up to a step.
pub(in crate::method::adaptive) struct Progress {
    states: Vec<ChannelState>,
    matches: Vec<Matches>,
    values: Vec<Option<Arc<Values>>>,
    ranges: Vec<(i32, i32)>,
    step: usize,
    /// Whether all decoded samples are within their range.
    pub(super) fits: bool,
}

impl Progress {
    /// Returns the model before the first step.
    pub(super) fn new(prepared: &Prepared) -> Result<Self> {
        let unit = prepared.unit();
        let turns = 0..prepared.coded.len();
        let ranges: Vec<_> = turns.clone().map(|turn| prepared.range(turn)).collect();
        let partners = &prepared.order.partners;
        let channel = |c: usize| {
            let scale = TargetScale::for_range(ranges[c], unit);
            let pasts = [c, partners[c]].map(|c| prepared.pasts[c]);
            ChannelState::new(partners[c] != c, scale, pasts, 1.0 / unit)
        };
        Ok(Progress {
            states: turns.clone().map(channel).collect(),
            matches: Matches::of_all(prepared)?,
            values: turns.map(|turn| prepared.values(turn)).collect(),
            ranges,
            step: 0,
            fits: true,
        })
    }
}

/// Codes the samples of the steps up to `end`, which an encoder reads and a decoder fills in.
#[inline(always)]
pub(super) fn run<C: SymbolCoder, I: Integers>(
    progress: &mut Progress,
    prepared: &mut Prepared,
    coder: &mut C,
    end: usize,
) {
    let unit = prepared.unit();
    let up = 1.0 / unit;
    let Progress { states, matches, values, ranges, step: first, fits: all_fit } = progress;
    let Prepared { coded: channels, order: Order { partners, delays, .. }, .. } = prepared;
    let count = channels.len();
    let frames = channels.first().map_or(0, Vec::len);
    let mut fits = *all_fit;

    for step in *first..end {
        for c in 0..count {
            let Some(t) = step.checked_sub(delays[c]).filter(|&t| t < frames) else { continue };
            let other_sample = if partners[c] == c { 0.0 } else { states[partners[c]].sample };
            let state = &mut states[c];
            let (low, high) = (i64::from(ranges[c].0), i64::from(ranges[c].1));
            let (lowest, most) = (low as f64, high as f64);

            state.other.push(other_sample);
            let base = state.base.predict(&state.own, &state.other);
            let base = clamp(base, lowest * unit, most * unit);
            let mut inputs = [[0.0; 8]];
            let filters = state.predictions();
            inputs[0][..FILTERS].copy_from_slice(&filters);
            let correction = state.last.predict(&inputs);
            let prediction = base + correction;

            let scaled = clamp(prediction * up, lowest, most);
            let truncated = (scaled + 0.5) as i64;
            let rounded = truncated - i64::from(truncated as f64 > scaled + 0.5);
            let known = matches[c].code(coder, &channels[c], t);
            let value = match (known, &values[c]) {
                (Some(known), _) => known,
                (None, None) => {
                    // The residual on the side of the exact prediction folds to the smaller
                    // number.
                    let flip = if scaled > rounded as f64 { -1 } else { 0 };
                    let room = (rounded - low, high - rounded);
                    let (r, within) = code_residual(
                        &mut state.residuals,
                        coder,
                        i64::from(channels[c][t]) - rounded,
                        flip,
                        room,
                    );
                    fits &= within;
                    (rounded + r) as i32
                }
                (None, Some(values)) => {
                    let rank = values.nearest(scaled);
                    let flip = if scaled > values.value(rank) as f64 { -1 } else { 0 };
                    let room = (rank, values.count() as i64 - 1 - rank);
                    let own = if C::WRITES { values.rank(channels[c][t]) } else { 0 };
                    let (r, within) =
                        code_residual(&mut state.residuals, coder, own - rank, flip, room);
                    fits &= within;
                    values.value(rank + r) as i32
                }
            };
            channels[c][t] = value;

            let sample = f64::from(value) * unit;
            let error = sample - prediction;
            matches[c].learn(&channels[c], t, error.abs() >= 0.5 * unit);
            state.sample = sample;
            state.own.push(sample);
            state.base.update(&state.own, &state.other);
            let target = sample - base;
            state.last.update(&inputs, target, error);
            state.learn::<I>(&filters, target);
        }
    }
    *first = end;
    *all_fit = fits;
}

/// Codes a residual, and tells whether it is within its room.
#[inline(always)]
fn code_residual<C: SymbolCoder>(
    residuals: &mut Residuals,
    coder: &mut C,
    residual: i64,
    flip: i64,
    room: (i64, i64),
) -> (i64, bool) {
    let room = if flip == 0 { room } else { (room.1, room.0) };
    let r = (residual ^ flip) - flip;
    let u = residuals.code(fold_within(r, room), coder);
    let (r, within) = unfold_within(u, room);
    ((r ^ flip) - flip, within)
}

/// Folds a residual that has this many values below zero and above it: both sides alternate
/// as far as both have values, then come those of the larger side.
#[inline(always)]
fn fold_within(r: i64, (below, above): (i64, i64)) -> u64 {
    let both = below.min(above);
    if r.abs() <= both { fold(r) } else { (r.abs() + both) as u64 }
}

/// Returns the inverse of [`fold_within`], and whether there is one; if not, the last value.
#[inline(always)]
fn unfold_within(u: u64, (below, above): (i64, i64)) -> (i64, bool) {
    let both = below.min(above);
    let last = (below + above) as u64;
    let within = u <= last;
    let u = u.min(last) as i64;
    let far = if below > above { both - u } else { u - both };
    (if u <= 2 * both { unfold(u as u64) } else { far }, within)
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

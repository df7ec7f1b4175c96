//! What experience says about a bit, beyond the mixture.
//!
//! The logarithms of odds that the mixture and each expert give are summed with weights
//! that depend on the circumstances, and move towards what would have been better.

use std::f32::consts::LOG2_E;

use crate::numerics::functions::{clamp, ln, logistic, round};
use crate::numerics::lanes::{Lanes, tree};

/// Values of a context.
const CONTEXTS: usize = 32;
/// Sets of weights, each chosen by two contexts.
const SETS: usize = 3;

const MOST: f32 = 12.0;
const LAST_RATE: f32 = 0.000_062_5;
const FIRST_RATE: f32 = 0.001;
/// Samples after which half of the first rate is gone.
const RATE_FADES: f32 = 8192.0;

/// By how much a width, in halves of an octave, exceeds that of the smallest context.
const WIDTHS_BELOW: f32 = 12.0;
const MOST_WIDTH: i32 = 30;

pub(super) struct Correction<const EXPERTS: usize> {
    sets: Vec<[f32; EXPERTS]>,
    samples: u32,
    rate: f32,
    /// Contexts of a sample: how large errors are, the other channel's last one, the own.
    volatility: usize,
    other: usize,
    last: usize,
    /// The width of the interval, in halves of an octave.
    width: i32,
}

/// A bit that waits to be known.
pub(super) struct Pending<const EXPERTS: usize> {
    odds: [f32; EXPERTS],
    places: [usize; SETS],
    one: f32,
}

impl<const EXPERTS: usize> Correction<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    pub(super) fn new() -> Self {
        let mut start = [0.0; EXPERTS];
        start[0] = 1.0 / SETS as f32;
        Correction {
            sets: vec![start; SETS * CONTEXTS * CONTEXTS],
            samples: 0,
            rate: 0.0,
            volatility: 0,
            other: 0,
            last: 0,
            width: 0,
        }
    }

    /// Begins a sample, with how large errors are on average, the own and the other
    /// channel's last one, and the width of the whole range in scales.
    #[inline(always)]
    pub(super) fn begin(&mut self, average: f32, own: f32, other: f32, width: f32) {
        self.samples = self.samples.saturating_add(1);
        self.rate = LAST_RATE + FIRST_RATE / (1.0 + self.samples as f32 * (1.0 / RATE_FADES));
        let level = |size: f32, least: f32, offset: f32, steps: f32| {
            let level = (ln(clamp(size, least, 1e9)) + offset) * steps;
            round(clamp(level, 0.0, (CONTEXTS - 1) as f32)) as usize
        };
        self.volatility = level(average, 0.01, 2.0, 2.0);
        self.other = level(other, 0.1, 2.3, 2.0);
        self.last = level(own, 0.1, 2.3, 1.5);
        let width = ln(clamp(width, 1e-6, 1e18)) * (2.0 * LOG2_E) + WIDTHS_BELOW;
        self.width = round(clamp(width, -200.0, 200.0));
    }

    /// The interval is halved.
    #[inline(always)]
    pub(super) fn halve(&mut self) {
        self.width -= 2;
    }

    /// The probability of a one at a place, from what the mixture and the experts say.
    #[inline(always)]
    pub(super) fn refine(
        &self,
        mixed: (f32, f32),
        upper: &[f32; EXPERTS],
        lower: &[f32; EXPERTS],
        place: u32,
    ) -> Pending<EXPERTS> {
        let mut odds = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            odds[i] = clamp(ln(upper[i] / lower[i]), -MOST, MOST);
        }
        odds[0] = clamp(ln(mixed.0 / mixed.1), -MOST, MOST);
        let width = self.width.clamp(0, MOST_WIDTH) as usize;
        let place = place as usize % CONTEXTS;
        let places = [
            width * CONTEXTS + self.last,
            (CONTEXTS + self.volatility) * CONTEXTS + self.other,
            (2 * CONTEXTS + place) * CONTEXTS + width,
        ];
        let [a, b, c] = places.map(|place| &self.sets[place]);
        let mut terms = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            terms[i] = ((a[i] + b[i]) + c[i]) * odds[i];
        }
        Pending { odds, places, one: logistic(clamp(tree(terms), -MOST, MOST)) }
    }

    #[inline(always)]
    pub(super) fn learn(&mut self, pending: &Pending<EXPERTS>, bit: bool) {
        let gain = (f32::from(u8::from(bit)) - pending.one) * self.rate;
        for place in pending.places {
            for i in 0..EXPERTS {
                self.sets[place][i] += gain * pending.odds[i];
            }
        }
    }
}

impl<const EXPERTS: usize> Pending<EXPERTS> {
    pub(super) fn one(&self) -> f32 {
        self.one
    }
}

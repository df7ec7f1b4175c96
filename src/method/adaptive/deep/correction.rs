//! A learnt correction of the mixture's probability of a bit.
//!
//! The log odds of the mixture and of each expert are summed with weights that depend on the
//! context of the bit, and that gradient descent moves.

use std::f32::consts::LOG2_E;

use crate::numerics::functions::{clamp, ln, logistic, round};
use crate::numerics::lanes::{Lanes, tree};

/// Number of values of a context.
const CONTEXTS: usize = 32;
/// Number of weight tables; two contexts select a row in each.
const SETS: usize = 3;

/// The limit of logarithms of odds.
pub(super) const MOST_LOG_ODDS: f32 = 12.0;
const LAST_RATE: f32 = 0.000_062_5;
const FIRST_RATE: f32 = 0.001;
/// The number of samples after which the first rate has halved.
const RATE_FADES: f32 = 8192.0;

/// Offset from a width, in half octaves, to its context.
const WIDTHS_BELOW: f32 = 12.0;
const MOST_WIDTH: i32 = 30;

pub(super) struct Correction<const EXPERTS: usize> {
    sets: Vec<[f32; EXPERTS]>,
    samples: u32,
    rate: f32,
    /// Contexts of a sample: the average error, the partner's last error, the own last error.
    volatility: usize,
    other: usize,
    last: usize,
    /// The width of the interval, in half octaves.
    width: i32,
}

/// The state of a bit between its prediction and its coding.
pub(super) struct Pending<const EXPERTS: usize> {
    odds: [f32; EXPERTS],
    places: [usize; SETS],
    log_odds: f32,
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

    /// Starts a sample with its average error, the last errors of this channel and of its
    /// partner, and the width of the whole range in scales.
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

    /// Halves the interval.
    #[inline(always)]
    pub(super) fn halve(&mut self) {
        self.width -= 2;
    }

    /// Corrects the odds of a one, from the masses of the mixture and of the experts above and
    /// below the middle.
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
            odds[i] = clamp(ln(upper[i] / lower[i]), -MOST_LOG_ODDS, MOST_LOG_ODDS);
        }
        odds[0] = clamp(ln(mixed.0 / mixed.1), -MOST_LOG_ODDS, MOST_LOG_ODDS);
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
        Pending { odds, places, log_odds: clamp(tree(terms), -MOST_LOG_ODDS, MOST_LOG_ODDS) }
    }

    #[inline(always)]
    pub(super) fn learn(&mut self, pending: &Pending<EXPERTS>, bit: bool) {
        let gain = (f32::from(u8::from(bit)) - logistic(pending.log_odds)) * self.rate;
        for place in pending.places {
            for i in 0..EXPERTS {
                self.sets[place][i] += gain * pending.odds[i];
            }
        }
    }
}

impl<const EXPERTS: usize> Pending<EXPERTS> {
    /// Returns the logarithm of the corrected odds.
    pub(super) fn log_odds(&self) -> f32 {
        self.log_odds
    }
}

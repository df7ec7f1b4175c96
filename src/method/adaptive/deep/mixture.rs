//! The distribution of a sample, and the bits that it is coded with.
//!
//! Each expert has a distribution around its prediction, which is nearly normal, and a weight in
//! the mixture that follows its past likelihood. A number is an interval of width one, which is
//! found by halving the range of all numbers: each bit has the probability of its half. In a
//! channel with a table, the ranks are halved, and each value is the interval around it.

use std::sync::Arc;

use super::correction::{Correction, MOST_LOG_ODDS};
use super::occurrence::Occurrence;
use super::parameters::{Expert, Spread};
use super::volatility::{Errors, KNOWN, LEAST_ERROR, Volatility};
use crate::method::adaptive::coding::BitCoder;
use crate::method::adaptive::past::Past;
use crate::method::adaptive::values::Values;
use crate::numerics::functions::{clamp, exp_minus, ln, logistic, round};
use crate::numerics::lanes::{Lanes, tree};

/// The share of a distance's cube that is added to it. The logistic function of the sum is close to
/// the normal distribution, whose tails are lighter than those of the logistic one.
const BEND: f32 = 0.0173;

/// The mean |error| that an expert of scale one is taken to have. That of its distribution is
/// 1.275, but slightly narrower experts code better.
const MEAN_ERROR: f32 = 1.308;

/// The mean |error| of a normal distribution whose mean square is one.
const MEAN_OF_ROOT: f32 = 0.8;

/// Experts of less weight widen the expected interval by their prediction alone.
const HEARD: f32 = 0.01;

/// The distance from a prediction, in scales, beyond which no sample is expected.
const REACH: f32 = 10.5;

/// Halves narrower than this, in scales, are not mixed: the density is nearly linear there.
const STRAIGHT: f32 = 0.6;

/// The limits of the upper half's share from which the slope of the density is computed.
const LEAST_SHARE: f32 = 0.2;
const MOST_SHARE: f32 = 0.8;

/// The number of bits that follow the slope of the density; those below are nearly even.
const LEANING: u32 = 4;

/// The rate at which weights follow the likelihoods.
const WEIGHT_RATE: f32 = 0.05;
const LEAST_WEIGHT: f32 = 5e-4;

/// Keeps probability masses above zero.
const LEAST_MASS: f32 = 1e-30;

/// The range of the samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleRange {
    pub(super) bits: u32,
    pub(super) low: i64,
    pub(super) high: i64,
    /// Scale from samples to the unit that all distances use.
    pub(super) unit: f32,
}

pub(super) struct Mixture<const EXPERTS: usize> {
    weights: [f32; EXPERTS],
    averages: [f32; EXPERTS],
    rates: [f32; EXPERTS],
    factors: [f32; EXPERTS],
    /// Whether an expert's scale is the expected error.
    expected: [bool; EXPERTS],
    time: u32,
    volatility: Volatility,
    correction: Option<Correction<EXPERTS>>,
    last_error: f32,
    /// For channels in which many values never occur.
    occurrence: Option<Occurrence>,
}

impl<const EXPERTS: usize> Mixture<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    pub(super) fn new(
        experts: &[Expert; EXPERTS],
        corrected: bool,
        values: Option<Arc<Values>>,
        past: Past,
    ) -> Self {
        let size = MEAN_OF_ROOT * past.size() as f32;
        let expected = experts.map(|expert| matches!(expert.spread, Spread::Expected));
        Mixture {
            weights: experts.map(|expert| expert.weight),
            averages: [size; EXPERTS],
            rates: experts.map(|expert| match expert.spread {
                Spread::Own(rate) => rate,
                Spread::Expected => 0.0,
            }),
            factors: experts.map(|expert| expert.factor / MEAN_ERROR),
            expected,
            time: 0,
            volatility: Volatility::new(size),
            correction: corrected.then(Correction::new),
            last_error: 0.0,
            occurrence: values.map(Occurrence::new),
        }
    }

    /// Codes a sample; `false` if the decoded value was out of range and had to be limited.
    ///
    /// The centers of the experts are relative to `origin`; the first is the center of the
    /// final prediction.
    #[inline(always)]
    pub(super) fn code<C: BitCoder>(
        &mut self,
        coder: &mut C,
        sample: i32,
        range: SampleRange,
        origin: i64,
        centers: &[f32; EXPERTS],
        other: Errors,
    ) -> (i32, bool) {
        let density = self.begin(range, origin, centers, other);
        let (value, fits, mass) = match self.occurrence.is_some() {
            false => self.code_number(coder, i64::from(sample), range, &density),
            true => self.code_rank(coder, sample, range.unit, &density),
        };
        if let Some(mass) = mass {
            self.reward(&mass);
        }
        self.learn((value - origin) as f32 * range.unit, centers);
        (value as i32, fits)
    }

    /// Learns a sample that is not coded, since it is known already.
    #[inline(never)]
    pub(super) fn skip(
        &mut self,
        sample: i32,
        range: SampleRange,
        origin: i64,
        centers: [f32; EXPERTS],
        other: Errors,
    ) {
        self.begin(range, origin, &centers, other);
        self.learn((i64::from(sample) - origin) as f32 * range.unit, &centers);
    }

    /// Expects a sample.
    #[inline(always)]
    fn begin<'a>(
        &mut self,
        range: SampleRange,
        origin: i64,
        centers: &'a [f32; EXPERTS],
        other: Errors,
    ) -> Density<'a, EXPERTS> {
        let mut distances = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            distances[i] = (centers[i] - centers[0]).abs();
        }
        self.volatility.expect(other, tree(distances) * (1.0 / EXPERTS as f32));
        let scales = self.scales();
        let mut inverse = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            inverse[i] = 1.0 / scales[i];
        }
        if let Some(correction) = &mut self.correction {
            let width = (1u64 << range.bits) as f32 * range.unit * inverse[2];
            correction.begin(self.averages[1], self.last_error, other.last, width);
        }
        Density { centers, inverse, scales, origin }
    }

    /// Finds a number by halving the interval of all numbers. Returns it, whether it is in
    /// range, and the last masses if nothing unexpected came.
    #[inline(always)]
    fn code_number<C: BitCoder>(
        &mut self,
        coder: &mut C,
        sample: i64,
        SampleRange { bits, low, high, unit }: SampleRange,
        density: &Density<EXPERTS>,
    ) -> (i64, bool, Option<[f32; EXPERTS]>) {
        let origin = density.origin;
        let (lowest, highest, smallest) = self.reach(density);
        let straight = smallest * STRAIGHT;
        // The interval starts at `start` and holds 2^k values.
        let mut start = -(1i64 << (bits - 1));
        let mut k = bits;
        let mut interval = Interval::new();
        let mut lean = 0.0f32;
        let mut expected = true;
        while k > 0 {
            let half = (1i64 << (k - 1)) as f32 * unit;
            if half < straight {
                break;
            }
            k -= 1;
            if let Some(correction) = &mut self.correction {
                correction.halve();
            }
            let middle = start + (1i64 << k);
            if middle > high {
                continue;
            }
            if middle <= low {
                start = middle;
                continue;
            }
            let place = ((middle - origin) as f64 - 0.5) as f32 * unit;
            if place < lowest || place > highest {
                // The whole expected interval is on one side.
                let likely = place < lowest;
                let bit = coder.bit(sample >= middle, if likely { 65_535 } else { 1 });
                start = if bit { middle } else { start };
                expected = bit == likely;
                if expected {
                    continue;
                }
                break;
            }

            let halves = interval.halves(density, place);
            let (upper, lower) = halves.mixed(&self.weights);
            let mixed = upper / (upper + lower);
            let bit = match &mut self.correction {
                Some(correction) => {
                    let pending =
                        correction.refine((upper, lower), &halves.upper, &halves.lower, k);
                    let bit =
                        coder.bit(sample >= middle, probability(logistic(pending.log_odds())));
                    correction.learn(&pending, bit);
                    bit
                }
                None => coder.bit(sample >= middle, probability(mixed)),
            };
            lean = clamp(mixed, LEAST_SHARE, MOST_SHARE) - 0.5;
            lean /= 2.0 + if bit { 4.0 * lean } else { -4.0 * lean };
            interval.narrow(&halves, bit);
            start = if bit { middle } else { start };
        }

        if expected {
            for _ in 0..LEANING.min(k) {
                k -= 1;
                let middle = start + (1i64 << k);
                let one = probability(0.5 + lean);
                let bit = middle <= high && (middle <= low || coder.bit(sample >= middle, one));
                start = if bit { middle } else { start };
                lean *= 0.5;
            }
        }
        let value = start + coder.raw((sample - start) as u64, k) as i64;
        let fits = (low..=high).contains(&value);
        (value.clamp(low, high), fits, expected.then_some(interval.mass))
    }

    /// Finds a value that occurs by halving the interval of all ranks. Each value owns the
    /// stretch of numbers around it.
    #[inline(always)]
    fn code_rank<C: BitCoder>(
        &mut self,
        coder: &mut C,
        sample: i32,
        unit: f32,
        density: &Density<EXPERTS>,
    ) -> (i64, bool, Option<[f32; EXPERTS]>) {
        let (lowest, highest, _) = self.reach(density);
        let Some(occurrence) = &mut self.occurrence else { unreachable!("there is a table") };
        let values = occurrence.values.clone();
        let rank = if C::WRITES { values.rank(sample) } else { 0 };
        let last = values.count() as i64 - 1;
        let mut start = 0;
        let mut k = 64 - last.leading_zeros();
        let mut interval = Interval::new();
        let mut expected = true;
        while k > 0 {
            k -= 1;
            if let Some(correction) = &mut self.correction {
                correction.halve();
            }
            let middle = start + (1i64 << k);
            if middle > last {
                continue;
            }
            let place = (values.edge(middle) - 2 * density.origin) as f64 * 0.5;
            let place = place as f32 * unit;
            if !expected || place < lowest || place > highest {
                // Behind something unexpected, all is even.
                let likely = place < lowest;
                let one = if !expected {
                    32_768
                } else if likely {
                    65_535
                } else {
                    1
                };
                let bit = coder.bit(rank >= middle, one);
                start = if bit { middle } else { start };
                expected &= bit == likely;
                continue;
            }

            let halves = interval.halves(density, place);
            let mixed = halves.mixed(&self.weights);
            let pending = self
                .correction
                .as_ref()
                .map(|correction| correction.refine(mixed, &halves.upper, &halves.lower, k));
            let log_odds = match &pending {
                Some(pending) => pending.log_odds(),
                None => clamp(ln(mixed.0 / mixed.1), -MOST_LOG_ODDS, MOST_LOG_ODDS),
            };
            let leaning = occurrence.leaning(middle, k);
            let one = logistic(clamp(log_odds + leaning.log_odds, -MOST_LOG_ODDS, MOST_LOG_ODDS));
            let bit = coder.bit(rank >= middle, probability(one));
            occurrence.learn(&leaning, f32::from(u8::from(bit)) - one);
            if let (Some(correction), Some(pending)) = (&mut self.correction, &pending) {
                correction.learn(pending, bit);
            }
            interval.narrow(&halves, bit);
            start = if bit { middle } else { start };
        }
        (values.value(start), true, expected.then_some(interval.mass))
    }

    /// Returns the scale of each expert.
    #[inline(always)]
    fn scales(&self) -> [f32; EXPERTS] {
        let mut scales = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            let own = self.averages[i] + LEAST_ERROR;
            scales[i] =
                self.factors[i] * if self.expected[i] { self.volatility.expected } else { own };
        }
        scales
    }

    /// Returns the ends of the interval where samples are expected, and the smallest scale.
    #[inline(always)]
    fn reach(&self, density: &Density<EXPERTS>) -> (f32, f32, f32) {
        let Density { centers, scales, .. } = density;
        let (mut lowest, mut highest) = (centers[0], centers[0]);
        let mut smallest = 1e9;
        for i in 0..EXPERTS {
            let heard = self.weights[i] > HEARD;
            let reach = if heard { REACH * scales[i] } else { 0.0 };
            let (low, high) = (centers[i] - reach, centers[i] + reach);
            let scale = if heard { scales[i] } else { 1e9 };
            lowest = if low < lowest { low } else { lowest };
            highest = if high > highest { high } else { highest };
            smallest = if scale < smallest { scale } else { smallest };
        }
        (lowest, highest, smallest)
    }

    /// Moves the weights towards experts with a high likelihood of the sample.
    #[inline(always)]
    fn reward(&mut self, mass: &[f32; EXPERTS]) {
        let mut likely = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            likely[i] = mass[i] * self.weights[i];
        }
        let rate = WEIGHT_RATE / tree(likely);
        for i in 0..EXPERTS {
            let weight = self.weights[i] * (1.0 - WEIGHT_RATE) + likely[i] * rate;
            self.weights[i] = if weight > LEAST_WEIGHT { weight } else { LEAST_WEIGHT };
        }
        let norm = 1.0 / tree(self.weights);
        for i in 0..EXPERTS {
            self.weights[i] *= norm;
        }
    }

    /// Updates the average error of each expert.
    #[inline(always)]
    fn learn(&mut self, place: f32, centers: &[f32; EXPERTS]) {
        self.time = self.time.saturating_add(1);
        let first = 1.0 / (self.time as f32 + (KNOWN + 1.0));
        for i in 0..EXPERTS {
            let rate = if self.rates[i] > first { self.rates[i] } else { first };
            self.averages[i] += rate * ((place - centers[i]).abs() - self.averages[i]);
        }
        self.last_error = (place - centers[0]).abs();
        self.volatility.learn(self.last_error);
    }
}

/// Converts a probability to units of 1/65,536.
#[inline(always)]
fn probability(one: f32) -> u32 {
    round(clamp(one * 65_536.0, 1.0, 65_535.0)) as u32
}

/// The densities of all experts for a sample, around an origin.
struct Density<'a, const EXPERTS: usize> {
    centers: &'a [f32; EXPERTS],
    scales: [f32; EXPERTS],
    inverse: [f32; EXPERTS],
    origin: i64,
}

/// The interval that a sample is in.
struct Interval<const EXPERTS: usize> {
    /// For each expert, the upper end and the mass below it.
    top: [f32; EXPERTS],
    below: [f32; EXPERTS],
    /// Whether no bit has moved the upper end.
    open: bool,
    mass: [f32; EXPERTS],
}

/// For each expert, the middle of an interval, the mass below that, and the masses of the halves.
struct Halves<const EXPERTS: usize> {
    middle: [f32; EXPERTS],
    below: [f32; EXPERTS],
    upper: [f32; EXPERTS],
    lower: [f32; EXPERTS],
}

impl<const EXPERTS: usize> Interval<EXPERTS> {
    #[inline(always)]
    fn new() -> Self {
        Interval { top: [0.0; EXPERTS], below: [1.0; EXPERTS], open: true, mass: [1.0; EXPERTS] }
    }

    /// Parts the interval at a place.
    #[inline(always)]
    fn halves(&self, density: &Density<EXPERTS>, place: f32) -> Halves<EXPERTS> {
        let (mut middle, mut below) = ([0.0; EXPERTS], [0.0; EXPERTS]);
        let (mut upper, mut lower) = ([0.0; EXPERTS], [0.0; EXPERTS]);
        for i in 0..EXPERTS {
            let distance = (place - density.centers[i]) * density.inverse[i];
            let z = distance + distance * (BEND * (distance * distance));
            let e = exp_minus(z.abs());
            let near = 1.0 / (1.0 + e);
            let far = e * near;
            let above = if z > 0.0 { far } else { near };
            // F(b) - F(a) = F(b) (1 - F(a)) (1 - e^(a - b)), without cancellation.
            let part = self.below[i] * (1.0 - exp_minus(self.top[i] - z));
            let inside = above * if self.open { 1.0 } else { part };
            let rest = self.mass[i] - inside;
            middle[i] = z;
            below[i] = if z > 0.0 { near } else { far };
            upper[i] = inside + LEAST_MASS;
            lower[i] = if rest > LEAST_MASS { rest } else { LEAST_MASS };
        }
        Halves { middle, below, upper, lower }
    }

    /// Keeps the upper or the lower half.
    #[inline(always)]
    fn narrow(&mut self, halves: &Halves<EXPERTS>, bit: bool) {
        for i in 0..EXPERTS {
            self.mass[i] = if bit { halves.upper[i] } else { halves.lower[i] };
            self.top[i] = if bit { self.top[i] } else { halves.middle[i] };
            self.below[i] = if bit { self.below[i] } else { halves.below[i] };
        }
        self.open = self.open && bit;
    }
}

impl<const EXPERTS: usize> Halves<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    /// Returns the masses of the mixture in the upper and in the lower half.
    #[inline(always)]
    fn mixed(&self, weights: &[f32; EXPERTS]) -> (f32, f32) {
        let (mut upper, mut lower) = ([0.0; EXPERTS], [0.0; EXPERTS]);
        for i in 0..EXPERTS {
            upper[i] = weights[i] * self.upper[i];
            lower[i] = weights[i] * self.lower[i];
        }
        (tree(upper), tree(lower))
    }
}

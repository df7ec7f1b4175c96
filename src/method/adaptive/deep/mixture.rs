//! The distribution of a sample, and the bits that it is coded with.
//!
//! Each expert has a logistic distribution around its prediction, and a weight in the mixture
//! that follows its past likelihood. A sample is an interval of width one, which is found by
//! halving the range of all values: each bit has the probability of its half.

use super::BitCoder;
use super::correction::Correction;
use super::parameters::{Expert, Spread};
use super::volatility::{Errors, LEAST_ERROR, Volatility};
use crate::numerics::functions::{clamp, exp_minus, round};
use crate::numerics::lanes::{Lanes, tree};

/// The mean |error| of a logistic distribution of scale one.
const MEAN_ERROR: f32 = 1.386;

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
const WEIGHT_RATE: f32 = 0.04;
const LEAST_WEIGHT: f32 = 2e-4;

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
}

impl<const EXPERTS: usize> Mixture<EXPERTS>
where
    [f32; EXPERTS]: Lanes<Element = f32>,
{
    pub(super) fn new(experts: &[Expert; EXPERTS], corrected: bool) -> Self {
        let expected = experts.map(|expert| matches!(expert.spread, Spread::Expected));
        Mixture {
            weights: [1.0 / EXPERTS as f32; EXPERTS],
            averages: [0.0; EXPERTS],
            rates: experts.map(|expert| match expert.spread {
                Spread::Own(rate) => rate,
                Spread::Expected => 0.0,
            }),
            factors: experts.map(|expert| expert.factor / MEAN_ERROR),
            expected,
            time: 0,
            volatility: Volatility::new(),
            correction: corrected.then(Correction::new),
            last_error: 0.0,
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
        let SampleRange { bits, low, high, unit } = range;
        let sample = i64::from(sample);
        self.volatility.expect(other);
        let scales = self.scales();
        let mut inverse = [0.0; EXPERTS];
        for i in 0..EXPERTS {
            inverse[i] = 1.0 / scales[i];
        }
        let (lowest, highest, smallest) = self.reach(centers, &scales);
        let straight = smallest * STRAIGHT;
        let place_of = |value: i64| ((value - origin) as f64 - 0.5) as f32 * unit;

        // The interval starts at `start` and holds 2^k values.
        let mut start = -(1i64 << (bits - 1));
        let mut k = bits;
        if let Some(correction) = &mut self.correction {
            let width = (1u64 << bits) as f32 * unit * inverse[2];
            correction.begin(self.averages[1], self.last_error, other.last, width);
        }
        // For each expert, the mass above the lower end and the mass below the upper end. An
        // end is open until a bit has moved it.
        let (mut above, mut below) = ([1.0; EXPERTS], [1.0; EXPERTS]);
        let (mut bottom, mut top) = (true, true);
        let mut mass = [1.0; EXPERTS];
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
            let place = place_of(middle);
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

            let (mut upper, mut lower) = ([0.0; EXPERTS], [0.0; EXPERTS]);
            let (mut above_middle, mut below_middle) = ([0.0; EXPERTS], [0.0; EXPERTS]);
            for i in 0..EXPERTS {
                let z = (place - centers[i]) * inverse[i];
                let e = exp_minus(z.abs());
                let near = 1.0 / (1.0 + e);
                let far = e * near;
                below_middle[i] = if z > 0.0 { near } else { far };
                above_middle[i] = if z > 0.0 { far } else { near };
                // F(b) - F(a) = F(b) (1 - F(a)) (1 - e^(a - b)), without cancellation.
                let part = 1.0 - exp_minus(half * inverse[i]);
                let from_top = if top { 1.0 } else { below[i] * part };
                let from_bottom = if bottom { 1.0 } else { above[i] * part };
                upper[i] = above_middle[i] * from_top + LEAST_MASS;
                lower[i] = below_middle[i] * from_bottom + LEAST_MASS;
            }
            let (mut weighted_upper, mut weighted_lower) = ([0.0; EXPERTS], [0.0; EXPERTS]);
            for i in 0..EXPERTS {
                weighted_upper[i] = self.weights[i] * upper[i];
                weighted_lower[i] = self.weights[i] * lower[i];
            }
            let (mixed_upper, mixed_lower) = (tree(weighted_upper), tree(weighted_lower));
            let mixed = mixed_upper / (mixed_upper + mixed_lower);
            let bit = match &mut self.correction {
                Some(correction) => {
                    let pending = correction.refine((mixed_upper, mixed_lower), &upper, &lower, k);
                    let bit = coder.bit(sample >= middle, probability(pending.one()));
                    correction.learn(&pending, bit);
                    bit
                }
                None => coder.bit(sample >= middle, probability(mixed)),
            };
            lean = clamp(mixed, LEAST_SHARE, MOST_SHARE) - 0.5;
            lean /= 2.0 + if bit { 4.0 * lean } else { -4.0 * lean };
            for i in 0..EXPERTS {
                mass[i] = if bit { upper[i] } else { lower[i] };
                above[i] = if bit { above_middle[i] } else { above[i] };
                below[i] = if bit { below[i] } else { below_middle[i] };
            }
            (bottom, top) = (bottom && !bit, top && bit);
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
        let value = value.clamp(low, high);
        if expected {
            self.reward(&mass);
        }
        self.learn((value - origin) as f32 * unit, centers);
        (value as i32, fits)
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
    fn reach(&self, centers: &[f32; EXPERTS], scales: &[f32; EXPERTS]) -> (f32, f32, f32) {
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
        let first = 1.0 / (self.time as f32 + 1.0);
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

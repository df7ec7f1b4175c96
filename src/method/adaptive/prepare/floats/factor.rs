//! The search for a factor of any value: floats that are integers times the factor, rounded.
//!
//! All decisions are in doubles, with operations that are exact or rounded to nearest, so that
//! an encoder finds the same factor on every machine.

use super::samples::{Precision, Samples};
use crate::error::Result;
use crate::memory;

/// The most samples of a channel that the search looks at.
const SAMPLES: usize = 1 << 17;
/// The most different values that narrow a guess and the final factor.
const GUESSING: usize = 1 << 10;
const NARROWING: usize = SAMPLES;
/// The fewest different values that make a guess.
const FEWEST: usize = 4;
/// The least number of bits that a factor saves in the values that are tried.
const LEAST_SAVED: u64 = 64;
/// Numbers of the smallest values that guess a factor, and of guesses.
const SMALLEST: usize = 12;
const GUESSES: usize = 12;

/// The largest integer of a product.
const MOST: f64 = (1u64 << 30) as f64;

/// How floats were rounded after the product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounding {
    pub(super) precision: Precision,
    /// The distance of the values before floats were made of them; 0 if there is none.
    pub(super) step: f64,
    /// How far a float may be from the product: 1 where it was rounded once.
    pub(super) slack: f64,
}

impl Rounding {
    /// Returns half of the distance between floats around a value that is not negative.
    fn half(&self, value: f64) -> f64 {
        let above = self.precision.at_place(self.precision.ordered(value) + 1);
        let step = if above - value > self.step { above - value } else { self.step };
        step * 0.5 * self.slack
    }

    /// Tells whether some product of a factor is rounded to a value.
    fn gives(&self, factor: f64, value: f64) -> bool {
        let product = (value / factor + 0.5).floor() * factor;
        let product = match self.step > 0.0 {
            true => (product / self.step + 0.5).floor() * self.step,
            false => product,
        };
        self.precision.round(product) == value
    }
}

/// Finds the factor of a channel.
pub(super) fn find(samples: Samples, channel: usize, rounding: Rounding) -> Result<Option<f64>> {
    let values = Values::of(samples, channel)?;
    let mut best: Option<(u64, f64)> = None;
    // Values that occur twice are surely multiples, if any are; but they are fewer.
    for some in [&values.repeated, &values.all] {
        let (score, factor) = guess(some, rounding).unwrap_or((0, 0.0));
        // More values count as more.
        let score = score / (some.len().min(GUESSING) as u64 + 1);
        if score > 0 && best.is_none_or(|(most, _)| score > most) {
            let narrow = |some, factor| narrowed(some, factor, factor, NARROWING, rounding);
            // Those that occur once narrow it further, if they are multiples too.
            let factor = narrow(some, factor).map_or(factor, |(_, factor)| factor);
            let factor = narrow(&values.all, factor).map_or(factor, |(_, factor)| factor);
            best = Some((score, factor));
        }
    }
    Ok(best.map(|(_, factor)| factor))
}

/// Different magnitudes that occur in a channel, in rising order.
struct Values {
    all: Vec<f64>,
    repeated: Vec<f64>,
}

impl Values {
    fn of(samples: Samples, channel: usize) -> Result<Self> {
        let stride = samples.frames.div_ceil(SAMPLES).max(1);
        let some = || (0..samples.frames).step_by(stride);
        let mut magnitudes: Vec<u64> = memory::room(some().len())?;
        let finite = some()
            .map(|frame| samples.value(channel, frame).to_bits() & !(1 << 63))
            .filter(|&bits| bits != 0 && bits >> 52 != 0x7FF);
        magnitudes.extend(finite);
        magnitudes.sort_unstable();
        let distinct = magnitudes.chunk_by(|a, b| a == b).count();
        let (mut all, mut repeated) = (memory::room(distinct)?, memory::room(distinct)?);
        for equal in magnitudes.chunk_by(|a, b| a == b) {
            let value = f64::from_bits(equal[0]);
            all.push(value);
            if equal.len() > 1 {
                repeated.push(value);
            }
        }
        Ok(Values { all, repeated })
    }
}

/// Guesses factors from the smallest of these values; returns the best one with its score.
fn guess(values: &[f64], rounding: Rounding) -> Option<(u64, f64)> {
    if values.len() < FEWEST {
        return None;
    }
    let mut best: Option<(u64, f64)> = None;
    for guess in 0..GUESSES {
        let start = (guess * SMALLEST / 2).min(values.len() - FEWEST);
        let some = &values[start..values.len().min(start + SMALLEST)];
        let Some(divisor) = divisor(some, rounding) else { continue };
        let found = narrowed(values, some[0], divisor, GUESSING, rounding);
        if let Some((score, factor)) = found
            && best.is_none_or(|(most, _)| score > most)
        {
            best = Some((score, factor));
        }
    }
    best
}

/// Returns the common divisor of values, within their rounding.
fn divisor(values: &[f64], rounding: Rounding) -> Option<f64> {
    let mut divisor = *values.first()?;
    for &value in &values[1..] {
        // Euclid's algorithm ends at a remainder that rounding explains.
        let least = rounding.half(value) * 16.0;
        let (mut a, mut b) = (value, divisor);
        while b > least {
            let quotient = (a / b + 0.5).floor();
            let rest = a - quotient * b;
            (a, b) = (b, if rest < 0.0 { -rest } else { rest });
            if b * 64.0 < a {
                break;
            }
        }
        divisor = a;
        if divisor <= least || divisor * MOST < value {
            return None;
        }
    }
    Some(divisor)
}

/// Narrows a factor so that it gives as many as possible of the values, which rise; returns it
/// with a score, the bits that it saves, if it gives most of them.
///
/// `first` is a multiple of the factor, and about one of the divisor. At most `count` values
/// are tried.
fn narrowed(
    values: &[f64],
    first: f64,
    divisor: f64,
    count: usize,
    rounding: Rounding,
) -> Option<(u64, f64)> {
    let half = rounding.half(first);
    let whole = (first / divisor + 0.5).floor();
    if whole < 1.0 {
        return None;
    }
    let (mut low, mut high) = ((first - half) / whole, (first + half) / whole);
    let stride = values.len().div_ceil(count).max(1);
    let (mut saved, mut missed) = (0, 0);
    for &value in values.iter().step_by(stride) {
        let factor = low + (high - low) * 0.5;
        let whole = (value / factor + 0.5).floor();
        if !(1.0..=MOST).contains(&whole) {
            missed += 8;
            continue;
        }
        let half = rounding.half(value);
        // The share of all values that this factor would seem to give.
        let width = whole * (high - low) + half * 2.0;
        let worth = factor / width;
        if worth < 2.0 {
            continue;
        }
        let worth = u64::from((worth as u64).ilog2());
        let (mut least, mut most) = ((value - half) / whole, (value + half) / whole);
        least = if least > low { least } else { low };
        most = if most < high { most } else { high };
        if least <= most {
            (low, high) = (least, most);
            saved += worth;
        } else {
            missed += worth;
        }
    }
    let tried = values.iter().step_by(stride).copied();
    let factor = simplest(tried, (low, high), rounding);
    (saved > 2 * missed && saved > LEAST_SAVED).then(|| (saved - missed, factor))
}

/// Returns the double in the middle, or the single that is nearest to it, where that gives more
/// of the values.
fn simplest(
    values: impl Iterator<Item = f64> + Clone,
    (low, high): (f64, f64),
    rounding: Rounding,
) -> f64 {
    let middle = low + (high - low) * 0.5;
    let single = f64::from(middle as f32);
    if !(low..=high).contains(&single) {
        return middle;
    }
    // At the ends, products are halfway between floats.
    let given = |factor: f64| values.clone().filter(|&value| rounding.gives(factor, value)).count();
    if given(single) >= given(middle) { single } else { middle }
}

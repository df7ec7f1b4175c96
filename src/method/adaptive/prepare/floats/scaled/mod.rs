//! Floats that are integers times a scale, with few exceptions.

use super::corrections::{Corrections, MOST_BITS};
use super::exceptions::{Exceptions, most_runs};
use super::factor::{self, Rounding};
use super::samples::{Precision, Samples};
use crate::audio::SampleFormat;
use crate::container::fields::{Fields, put_varint};
use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder};
use crate::error::{Error, Result};
use crate::memory;

/// A scale of full scale, the same for all channels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct FullScale {
    power: u32,
    convention: u8,
    /// The divisors of negative integers and of the others.
    divisors: [f64; 2],
}

/// Conventions of full scale, with n = 2^power.
mod convention {
    /// n.
    pub(super) const POWER: u8 = 0;
    /// n - 1.
    pub(super) const LESS_ONE: u8 = 1;
    /// n below zero, n - 1 above.
    pub(super) const HALVES: u8 = 2;
    /// n - 1, by its reciprocal.
    pub(super) const RECIPROCAL: u8 = 3;
}

const MOST_POWER: u32 = 60;
/// The highest power of all other conventions.
const MOST_OTHER_POWER: u32 = 31;

impl FullScale {
    fn new(power: u32, convention: u8) -> Option<Self> {
        let most = if convention == convention::POWER { MOST_POWER } else { MOST_OTHER_POWER };
        if power > most || convention > convention::POWER && power == 0 {
            return None;
        }
        let n = (1u64 << power) as f64;
        let divisors = match convention {
            convention::POWER => [n, n],
            convention::HALVES => [n, n - 1.0],
            _ => [n - 1.0, n - 1.0],
        };
        Some(FullScale { power, convention, divisors })
    }

    /// Converts an integer to its float.
    #[inline(always)]
    fn float(&self, number: i32, precision: Precision) -> f64 {
        let divisor = self.divisors[usize::from(number >= 0)];
        if self.convention != convention::RECIPROCAL {
            return precision.round(f64::from(number) / divisor);
        }
        match precision {
            Precision::Single => f64::from(number as f32 * (1.0 / divisor) as f32),
            Precision::Double => f64::from(number) * (1.0 / divisor),
        }
    }

    /// Returns the integer nearest to a float; `None` if it does not fit or the float is NaN.
    fn nearest(&self, float: f64) -> Option<i32> {
        let scaled = float * self.divisors[usize::from(float >= 0.0)];
        (scaled.abs() < 2_147_483_647.0 || scaled == -2_147_483_648.0)
            .then(|| (scaled + 0.5).floor() as i32)
    }
}

/// Factors of any value, one for each channel.
#[derive(Debug, Clone, PartialEq)]
struct Factors {
    factors: Vec<f64>,
    /// The power whose reciprocal products are rounded to; 0 if they are not.
    grid: u32,
    /// 2^grid.
    steps: f64,
    /// The coded differences between floats and products, if there are any.
    corrections: Option<Vec<u8>>,
}

impl Factors {
    /// Returns the product as it is rounded before corrections, in steps of the grid if there
    /// is one.
    #[inline(always)]
    fn product(&self, channel: usize, number: i32) -> f64 {
        let product = f64::from(number) * self.factors[channel];
        if self.grid == 0 { product } else { (product * self.steps + 0.5).floor() }
    }

    #[inline(always)]
    fn float(&self, channel: usize, number: i32, correction: i32, precision: Precision) -> f64 {
        let product = self.product(channel, number);
        if self.grid > 0 {
            return precision.round((product + f64::from(correction)) / self.steps);
        }
        let float = precision.round(product);
        if correction == 0 {
            return float;
        }
        let float =
            precision.at_place(precision.ordered(float).wrapping_add(i64::from(correction)));
        // The bits of a NaN could depend on the machine.
        if float.is_nan() { f64::INFINITY } else { float }
    }

    /// Returns the number of a float, and the difference that is left; `None` if the float has
    /// no number.
    #[inline(always)]
    fn number(&self, channel: usize, float: f64, precision: Precision) -> Option<(i32, i64)> {
        let scaled = float / self.factors[channel];
        if scaled.is_nan() || scaled.abs() > 2_147_483_000.0 || precision.round(float) != float {
            return None;
        }
        let nearest = (scaled + 0.5).floor() as i32;
        let left = self.left(channel, nearest, float, precision);
        if left == 0 || self.grid > 0 {
            return Some((nearest, left));
        }
        // Where floats are coarser than the factor, a neighbour may be the right one.
        let other = [nearest - 1, nearest + 1]
            .into_iter()
            .find(|&other| self.left(channel, other, float, precision) == 0);
        Some(other.map_or((nearest, left), |other| (other, 0)))
    }

    #[inline(always)]
    fn left(&self, channel: usize, number: i32, float: f64, precision: Precision) -> i64 {
        let product = self.product(channel, number);
        if self.grid == 0 {
            let product = precision.ordered(precision.round(product));
            return precision.ordered(if float == 0.0 { 0.0 } else { float }).wrapping_sub(product);
        }
        if precision.round(product / self.steps) == float {
            return 0;
        }
        let left = (float * self.steps + 0.5).floor() - product;
        let fits = left.abs() < MOST_LEFT as f64
            && precision.round((product + left) / self.steps) == float;
        if fits { left as i64 } else { i64::MAX }
    }
}

/// Limit of the differences that corrections have room for.
const MOST_LEFT: i64 = 1 << MOST_BITS;

#[derive(Debug, Clone, PartialEq)]
enum Scale {
    Full(FullScale),
    Factors(Factors),
}

/// The mapping between the floats of a chunk and integers.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Scaled {
    precision: Precision,
    format: SampleFormat,
    scale: Scale,
    /// The width of the integers.
    pub(in super::super) bits: u32,
    exceptions: Exceptions,
    /// The coded signs of zeros, if some are negative.
    zeros: Option<Vec<u8>>,
}

/// The byte of a scale that has factors.
const FACTORS: u8 = 63;

/// Bits of the byte behind it; the others hold the grid.
const FACTOR_EACH: u8 = 0b01;
const CORRECTIONS: u8 = 0b10;

/// Bits of the byte that holds the width, beside that of the exceptions.
const WIDTH: u8 = 0b0011_1111;
const ZEROS: u8 = 0b1000_0000;

impl Scaled {
    /// Finds a scale that has one of the conventions, and the integers of each channel.
    pub(super) fn full_scale(samples: &Samples) -> Result<Option<(Self, Vec<Vec<i32>>)>> {
        let precision = samples.precision();
        let Some(scale) = best_scale(samples, precision) else { return Ok(None) };
        Self::with(samples, precision, Scale::Full(scale), |_, float| {
            let nearest = scale.nearest(float)?;
            Some((nearest, if scale.float(nearest, precision) == float { 0 } else { i64::MAX }))
        })
    }

    /// Finds factors, and the integers of each channel.
    ///
    /// With a grid, floats are products that were rounded to multiples of 2^-grid.
    pub(super) fn factors(samples: &Samples, grid: u32) -> Result<Option<(Self, Vec<Vec<i32>>)>> {
        let precision = samples.precision();
        let steps = (1u64 << grid) as f64;
        let step = if grid == 0 { 0.0 } else { 1.0 / steps };
        let mut factors = Vec::new();
        for channel in 0..samples.channels {
            let silent = samples.channel(channel).all(|value| value == 0.0);
            let find = |slack| factor::find(*samples, channel, Rounding { precision, step, slack });
            let mut found = if silent { Some(1.0) } else { find(1.0)? };
            if found.is_none() {
                found = find(3.0)?;
            }
            let Some(found) = found.filter(|&found| is_factor(found)) else { return Ok(None) };
            factors.push(found);
        }
        let factors = Factors { factors, grid, steps, corrections: None };
        let scale = Scale::Factors(factors.clone());
        let number = |channel, float| factors.number(channel, float, precision);
        Self::with(samples, precision, scale, number)
    }

    /// Makes the mapping of a scale, and the integers of each channel; `None` if too many
    /// floats have none. `number` gives an integer and the difference that is left.
    fn with(
        samples: &Samples,
        precision: Precision,
        scale: Scale,
        number: impl Fn(usize, f64) -> Option<(i32, i64)>,
    ) -> Result<Option<(Self, Vec<Vec<i32>>)>> {
        let corrects = matches!(scale, Scale::Factors(_));
        let mut left_over = 0;
        let mut channels = Vec::new();
        let mut magnitudes = 0;
        let mut negative_zero = false;
        for channel in 0..samples.channels {
            let mut numbers = memory::room(samples.frames)?;
            let mut before = 0;
            for float in samples.channel(channel) {
                let found = number(channel, float);
                let differs = |left: i64| left != 0 && left.abs() < MOST_LEFT;
                left_over += u64::from(found.is_some_and(|(_, left)| differs(left)));
                // An exception is replaced by the nearest integer, else by the previous sample.
                before = found.map_or(before, |(number, _)| number);
                magnitudes |= before ^ (before >> 31);
                negative_zero |= float == 0.0 && float.is_sign_negative();
                numbers.push(before);
            }
            channels.push(numbers);
        }
        let corrected = corrects && left_over > samples.count() / UNCORRECTED;
        let coded = |channel: usize, frame: usize| {
            let left = number(channel, samples.value(channel, frame)).map(|(_, left)| left);
            left.filter(|left| *left == 0 || corrected && left.abs() < MOST_LEFT)
        };
        let Some(exceptions) = exceptions(samples, coded)? else { return Ok(None) };
        let mut scaled = Scaled {
            precision,
            format: samples.format,
            scale,
            bits: 33 - magnitudes.leading_zeros(),
            exceptions,
            zeros: None,
        };
        if negative_zero {
            scaled.zeros = Some(write_zeros(samples, &channels)?);
        }
        if corrected && let Scale::Factors(factors) = &mut scaled.scale {
            let mut encoder = RangeEncoder::new();
            let mut model = Corrections::new(samples.channels);
            for frame in 0..samples.frames {
                for channel in 0..samples.channels {
                    let left = coded(channel, frame).unwrap_or(0);
                    model.code(&mut encoder, channel, left as i32);
                }
            }
            factors.corrections = Some(encoder.finish()?);
        }
        Ok(Some((scaled, channels)))
    }

    /// Tells whether the integers are certain: the audio had such samples.
    pub(super) fn is_sure(&self) -> bool {
        // One more bit than 24 is for full scale.
        self.exceptions.is_empty() && self.bits <= 25 && !self.is_corrected()
    }

    fn is_corrected(&self) -> bool {
        matches!(&self.scale, Scale::Factors(factors) if factors.corrections.is_some())
    }

    /// Returns the power if all floats are integers over 2^power.
    pub(super) fn power(&self) -> Option<u32> {
        match self.scale {
            Scale::Full(FullScale { power, convention: convention::POWER, .. }) => {
                self.exceptions.is_empty().then_some(power)
            }
            _ => None,
        }
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(in super::super) fn most_bytes(&self) -> usize {
        let scale = match &self.scale {
            Scale::Full(_) => 0,
            Scale::Factors(factors) => {
                8 * factors.factors.len() + factors.corrections.as_ref().map_or(0, Vec::len)
            }
        };
        let zeros = self.zeros.as_ref().map_or(0, Vec::len);
        64 + self.exceptions.most_bytes() + zeros + scale
    }

    pub(in super::super) fn write(&self, out: &mut Vec<u8>) {
        self.precision.write(self.format, out);
        let mut corrections = None;
        match &self.scale {
            Scale::Full(scale) => out.push(scale.power as u8 | scale.convention << 6),
            Scale::Factors(factors) => {
                let list = &factors.factors;
                let each = list.iter().any(|factor| *factor != list[0]);
                corrections = factors.corrections.as_ref();
                let mut form = (factors.grid as u8) << 2;
                form |= if each { FACTOR_EACH } else { 0 };
                form |= if corrections.is_some() { CORRECTIONS } else { 0 };
                out.extend([FACTORS, form]);
                for factor in &list[..if each { list.len() } else { 1 }] {
                    out.extend(factor.to_le_bytes());
                }
            }
        }
        let mut width = self.bits as u8;
        width |= self.exceptions.flag();
        width |= if self.zeros.is_some() { ZEROS } else { 0 };
        out.push(width);
        self.exceptions.write(self.format, out);
        for coded in [self.zeros.as_ref(), corrections].into_iter().flatten() {
            put_varint(out, coded.len() as u64);
            out.extend(coded);
        }
    }

    /// Reads what [`write`](Self::write) wrote, in a chunk of this many frames.
    pub(in super::super) fn read(
        fields: &mut Fields,
        frames: usize,
        channels: usize,
        format: SampleFormat,
    ) -> Result<Self> {
        let precision = Precision::read(fields, format)?;
        let (mut scale, corrected) = match fields.u8()? {
            FACTORS => read_factors(fields, channels)?,
            byte => (Scale::Full(read_full_scale(byte)?), false),
        };
        let width = fields.u8()?;
        let bits = u32::from(width & WIDTH);
        if !(1..=32).contains(&bits) {
            return Err(Error::malformed(format!(
                "scaled floats are integers of {bits} bits; it must be 1 to 32"
            )));
        }
        let samples = frames as u64 * channels as u64;
        let exceptions = Exceptions::read(fields, width, samples, format)?;
        let mut coded = || memory::copied(fields.counted()?);
        let zeros = if width & ZEROS == 0 { None } else { Some(coded()?) };
        if let Scale::Factors(factors) = &mut scale
            && corrected
        {
            factors.corrections = Some(coded()?);
        }
        Ok(Scaled { precision, format, scale, bits, exceptions, zeros })
    }

    /// Returns a converter from integers to floats, frame by frame.
    pub(in super::super) fn floats(&self, channels: usize) -> ScaledFloats<'_> {
        let zeros =
            self.zeros.as_deref().map(|zeros| (RangeDecoder::new(zeros), Signs::new(channels)));
        let corrections = match &self.scale {
            Scale::Factors(Factors { corrections: Some(coded), .. }) => {
                Some(Box::new((RangeDecoder::new(coded), Corrections::new(channels))))
            }
            _ => None,
        };
        ScaledFloats { scaled: self, zeros, corrections }
    }

    /// Writes the exceptions over the PCM.
    pub(in super::super) fn put_exceptions(&self, pcm: &mut [u8], channels: usize) {
        self.exceptions.put(pcm, channels, self.format);
    }
}

/// The share of samples that are off by a step and yet are exceptions.
const UNCORRECTED: u64 = 512;

fn read_full_scale(byte: u8) -> Result<FullScale> {
    let (power, convention) = (u32::from(byte & 0x3F), byte >> 6);
    FullScale::new(power, convention).ok_or_else(|| {
        Error::malformed(format!(
            "floats are scaled by 2^{power} with convention {convention}, which does not exist"
        ))
    })
}

/// Reads factors, and whether there are corrections.
/// Tells whether a double may be a factor.
fn is_factor(factor: f64) -> bool {
    factor.is_normal() && factor > 0.0
}

fn read_factors(fields: &mut Fields, channels: usize) -> Result<(Scale, bool)> {
    let form = fields.u8()?;
    let grid = u32::from(form >> 2);
    if grid > MOST_POWER {
        return Err(Error::malformed(format!(
            "products are rounded to 2^-{grid}; it must be at most {MOST_POWER}"
        )));
    }
    let count = if form & FACTOR_EACH == 0 { 1 } else { channels };
    let mut factors = Vec::new();
    for _ in 0..count {
        let mut bits = [0; 8];
        bits.copy_from_slice(fields.take(8)?);
        let factor = f64::from_le_bytes(bits);
        if !is_factor(factor) {
            return Err(Error::malformed(format!(
                "the factor of floats is {factor:e}; it must be a normal double above 0"
            )));
        }
        factors.push(factor);
    }
    factors.resize(channels, factors[0]);
    let factors = Factors { factors, grid, steps: (1u64 << grid) as f64, corrections: None };
    Ok((Scale::Factors(factors), form & CORRECTIONS != 0))
}

/// Lists the samples that have no number; `None` if they are too many.
fn exceptions(
    samples: &Samples,
    coded: impl Fn(usize, usize) -> Option<i64>,
) -> Result<Option<Exceptions>> {
    let mut exceptions = Exceptions::default();
    let most = most_runs(samples.count());
    for channel in 0..samples.channels {
        for frame in 0..samples.frames {
            if coded(channel, frame).is_none() {
                let at = channel * samples.frames + frame;
                exceptions.add(at, samples.bits(channel, frame))?;
                if exceptions.len() as u64 > most {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(exceptions))
}

/// Codes the signs of all zeros.
fn write_zeros(samples: &Samples, channels: &[Vec<i32>]) -> Result<Vec<u8>> {
    let mut signs = Signs::new(samples.channels);
    let mut encoder = RangeEncoder::new();
    for frame in 0..samples.frames {
        for (channel, numbers) in channels.iter().enumerate() {
            let float = samples.value(channel, frame);
            let negative = float == 0.0 && float.is_sign_negative();
            signs.code(channel, numbers[frame], |node| {
                node.encode(negative, &mut encoder);
                negative
            });
        }
    }
    encoder.finish()
}

/// Converts integers to floats, with the signs of zeros.
pub(in super::super) struct ScaledFloats<'a> {
    scaled: &'a Scaled,
    zeros: Option<(RangeDecoder<'a>, Signs)>,
    corrections: Option<Box<(RangeDecoder<'a>, Corrections)>>,
}

impl ScaledFloats<'_> {
    /// Converts the next number of a channel.
    #[inline(always)]
    pub(in super::super) fn float(&mut self, channel: usize, number: i32) -> f64 {
        let correction = match &mut self.corrections {
            Some(both) => both.1.code(&mut both.0, channel, 0),
            None => 0,
        };
        if let Some((decoder, signs)) = &mut self.zeros
            && signs.code(channel, number, |node| node.decode(decoder))
        {
            return -0.0;
        }
        let precision = self.scaled.precision;
        match &self.scaled.scale {
            Scale::Full(scale) => scale.float(number, precision),
            Scale::Factors(factors) => factors.float(channel, number, correction, precision),
        }
    }
}

/// The model of the signs of zeros.
struct Signs {
    nodes: [AdaptiveBit; 12],
    /// For each channel, the number before and the signs of the last two zeros.
    channels: Vec<(i32, usize)>,
}

impl Signs {
    fn new(channels: usize) -> Self {
        Signs { nodes: [AdaptiveBit::NEW; 12], channels: vec![(0, 0); channels] }
    }

    /// Tells whether the next number of a channel is a negative zero; asks `bit` if it is zero.
    #[inline(always)]
    fn code(
        &mut self,
        channel: usize,
        number: i32,
        bit: impl FnOnce(&mut AdaptiveBit) -> bool,
    ) -> bool {
        let (before, signs) = &mut self.channels[channel];
        let class = (before.signum() + 1) as usize;
        *before = number;
        if number != 0 {
            return false;
        }
        let negative = bit(&mut self.nodes[4 * class + *signs]);
        *signs = (*signs << 1 | usize::from(negative)) & 3;
        negative
    }
}

/// The approximate cost of an exception in bits.
const EXCEPTION: u64 = 48;

/// Finds the scale that makes integers of most samples.
fn best_scale(samples: &Samples, precision: Precision) -> Option<FullScale> {
    let count = samples.count();
    // Numbers of floats by the lowest and by the highest power of two that makes them integers.
    let mut least = [0u64; MOST_POWER as usize + 2];
    let mut most = [0u64; MOST_POWER as usize + 2];
    let mut never = 0;
    for float in samples.values() {
        match powers(float) {
            Some((from, to)) => {
                least[from as usize] += 1;
                most[to as usize] += 1;
            }
            None => never += 1,
        }
    }
    let mut above: u64 = least.iter().sum();
    let mut below = 0;
    let mut best: Option<(u64, FullScale)> = None;
    let mut improve = |cost: u64, scale: FullScale| {
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, scale));
        }
    };
    for power in 0..=MOST_POWER {
        above -= least[power as usize];
        let exceptions = never + above + below;
        if 8 * exceptions <= count {
            let scale = FullScale::new(power, convention::POWER)?;
            improve(EXCEPTION * exceptions + count * u64::from(power), scale);
        }
        below += most[power as usize];
    }
    let conventions = [convention::LESS_ONE, convention::HALVES, convention::RECIPROCAL];
    let others =
        [7, 15, 23, 31].into_iter().flat_map(|power| conventions.map(|other| (power, other)));
    for (power, convention) in others {
        let scale = FullScale::new(power, convention)?;
        let is = |float: &f64| {
            scale.nearest(*float).is_some_and(|number| scale.float(number, precision) == *float)
        };
        let probe = || samples.values().filter(|float| *float != 0.0).take(256);
        let fitting = probe().filter(is).count();
        // Nearly all singles are integers over 2^31.
        if fitting * 16 < probe().count() * 15 || power == 31 && precision == Precision::Single {
            continue;
        }
        let exceptions = count - samples.values().filter(is).count() as u64;
        if 8 * exceptions <= count {
            improve(EXCEPTION * exceptions + count * u64::from(power), scale);
        }
    }
    best.map(|(_, scale)| scale)
}

/// Returns the lowest and the highest power of two that makes an integer of a float.
fn powers(float: f64) -> Option<(u32, u32)> {
    if float == 0.0 {
        return Some((0, MOST_POWER + 1));
    }
    let bits = float.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    if exponent == 0x7FF || exponent == 0 {
        // Infinite, NaN or denormal.
        return None;
    }
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let lowest = exponent - 1075 + mantissa.trailing_zeros() as i32;
    // -2^31 is an integer of 32 bits, and 2^31 is not.
    let edge = i32::from(float < 0.0 && mantissa == 1 << 52);
    let highest = exponent - 1022 - edge;
    let (from, to) = ((-lowest).max(0), (31 - highest).min(MOST_POWER as i32 + 1));
    (from <= MOST_POWER as i32 && from <= to).then_some((from as u32, to as u32))
}

#[cfg(test)]
mod tests;

//! Floats as integers of a fixed unit, rounded towards zero, and the rest of their mantissas.
//!
//! The integers are the upper bits of the mantissas, so a waveform stays one. The bits below
//! them are noise, or zeros where the floats came from coarser numbers.

use super::coder::BitCoder;
use super::exceptions::{Exceptions, PRESENT, most_runs};
use super::samples::{Precision, Samples};
use crate::audio::SampleFormat;
use crate::container::fields::{Fields, put_varint};
use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder};
use crate::error::{Error, Result};
use crate::memory;
use crate::planes::{fold, unfold};

/// The mapping between the floats of a chunk and truncated integers.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Truncated {
    unit: Unit,
    /// The width of the integers.
    pub(in super::super) bits: u32,
    format: SampleFormat,
    exceptions: Exceptions,
    /// The coded rest of each mantissa.
    rest: Vec<u8>,
}

/// The unit of the integers: 2^-power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    precision: Precision,
    power: i32,
}

/// Bits of the byte that holds the width, beside that of the exceptions.
const WIDTH: u8 = 0b0011_1111;
const RESERVED: u8 = 0b1000_0000;

/// The bits of the largest common integers: those of a single's mantissa.
const COMMON_BITS: i32 = 24;

/// The share of samples that may be larger than common ones.
const UNCOMMON: u64 = 1024;

impl Unit {
    fn new(precision: Precision, power: i32) -> Option<Self> {
        let digits = precision.digits() as i32;
        // From the unit of the largest floats to that of the smallest.
        let least = COMMON_BITS - precision.bias() - 1;
        let most = precision.bias() + digits - 2;
        (least..=most).contains(&power).then_some(Unit { precision, power })
    }

    /// Finds a unit that gives almost all samples at most 24 bits.
    pub(super) fn find(samples: &Samples) -> Option<Self> {
        let precision = samples.precision();
        let special = precision.special() as usize;
        let mut counts = vec![0u64; special + 1];
        for value in samples.values() {
            let field = precision.bits(value) >> (precision.digits() - 1);
            counts[field as usize & special] += 1;
        }
        let mut left = (samples.count() - counts[special]) / UNCOMMON;
        let field = (1..special).rev().find(|&field| {
            let above = counts[field];
            left.checked_sub(above).map(|rest| left = rest).is_none()
        });
        let power = COMMON_BITS - 1 + precision.bias() - field.unwrap_or(1) as i32;
        Unit::new(precision, power.min(precision.bias() + precision.digits() as i32 - 2))
    }

    /// Returns half of the unit, in which smooth waveforms are easier to predict.
    pub(super) fn half(self) -> Option<Self> {
        Unit::new(self.precision, self.power + 1)
    }

    /// Returns the number of a float; `None` if it is not finite or too large.
    #[inline(always)]
    fn number(self, value: f64) -> Option<i32> {
        let bits = self.precision.bits(value);
        let stored = self.precision.digits() - 1;
        let field = (bits >> stored) as i32 & self.precision.special();
        if field == self.precision.special() || self.precision.value(bits) != value {
            return None;
        }
        let mantissa = bits & ((1 << stored) - 1) | u64::from(field > 0) << stored;
        let shift = self.precision.bias() + stored as i32 - field.max(1) - self.power;
        let number = match shift {
            64.. => 0,
            0..64 => mantissa >> shift,
            -10..0 => mantissa << -shift,
            _ => u64::from(mantissa > 0) << 40,
        };
        let number = i32::try_from(number).ok()?;
        Some(if value < 0.0 { -number } else { number })
    }

    /// Returns how many bits of the mantissa are below the number, which is not 0. Below zero,
    /// the number has more bits than the mantissa.
    #[inline(always)]
    fn missing(self, number: i32) -> i32 {
        let digits = self.precision.digits() as i32;
        let length = 32 - number.unsigned_abs().leading_zeros() as i32;
        // Denormals have shorter mantissas.
        (digits - length).min(self.precision.bias() + digits - 2 - self.power)
    }

    /// Returns the bits of the float whose mantissa begins with a number, which is not 0.
    #[inline(always)]
    fn float(self, number: i32, missing: i32, rest: u64) -> u64 {
        let stored = self.precision.digits() - 1;
        let number_bits = u64::from(number.unsigned_abs());
        let mantissa =
            if missing < 0 { number_bits >> -missing } else { number_bits << missing | rest };
        let sign = u64::from(number < 0) << self.sign();
        if mantissa >> stored == 0 {
            return sign | mantissa;
        }
        let field = self.precision.bias() + stored as i32 - self.power - missing;
        if field >= self.precision.special() {
            return sign | (self.precision.special() as u64) << stored;
        }
        sign | (field as u64) << stored | mantissa & ((1 << stored) - 1)
    }

    /// The place of the sign in the bits of a float.
    fn sign(self) -> u32 {
        match self.precision {
            Precision::Single => 31,
            Precision::Double => 63,
        }
    }

    /// The highest exponent field of floats whose number is 0.
    fn highest_small(self) -> u64 {
        (self.precision.bias() - 1 - self.power).clamp(0, self.precision.special() - 1) as u64
    }
}

impl Truncated {
    /// Makes the mapping to integers of a unit, and the integers of each channel; `None` if too
    /// many floats have none.
    pub(super) fn with(unit: Unit, samples: &Samples) -> Result<Option<(Self, Vec<Vec<i32>>)>> {
        let Some((exceptions, numbers)) = numbers(unit, samples)? else { return Ok(None) };
        let mut magnitudes = 0;
        numbers.iter().flatten().for_each(|number| magnitudes |= number ^ (number >> 31));
        let rest = write_rest(unit, samples, &numbers)?;
        let bits = 33 - magnitudes.leading_zeros();
        let truncated = Truncated { unit, bits, format: samples.format, exceptions, rest };
        Ok(Some((truncated, numbers)))
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(in super::super) fn most_bytes(&self) -> usize {
        32 + self.exceptions.most_bytes() + self.rest.len()
    }

    pub(in super::super) fn write(&self, out: &mut Vec<u8>) {
        self.unit.precision.write(self.format, out);
        put_varint(out, fold(i64::from(self.unit.power)));
        out.push(self.bits as u8 | self.exceptions.flag());
        self.exceptions.write(self.format, out);
        put_varint(out, self.rest.len() as u64);
        out.extend(&self.rest);
    }

    /// Reads what [`write`](Self::write) wrote, in a chunk of this many samples.
    pub(in super::super) fn read(
        fields: &mut Fields,
        samples: u64,
        format: SampleFormat,
    ) -> Result<Self> {
        let precision = Precision::read(fields, format)?;
        let power = unfold(fields.varint()?);
        let unit = i32::try_from(power).ok().and_then(|power| Unit::new(precision, power));
        let unit = unit.ok_or_else(|| {
            Error::malformed(format!("the unit of truncated floats is 2^-({power}), beyond floats"))
        })?;
        let width = fields.u8()?;
        let bits = u32::from(width & WIDTH);
        if width & RESERVED != 0 || !(1..=32).contains(&bits) {
            return Err(Error::malformed(format!(
                "the width of truncated floats is {width:#x}; it must be 1 to 32, with or \
                 without {PRESENT:#x}"
            )));
        }
        let exceptions = Exceptions::read(fields, width, samples, format)?;
        let rest = memory::copied(fields.counted()?)?;
        Ok(Truncated { unit, bits, format, exceptions, rest })
    }

    /// Returns a converter from integers to floats, frame by frame.
    pub(in super::super) fn floats(&self, channels: usize) -> Result<TruncatedFloats<'_>> {
        let coder = RangeDecoder::new(&self.rest);
        Ok(TruncatedFloats { coder, model: Box::new(Rests::new(self.unit, channels)?) })
    }

    /// Writes the exceptions over the PCM.
    pub(in super::super) fn put_exceptions(&self, pcm: &mut [u8], channels: usize) {
        self.exceptions.put(pcm, channels, self.format);
    }
}

/// Converts integers to floats.
pub(in super::super) struct TruncatedFloats<'a> {
    coder: RangeDecoder<'a>,
    model: Box<Rests>,
}

impl TruncatedFloats<'_> {
    /// Converts the next number of a channel.
    #[inline(always)]
    pub(in super::super) fn float(&mut self, channel: usize, number: i32) -> f64 {
        let bits = self.model.code(&mut self.coder, channel, number, 0);
        self.model.unit.precision.value(bits)
    }
}

/// Returns the numbers of each channel and the floats that have none.
fn numbers(unit: Unit, samples: &Samples) -> Result<Option<(Exceptions, Vec<Vec<i32>>)>> {
    let mut exceptions = Exceptions::default();
    let mut channels = Vec::new();
    let most = most_runs(samples.count());
    for channel in 0..samples.channels {
        let mut numbers = memory::room(samples.frames)?;
        let mut before = 0;
        for frame in 0..samples.frames {
            let number = unit.number(samples.value(channel, frame));
            if number.is_none() {
                let at = channel * samples.frames + frame;
                exceptions.add(at, samples.bits(channel, frame))?;
                if exceptions.len() as u64 > most {
                    return Ok(None);
                }
            }
            // An exception is replaced by the previous number.
            before = number.unwrap_or(before);
            numbers.push(before);
        }
        channels.push(numbers);
    }
    Ok(Some((exceptions, channels)))
}

/// Codes the rest of all mantissas.
fn write_rest(unit: Unit, samples: &Samples, numbers: &[Vec<i32>]) -> Result<Vec<u8>> {
    let mut encoder = RangeEncoder::new();
    let mut model = Rests::new(unit, samples.channels)?;
    for frame in 0..samples.frames {
        for (channel, numbers) in numbers.iter().enumerate() {
            let value = samples.value(channel, frame);
            // An exception has the number of another sample, and no rest.
            let own = unit.number(value) == Some(numbers[frame]);
            let bits = if own { unit.precision.bits(value) } else { 0 };
            model.code(&mut encoder, channel, numbers[frame], bits);
        }
    }
    encoder.finish()
}

/// The most bits of an exponent below the highest one.
const EXPONENT_BITS: usize = 11;

/// The model of the rests.
struct Rests {
    unit: Unit,
    highest_small: u64,
    /// For each number of missing bits, twice: nodes that ask whether one more of the lowest
    /// bits is zero.
    zeros: Vec<[[AdaptiveBit; 53]; 2]>,
    /// Whether the rest of a channel is that of the channel before.
    same: [AdaptiveBit; 4],
    /// Whether a small float is zero.
    zero: [AdaptiveBit; 4],
    /// Whether a small float is negative.
    negative: [AdaptiveBit; 8],
    /// The exponent of a small float.
    exponent: [AdaptiveBit; EXPONENT_BITS],
    /// The number and the rest of the channel before.
    before: (u32, u64),
    channels: Vec<Recent>,
}

/// What a channel's latest rests were like.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    /// Whether the last rest was zero.
    clear: bool,
    /// The last two answers of each kind.
    same: usize,
    zero: usize,
    negative: usize,
}

impl Rests {
    fn new(unit: Unit, channels: usize) -> Result<Self> {
        let new = AdaptiveBit::NEW;
        Ok(Rests {
            unit,
            highest_small: unit.highest_small(),
            zeros: memory::filled([[new; 53]; 2], unit.precision.digits() as usize)?,
            same: [new; 4],
            zero: [new; 4],
            negative: [new; 8],
            exponent: [new; EXPONENT_BITS],
            before: (0, 0),
            channels: vec![Recent::default(); channels],
        })
    }

    /// Codes what the number leaves open of a float; returns the bits of the float.
    #[inline(always)]
    fn code(&mut self, coder: &mut impl BitCoder, channel: usize, number: i32, bits: u64) -> u64 {
        let magnitude = number.unsigned_abs();
        let missing = if number == 0 { 0 } else { self.unit.missing(number) };
        let given = match number {
            0 => bits & !(1 << self.unit.sign()),
            _ => bits & ((1u64 << missing.max(0)) - 1),
        };
        let mut rest = given;
        if number == 0 || missing > 0 {
            let alike = channel > 0 && self.before.0 == magnitude;
            if !alike || !self.same(coder, channel, given) {
                rest = match number {
                    0 => self.small(coder, channel, given),
                    _ => self.rest(coder, channel, missing as u32, given),
                };
            } else {
                rest = self.before.1;
            }
        }
        self.before = (magnitude, rest);
        if number != 0 {
            return self.unit.float(number, missing, rest);
        }
        let negative = self.negative(coder, channel, rest == 0, bits >> self.unit.sign() == 1);
        rest | u64::from(negative) << self.unit.sign()
    }

    /// Tells whether the rest is that of the channel before.
    #[inline(always)]
    fn same(&mut self, coder: &mut impl BitCoder, channel: usize, given: u64) -> bool {
        let recent = &mut self.channels[channel].same;
        let same = coder.bit(&mut self.same[*recent], given == self.before.1);
        *recent = *recent << 1 & 3 | usize::from(same);
        same
    }

    /// Codes the lowest bits of a mantissa: their zeros at the end, then the others.
    #[inline(always)]
    fn rest(&mut self, coder: &mut impl BitCoder, channel: usize, missing: u32, given: u64) -> u64 {
        let recent = &mut self.channels[channel].clear;
        let nodes = &mut self.zeros[missing as usize][usize::from(*recent)];
        let zeros = given.trailing_zeros();
        let mut at = 0;
        while at < missing && coder.bit(&mut nodes[at as usize], zeros > at) {
            at += 1;
        }
        *recent = at == missing;
        if at == missing {
            return 0;
        }
        let above = coder.raw(given >> at >> 1, missing - at - 1);
        (above << 1 | 1) << at
    }

    /// Codes a float whose number is 0, without its sign.
    fn small(&mut self, coder: &mut impl BitCoder, channel: usize, given: u64) -> u64 {
        let recent = &mut self.channels[channel].zero;
        let zero = coder.bit(&mut self.zero[*recent], given == 0);
        *recent = *recent << 1 & 3 | usize::from(zero);
        if zero {
            return 0;
        }
        let stored = self.unit.precision.digits() - 1;
        let below = self.highest_small.saturating_sub(given >> stored);
        let below = coder.number(&mut self.exponent, below);
        let field = self.highest_small.saturating_sub(below);
        field << stored | self.rest(coder, channel, stored, given & ((1 << stored) - 1))
    }

    /// Codes the sign of a float whose number is 0.
    fn negative(
        &mut self,
        coder: &mut impl BitCoder,
        channel: usize,
        zero: bool,
        given: bool,
    ) -> bool {
        let recent = &mut self.channels[channel].negative;
        let negative = coder.bit(&mut self.negative[4 * usize::from(zero) + *recent], given);
        *recent = *recent << 1 & 3 | usize::from(negative);
        negative
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::super::put;
    use super::*;
    use crate::audio::AudioSpec;

    /// Finds a mapping, and checks that it comes back from its bytes and restores the floats.
    fn checked(pcm: &[u8], spec: &AudioSpec) -> Option<(Truncated, Vec<Vec<i32>>)> {
        let channels = usize::from(spec.channels);
        let samples = Samples::new(pcm, spec);
        let (found, numbers) = Truncated::with(Unit::find(&samples)?, &samples).unwrap()?;
        let mut out = Vec::new();
        found.write(&mut out);
        assert!(out.len() <= found.most_bytes());
        let mut fields = Fields::new(&out);
        let read = Truncated::read(&mut fields, samples.count(), spec.format).unwrap();
        assert!(read == found && fields.position() == out.len());

        let mut back = vec![0; pcm.len()];
        let mut floats = found.floats(channels).unwrap();
        for (at, sample) in back.chunks_exact_mut(spec.format.bytes()).enumerate() {
            let (frame, channel) = (at / channels, at % channels);
            put(floats.float(channel, numbers[channel][frame]), sample);
        }
        found.put_exceptions(&mut back, channels);
        assert!(back == pcm);
        let (low, high) = (i32::MIN >> (32 - found.bits), i32::MAX >> (32 - found.bits));
        assert!(numbers.iter().flatten().all(|number| (low..=high).contains(number)));
        Some((found, numbers))
    }

    fn singles(floats: &[f32], channels: u16) -> Option<(Truncated, Vec<Vec<i32>>)> {
        let pcm: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
        let wide: Vec<f64> = floats.iter().map(|&float| f64::from(float)).collect();
        let found = checked(&pcm, &AudioSpec::new(SampleFormat::F32, channels, 44100));
        if floats.iter().all(|float| !float.is_nan()) {
            let both = doubles(&wide, channels);
            assert_eq!(both.map(|(_, numbers)| numbers), found.clone().map(|(_, numbers)| numbers));
        }
        found
    }

    fn doubles(floats: &[f64], channels: u16) -> Option<(Truncated, Vec<Vec<i32>>)> {
        let pcm: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
        checked(&pcm, &AudioSpec::new(SampleFormat::F64, channels, 44100))
    }

    fn sine(count: usize) -> Vec<f64> {
        (0..count).map(|at| (at as f64 * 0.05).sin() * 0.3).collect()
    }

    #[test]
    fn waveforms_stay_waveforms() {
        let floats: Vec<f32> = sine(4000).iter().map(|&x| x as f32).collect();
        let (found, numbers) = singles(&floats, 1).unwrap();
        // From 0.25 up, a single has the unit 2^-25.
        assert_eq!((found.unit.power, found.bits), (25, 25));
        let exact = |(&float, &number): (&f32, &i32)| (float * (1 << 25) as f32) as i32 == number;
        assert!(floats.iter().zip(&numbers[0]).all(exact));
        let (found, _) = doubles(&sine(4000), 2).unwrap();
        assert_eq!((found.unit.precision, found.bits), (Precision::Double, 25));
    }

    #[test]
    fn floats_of_every_kind_come_back() {
        let specials = [0.0, -0.0, 1e-45, -1e-45, 1e-39, f32::MIN_POSITIVE, 1e-20, -3e-9, 1.5];
        let others = [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN, 1e9];
        for special in specials.into_iter().chain(others) {
            for channels in [1, 2] {
                let mut floats: Vec<f32> = sine(4000).iter().map(|&x| x as f32).collect();
                floats[..3].fill(special);
                floats[1001] = special;
                floats[2000..2400].fill(special);
                assert!(singles(&floats, channels).is_some(), "{special:e}");
                floats.fill(special);
                floats[0] = f32::from_bits(0x7F80_0001);
                singles(&floats, channels);
            }
        }
        for scale in [1e-308, 1e-300, 1e300, 1e-40, 1e38] {
            let floats: Vec<f64> = sine(4000).iter().map(|&x| x * scale).collect();
            assert!(doubles(&floats, 1).is_some(), "{scale:e}");
            let floats: Vec<f32> = floats.iter().map(|&float| float as f32).collect();
            assert!(singles(&floats, 2).is_some(), "{scale:e}");
        }
    }

    #[test]
    fn any_bits_come_back() {
        let mut random = Random::new(3);
        for bits in 1..32 {
            let float = |_| f32::from_bits((random.next_u64() as i32 >> bits) as u32);
            let floats: Vec<f32> = (0..300).map(float).collect();
            singles(&floats, 3);
        }
    }

    #[test]
    fn the_same_twice_costs_once() {
        let mut random = Random::new(5);
        let noise: Vec<f32> = (0..4000).map(|_| random.next_u64() as i32 as f32 * 1e-10).collect();
        let once = singles(&noise, 1).unwrap().0.rest.len();
        let twice: Vec<f32> = noise.iter().flat_map(|&float| [float, -float]).collect();
        let twice = singles(&twice, 2).unwrap().0.rest.len();
        assert!(twice < once + once / 20 + 50, "{once} {twice}");
    }

    #[test]
    fn noise_decodes_to_floats() {
        let mut random = Random::new(9);
        let rest: Vec<u8> = (0..20_000).map(|_| random.next_u64() as u8).collect();
        for precision in [Precision::Single, Precision::Double] {
            for power in -1000..1100 {
                let Some(unit) = Unit::new(precision, power) else { continue };
                let format = SampleFormat::F64;
                let exceptions = Exceptions::default();
                let rest = rest[(power & 1023) as usize..].to_vec();
                let truncated = Truncated { unit, bits: 32, format, exceptions, rest };
                let mut floats = truncated.floats(2).unwrap();
                for number in [0, 1, -1, 0, 5, 1 << 24, 0, i32::MAX, i32::MIN, 0, 0] {
                    let float = floats.float((number & 1) as usize, number);
                    assert!(number == 0 || float == 0.0 || (float < 0.0) == (number < 0));
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let read = |bytes: &[u8], format| Truncated::read(&mut Fields::new(bytes), 100, format);
        let varint = |power: i64| {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, fold(power));
            bytes
        };
        let all = |power: i64, rest: &[u8]| [&varint(power)[..], rest].concat();
        let single = SampleFormat::F32;
        for power in [-104, 149] {
            assert!(read(&all(power, &[24, 0]), single).is_ok());
        }
        for power in [-105, 150, i64::MIN, i64::MAX] {
            assert!(read(&all(power, &[24, 0]), single).is_err());
        }
        for rest in [&[0, 0][..], &[33, 0], &[0x98, 0], &[24], &[24, 1], &[0x58, 0, 0]] {
            assert!(read(&all(24, rest), single).is_err(), "{rest:?}");
        }
        for digits in [0, 23, 25, 52, 54] {
            assert!(read(&[digits, 48, 24, 0], SampleFormat::F64).is_err());
        }
        assert!(read(&[53, 48, 24, 0], SampleFormat::F64).is_ok());
    }
}

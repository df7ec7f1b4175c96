//! Floats that are integers times a scale, with few exceptions.

use crate::audio::AudioSpec;
use crate::container::fields::{Fields, put_u32, put_varint};
use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder, UNITS, log2};
use crate::error::{Error, Result};
use crate::memory;
use crate::planes::Layout;

/// The scale from integers to floats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FloatScale {
    power: u32,
    convention: u8,
    /// The divisors of negative integers and of the others.
    divisors: [f64; 2],
    /// A factor in place of the divisors.
    factor: Option<f32>,
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

impl FloatScale {
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
        let factor = (convention == convention::RECIPROCAL).then(|| (1.0 / (n - 1.0)) as f32);
        Some(FloatScale { power, convention, divisors, factor })
    }

    /// Converts an integer to its float.
    #[inline(always)]
    pub(super) fn float(&self, number: i32) -> f32 {
        match self.factor {
            Some(factor) => number as f32 * factor,
            None => (f64::from(number) / self.divisors[usize::from(number >= 0)]) as f32,
        }
    }

    /// Returns the integer nearest to a float; `None` if it does not fit or the float is NaN.
    fn nearest(&self, float: f32) -> Option<i32> {
        let scaled = f64::from(float) * self.divisors[usize::from(float >= 0.0)];
        (scaled.abs() < 2_147_483_647.0 || scaled == -2_147_483_648.0)
            .then(|| (scaled + 0.5).floor() as i32)
    }

    /// Returns the nearest integer, and whether it gives the float, up to the sign of a zero.
    fn number(&self, float: f32) -> Option<(i32, bool)> {
        let nearest = self.nearest(float)?;
        Some((nearest, self.float(nearest) == float))
    }
}

/// A run of equal samples that are not integers times the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ExceptionRun {
    /// Number of samples since the run before, with channels one after the other.
    gap: u32,
    length: u32,
    bits: u32,
}

/// The mapping between the floats of a chunk and integers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Floats {
    scale: FloatScale,
    /// The width of the integers.
    pub(super) bits: u32,
    exceptions: Vec<ExceptionRun>,
    /// The coded signs of zeros, if some are negative.
    zeros: Option<Vec<u8>>,
}

/// Bits of the byte that holds the width.
const WIDTH: u8 = 0b0011_1111;
const EXCEPTIONS: u8 = 0b0100_0000;
const ZEROS: u8 = 0b1000_0000;

/// The most bytes of a run in a payload.
const MOST_RUN_BYTES: usize = 14;

/// Returns the most runs of exceptions that this many samples may have.
fn most_runs(samples: u64) -> u64 {
    samples / 32 + 8
}

impl Floats {
    /// Finds a mapping to integers, and the integers of each channel; `None` if the bits of the
    /// floats are easier to code.
    pub(super) fn find(pcm: &[u8], spec: &AudioSpec) -> Result<Option<(Self, Vec<Vec<i32>>)>> {
        let Some(scale) = best_scale(pcm) else { return Ok(None) };
        let channels = usize::from(spec.channels);
        let frames = pcm.len() / spec.frame_bytes();
        let sample = |channel: usize, frame: usize| {
            let at = 4 * (frame * channels + channel);
            f32::from_le_bytes([pcm[at], pcm[at + 1], pcm[at + 2], pcm[at + 3]])
        };

        let mut exceptions: Vec<ExceptionRun> = Vec::new();
        let (mut next, mut at) = (0, 0);
        let mut magnitudes = 0;
        let mut negative_zero = false;
        let mut samples: Vec<Vec<i32>> =
            (0..channels).map(|_| memory::room(frames)).collect::<Result<_>>()?;
        let most = most_runs((frames * channels) as u64);
        for (channel, numbers) in samples.iter_mut().enumerate() {
            let mut before = 0;
            for frame in 0..frames {
                let float = sample(channel, frame);
                let found = scale.number(float);
                if found.is_none_or(|(_, exact)| !exact) {
                    let bits = float.to_bits();
                    match exceptions.last_mut() {
                        Some(run) if next == at && run.bits == bits => run.length += 1,
                        _ => {
                            if exceptions.len() as u64 == most {
                                return Ok(None);
                            }
                            let run = ExceptionRun { gap: at - next, length: 1, bits };
                            memory::append(&mut exceptions, &[run])?;
                        }
                    }
                    next = at + 1;
                }
                // An exception is replaced by the nearest integer, else by the previous sample.
                let number = found.map_or(before, |(number, _)| number);
                magnitudes |= number ^ (number >> 31);
                negative_zero |= float.to_bits() == NEGATIVE_ZERO;
                numbers.push(number);
                before = number;
                at += 1;
            }
        }
        let bits = 33 - magnitudes.leading_zeros();
        // Without exceptions, integers of 24 bits are certain: the audio had such samples. One
        // more bit is for full scale.
        let surely = exceptions.is_empty() && bits <= 25;
        if !surely && !pays(pcm, spec, &samples, exceptions.len()) {
            return Ok(None);
        }
        let mut zeros = None;
        if negative_zero {
            let mut signs = Signs::new(channels);
            let mut encoder = RangeEncoder::new();
            for frame in 0..frames {
                for (channel, numbers) in samples.iter().enumerate() {
                    let negative = sample(channel, frame).to_bits() == NEGATIVE_ZERO;
                    signs.code(channel, numbers[frame], |node| {
                        node.encode(negative, &mut encoder);
                        negative
                    });
                }
            }
            zeros = Some(encoder.finish()?);
        }
        Ok(Some((Floats { scale, bits, exceptions, zeros }, samples)))
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(super) fn most_bytes(&self) -> usize {
        32 + MOST_RUN_BYTES * self.exceptions.len() + self.zeros.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut width = self.bits as u8;
        width |= if self.exceptions.is_empty() { 0 } else { EXCEPTIONS };
        width |= if self.zeros.is_some() { ZEROS } else { 0 };
        out.extend([self.scale.power as u8 | self.scale.convention << 6, width]);
        if !self.exceptions.is_empty() {
            put_varint(out, self.exceptions.len() as u64);
        }
        for run in &self.exceptions {
            put_varint(out, u64::from(run.gap));
            put_varint(out, u64::from(run.length - 1));
            put_u32(out, run.bits);
        }
        if let Some(zeros) = &self.zeros {
            put_varint(out, zeros.len() as u64);
            out.extend(zeros);
        }
    }

    /// Reads what [`write`](Self::write) wrote, in a chunk of this many samples.
    pub(super) fn read(fields: &mut Fields, samples: u64) -> Result<Self> {
        let (scale, width) = (fields.u8()?, fields.u8()?);
        let bits = u32::from(width & WIDTH);
        let (power, convention) = (u32::from(scale & 0x3F), scale >> 6);
        let Some(scale) = FloatScale::new(power, convention) else {
            return Err(Error::malformed(format!(
                "floats are scaled by 2^{power} with convention {convention}, which does not exist"
            )));
        };
        if !(1..=32).contains(&bits) {
            return Err(Error::malformed(format!(
                "scaled floats are integers of {bits} bits; it must be 1 to 32"
            )));
        }
        let behind = || Error::malformed("an exception is behind the last sample");
        let mut exceptions = Vec::new();
        if width & EXCEPTIONS != 0 {
            let count = fields.varint()?;
            let most = most_runs(samples);
            if !(1..=most).contains(&count) {
                return Err(Error::malformed(format!(
                    "there are {count} runs of exceptions; it must be 1 to {most}"
                )));
            }
            let mut left = samples;
            for _ in 0..count {
                let (gap, more) = (fields.varint()?, fields.varint()?);
                let bits = fields.u32()?;
                left = left
                    .checked_sub(gap)
                    .and_then(|left| left.checked_sub(more))
                    .ok_or_else(behind)?;
                left = left.checked_sub(1).ok_or_else(behind)?;
                // Both are less than the number of samples of a chunk.
                let run = ExceptionRun { gap: gap as u32, length: more as u32 + 1, bits };
                memory::append(&mut exceptions, &[run])?;
            }
        }
        let mut zeros = None;
        if width & ZEROS != 0 {
            let length = usize::try_from(fields.varint()?);
            zeros = Some(memory::copied(fields.take(length.unwrap_or(usize::MAX))?)?);
        }
        Ok(Floats { scale, bits, exceptions, zeros })
    }

    /// Returns a converter from integers to floats, frame by frame.
    pub(super) fn signed(&self, channels: usize) -> Signed<'_> {
        let zeros =
            self.zeros.as_deref().map(|zeros| (RangeDecoder::new(zeros), Signs::new(channels)));
        Signed { scale: self.scale, zeros }
    }

    /// Writes the exceptions over the PCM.
    pub(super) fn put_exceptions(&self, pcm: &mut [u8], channels: usize) {
        let frames = pcm.len() / (4 * channels);
        let mut next = 0;
        for run in &self.exceptions {
            let start = next + run.gap as usize;
            next = start + run.length as usize;
            for at in start..next {
                let place = 4 * (at % frames * channels + at / frames);
                pcm[place..place + 4].copy_from_slice(&run.bits.to_le_bytes());
            }
        }
    }
}

const NEGATIVE_ZERO: u32 = 1 << 31;

/// Converts integers to floats, with the signs of zeros.
pub(super) struct Signed<'a> {
    scale: FloatScale,
    zeros: Option<(RangeDecoder<'a>, Signs)>,
}

impl Signed<'_> {
    /// Converts the next number of a channel.
    #[inline(always)]
    pub(super) fn float(&mut self, channel: usize, number: i32) -> f32 {
        if let Some((decoder, signs)) = &mut self.zeros
            && signs.code(channel, number, |node| node.decode(decoder))
        {
            return -0.0;
        }
        self.scale.float(number)
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

fn floats(pcm: &[u8]) -> impl Iterator<Item = f32> {
    pcm.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// The approximate cost of an exception in bits.
const EXCEPTION: u64 = 48;

/// Finds the scale that makes integers of most samples.
fn best_scale(pcm: &[u8]) -> Option<FloatScale> {
    let samples = (pcm.len() / 4) as u64;
    // Numbers of floats by the lowest and by the highest power of two that makes them integers.
    let mut least = [0u64; MOST_POWER as usize + 2];
    let mut most = [0u64; MOST_POWER as usize + 2];
    let mut never = 0;
    for float in floats(pcm) {
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
    let mut best: Option<(u64, FloatScale)> = None;
    let mut improve = |cost: u64, scale: FloatScale| {
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, scale));
        }
    };
    for power in 0..=MOST_POWER {
        above -= least[power as usize];
        let exceptions = never + above + below;
        if 8 * exceptions <= samples {
            let scale = FloatScale::new(power, convention::POWER)?;
            improve(EXCEPTION * exceptions + samples * u64::from(power), scale);
        }
        below += most[power as usize];
    }
    let conventions = [convention::LESS_ONE, convention::HALVES, convention::RECIPROCAL];
    let others = [7, 15, 23].into_iter().flat_map(|power| conventions.map(|other| (power, other)));
    for (power, convention) in others {
        let scale = FloatScale::new(power, convention)?;
        let is = |float: &f32| scale.number(*float).is_some_and(|(_, exact)| exact);
        let probe = || floats(pcm).filter(|float| *float != 0.0).take(256);
        let fitting = probe().filter(is).count();
        if fitting * 16 < probe().count() * 15 {
            continue;
        }
        let exceptions = samples - floats(pcm).filter(is).count() as u64;
        if 8 * exceptions <= samples {
            improve(EXCEPTION * exceptions + samples * u64::from(power), scale);
        }
    }
    best.map(|(_, scale)| scale)
}

/// Returns the lowest and the highest power of two that makes an integer of a float.
fn powers(float: f32) -> Option<(u32, u32)> {
    if float == 0.0 {
        return Some((0, MOST_POWER + 1));
    }
    let bits = float.to_bits();
    let exponent = (bits >> 23 & 0xFF) as i32;
    if exponent == 0xFF || exponent == 0 {
        // Infinite, NaN or denormal.
        return None;
    }
    let mantissa = bits & 0x7F_FFFF | 0x80_0000;
    let lowest = exponent - 150 + mantissa.trailing_zeros() as i32;
    // -2^31 is an integer of 32 bits, and 2^31 is not.
    let edge = i32::from(float < 0.0 && mantissa == 0x80_0000);
    let highest = exponent - 126 - edge;
    let (from, to) = ((-lowest).max(0), (31 - highest).min(MOST_POWER as i32 + 1));
    (from <= MOST_POWER as i32 && from <= to).then_some((from as u32, to as u32))
}

/// Tells whether the integers, with their exceptions, are smoother than the bits of the floats.
fn pays(pcm: &[u8], spec: &AudioSpec, samples: &[Vec<i32>], exceptions: usize) -> bool {
    let frames = samples[0].len();
    let channels = samples.len();
    let layout = Layout::new(spec.format, 0);
    let stride = (frames / 8192).max(1);
    let mut lengths = [0, 0];
    let mut count = 0;
    for (channel, numbers) in samples.iter().enumerate() {
        let ordered =
            |frame: usize| layout.ordered(layout.get(&pcm[4 * (frame * channels + channel)..]));
        let scaled = |frame: usize| i64::from(numbers[frame]);
        let length = |number: &dyn Fn(usize) -> i64, at: usize| {
            let curve = number(at) - 2 * number(at + 1) + number(at + 2);
            u64::from(log2(2 * curve.unsigned_abs() + 1))
        };
        for at in (0..frames.saturating_sub(2)).step_by(stride) {
            lengths[0] += length(&scaled, at);
            lengths[1] += length(&ordered, at);
            count += 1;
        }
    }
    // Exceptions count all samples, the lengths only some.
    let share = exceptions as u64 * EXCEPTION * UNITS * count / (frames * channels).max(1) as u64;
    lengths[0] + share < lengths[1]
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::audio::SampleFormat;

    fn noise(count: usize, bits: u32) -> Vec<i32> {
        let mut random = Random::new(7);
        (0..count).map(|_| random.next_u64() as i32 >> (32 - bits)).collect()
    }

    fn bytes(floats: &[f32]) -> Vec<u8> {
        floats.iter().flat_map(|float| float.to_le_bytes()).collect()
    }

    /// Finds a mapping, and checks that it comes back from its bytes and restores the floats.
    fn found(floats: &[f32], channels: u16) -> Option<(Floats, Vec<Vec<i32>>)> {
        let pcm = bytes(floats);
        let spec = AudioSpec::new(SampleFormat::F32, channels, 44100);
        let (found, samples) = Floats::find(&pcm, &spec).unwrap()?;
        let mut out = Vec::new();
        found.write(&mut out);
        let mut fields = Fields::new(&out);
        assert_eq!(Floats::read(&mut fields, floats.len() as u64).unwrap(), found);
        assert_eq!(fields.position(), out.len());

        let mut back = Vec::new();
        let mut signed = found.signed(samples.len());
        for frame in 0..samples[0].len() {
            for (channel, numbers) in samples.iter().enumerate() {
                back.extend(signed.float(channel, numbers[frame]).to_le_bytes());
            }
        }
        found.put_exceptions(&mut back, samples.len());
        assert!(back == pcm);
        let (low, high) = (i32::MIN >> (32 - found.bits), i32::MAX >> (32 - found.bits));
        assert!(samples.iter().flatten().all(|number| (low..=high).contains(number)));
        Some((found, samples))
    }

    #[test]
    fn integers_come_back_from_every_convention() {
        for power in [7, 15, 23] {
            let numbers = noise(5000, power + 1);
            for convention in 0..4 {
                let scale = FloatScale::new(power, convention).unwrap();
                let floats: Vec<f32> = numbers.iter().map(|&number| scale.float(number)).collect();
                let (found, samples) = found(&floats, 1).unwrap();
                assert_eq!(samples[0], numbers, "{power} {convention}");
                assert_eq!((found.bits, found.exceptions.len()), (power + 1, 0));
            }
        }
        // As they are written in single precision.
        let numbers = noise(5000, 16);
        let floats: Vec<f32> = numbers.iter().map(|&number| number as f32 / 32767.0).collect();
        assert_eq!(found(&floats, 1).unwrap().0.scale, FloatScale::new(15, 1).unwrap());
    }

    #[test]
    fn odd_ones_out_are_exceptions() {
        let specials = [f32::NAN, -f32::NAN, f32::INFINITY, 1e30, -1e-30, 1e-45, 0.1, f32::MAX];
        let signalling = f32::from_bits(0x7F80_0001);
        for odd in specials.into_iter().chain([signalling]) {
            for channels in [1, 2] {
                let mut floats: Vec<f32> =
                    noise(6000, 14).iter().map(|&number| number as f32 / 8192.0).collect();
                floats[0] = odd;
                floats[3001] = odd;
                floats[5000..5010].fill(odd);
                let (found, _) = found(&floats, channels).unwrap();
                assert_eq!(found.scale, FloatScale::new(13, 0).unwrap(), "{odd}");
                assert_eq!(found.bits, 14, "{odd}");
                assert!(found.exceptions.len() <= 4, "{odd}");
            }
        }
    }

    #[test]
    fn negative_zeros_keep_their_sign() {
        let numbers = noise(4000, 3);
        let zero = |at: usize| if at.is_multiple_of(3) { -0.0 } else { 0.0 };
        let float = |(at, &number): (usize, &i32)| match number {
            0 => zero(at),
            _ => number as f32 / 32768.0,
        };
        let floats: Vec<f32> = numbers.iter().enumerate().map(float).collect();
        let (found, _) = found(&floats, 2).unwrap();
        assert!(found.exceptions.is_empty());
        assert!(found.zeros.unwrap().len() < 500 / 8 + 16);
    }

    #[test]
    fn what_is_no_integer_has_no_scale() {
        let sine: Vec<f32> =
            (0..4000).map(|at| (f64::from(at) * 0.01).sin() as f32 * 0.1).collect();
        assert!(found(&sine, 1).is_none());
        assert!(found(&[f32::NAN; 10], 1).is_none());
        let mut half: Vec<f32> = noise(4000, 12).iter().map(|&x| x as f32 / 2048.0).collect();
        half.iter_mut().step_by(2).for_each(|float| *float *= 1.1);
        assert!(found(&half, 1).is_none());
    }

    #[test]
    fn powers_are_those_that_make_integers() {
        let mut random = Random::new(1);
        for _ in 0..100_000 {
            let random = random.next_u64();
            let float = f32::from_bits(
                (random >> 32) as u32 & 0xFFF0_0000 | ((random >> 20) as u32 % 4) << 18,
            );
            let fits = |power: u32| {
                let scaled = f64::from(float) * (1u64 << power) as f64;
                f64::from(scaled as i32) == scaled
            };
            let range = (0..=MOST_POWER).filter(|&power| fits(power));
            let (first, last) = (range.clone().min(), range.max());
            let found = powers(float);
            assert_eq!(found.map(|(from, _)| from), first, "{float:e}");
            assert_eq!(found.map(|(_, to)| to.min(MOST_POWER)), last, "{float:e}");
        }
    }

    #[test]
    fn floats_that_cannot_be_are_refused() {
        for bytes in [
            &[61, 16][..],
            &[15, 0],
            &[15, 33],
            &[1 << 6, 16],
            &[2 << 6 | 32, 16],
            &[15],
            // No exceptions, too many, and three kinds behind the end.
            &[15, EXCEPTIONS | 16, 0],
            &[15, EXCEPTIONS | 16, 12, 0, 0, 0, 0, 0, 0],
            &[15, EXCEPTIONS | 16, 1, 100, 0, 0, 0, 0, 0],
            &[15, EXCEPTIONS | 16, 1, 0, 100, 0, 0, 0, 0],
            &[15, EXCEPTIONS | 16, 2, 0, 98, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            &[15, ZEROS | 16, 2, 0],
        ] {
            assert!(Floats::read(&mut Fields::new(bytes), 100).is_err(), "{bytes:?}");
        }
        let last = [15, EXCEPTIONS | ZEROS | 16, 2, 0, 98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let floats = Floats::read(&mut Fields::new(&last), 100).unwrap();
        floats.put_exceptions(&mut [0; 400], 5);
        for most in [100, u64::MAX] {
            let mut bytes = vec![15, EXCEPTIONS | 16, 1];
            put_varint(&mut bytes, most);
            put_varint(&mut bytes, u64::MAX);
            bytes.extend([0; 4]);
            assert!(Floats::read(&mut Fields::new(&bytes), 100).is_err());
        }
    }
}

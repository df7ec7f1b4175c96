//! The kinds of channels: coded by a model, or known from a few bytes.

use crate::container::fields::{Fields, put_u32, put_varint};
use crate::error::{Error, Result};
use crate::planes::{fold, unfold};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelKind {
    Coded,
    /// Follows from an earlier one.
    Follows(Rule),
    Constant(i32),
}

/// A rule by which a number y of a channel follows from the number x of another one:
/// y = (x * factor + bias) / 2^shift, rounded down and limited to a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    /// The place of the other channel in a frame.
    pub(super) source: usize,
    shift: u32,
    factor: i64,
    bias: i64,
}

/// The most bytes of a channel in a payload, with its place in the order.
pub(super) const MOST_BYTES: usize = 32;

/// The highest shift that a stream may have.
const MOST_SHIFT: u32 = 62;
/// The highest shift that an encoder looks for: enough to find a factor from 32-bit samples.
const SHIFT: u32 = 48;

impl ChannelKind {
    /// Finds the kinds of channels whose numbers are within `range`.
    pub(super) fn find(samples: &[Vec<i32>], range: (i32, i32), opposite: Opposite) -> Vec<Self> {
        let mut channels: Vec<ChannelKind> = Vec::new();
        // For each channel, the place of its largest value.
        let mut largest = Vec::new();
        for (at, own) in samples.iter().enumerate() {
            let mut earlier = (0..at).filter(|&source| channels[source] == ChannelKind::Coded);
            let channel = match &own[..] {
                [first, rest @ ..] if rest.iter().all(|value| value == first) => {
                    ChannelKind::Constant(*first)
                }
                _ => earlier
                    .find_map(|source| {
                        let rule = match opposite {
                            Opposite::Negative => {
                                Rule::find(&samples[source], own, largest[source], range)
                            }
                            Opposite::Complement => Rule::find_simple(&samples[source], own),
                        };
                        rule.map(|rule| Rule { source, ..rule })
                    })
                    .filter(|rule| rule.pays(own.len()))
                    .map_or(ChannelKind::Coded, ChannelKind::Follows),
            };
            channels.push(channel);
            let place = (0..own.len()).max_by_key(|&place| own[place].unsigned_abs());
            largest.push(place.unwrap_or(0));
        }
        channels
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            ChannelKind::Coded => out.push(0),
            ChannelKind::Follows(rule) => {
                out.push(1);
                rule.write(out);
            }
            ChannelKind::Constant(value) => {
                out.push(2);
                put_u32(out, *value as u32);
            }
        }
    }

    /// Reads the kind of the channel at this place of a frame.
    pub(super) fn read(fields: &mut Fields, at: usize) -> Result<Self> {
        match fields.u8()? {
            0 => Ok(ChannelKind::Coded),
            1 => Ok(ChannelKind::Follows(Rule::read(fields, at)?)),
            2 => Ok(ChannelKind::Constant(fields.u32()? as i32)),
            kind => Err(Error::malformed(format!(
                "the kind of channel {at} is {kind}; it must be 0, 1 or 2"
            ))),
        }
    }
}

/// The number in an inverted waveform that corresponds to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opposite {
    Negative,
    /// All bits inverted, for bits of floats.
    Complement,
}

impl Rule {
    const EQUAL: Rule = Rule { source: 0, shift: 0, factor: 1, bias: 0 };
    const COMPLEMENT: Rule = Rule { source: 0, shift: 0, factor: -1, bias: -1 };

    #[inline(always)]
    pub(super) fn apply(&self, x: i32, (low, high): (i32, i32)) -> i32 {
        // The product is less than 2^95.
        let y = (i128::from(x) * i128::from(self.factor) + i128::from(self.bias)) >> self.shift;
        y.clamp(i128::from(low), i128::from(high)) as i32
    }

    /// Finds the rule of equal or complementary channels.
    fn find_simple(x: &[i32], y: &[i32]) -> Option<Rule> {
        let is =
            |rule: &Rule| x.iter().zip(y).all(|(&x, &y)| rule.apply(x, (i32::MIN, i32::MAX)) == y);
        [Rule::EQUAL, Rule::COMPLEMENT].into_iter().find(is)
    }

    /// Finds the rule with the smallest shift. `largest` is the place of the largest x.
    fn find(x: &[i32], y: &[i32], largest: usize, range: (i32, i32)) -> Option<Rule> {
        // To the nearest, or down.
        [1 << (SHIFT - 1), 0].into_iter().find_map(|bias| {
            let mut factors = Factors { least: -i64::MAX, most: i64::MAX, bias, range };
            factors.narrow(x[largest], y[largest])?;
            for (&x, &y) in x.iter().zip(y) {
                if factors.rule(factors.least).apply(x, range) != y
                    || factors.rule(factors.most).apply(x, range) != y
                {
                    factors.narrow(x, y)?;
                }
            }
            Some(factors.simplest())
        })
    }

    /// Tells whether the rule is shorter than the samples that it replaces.
    fn pays(&self, frames: usize) -> bool {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes.len() <= 4 || bytes.len() <= frames / 8
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.source as u8, self.shift as u8]);
        put_varint(out, fold(self.factor));
        put_varint(out, fold(self.bias));
    }

    fn read(fields: &mut Fields, at: usize) -> Result<Self> {
        let (source, shift) = (usize::from(fields.u8()?), u32::from(fields.u8()?));
        if source >= at {
            return Err(Error::malformed(format!(
                "channel {at} follows from channel {source}, which is not before it"
            )));
        }
        if shift > MOST_SHIFT {
            return Err(Error::malformed(format!(
                "the shift of channel {at} is {shift}; it must be at most {MOST_SHIFT}"
            )));
        }
        let (factor, bias) = (unfold(fields.varint()?), unfold(fields.varint()?));
        Ok(Rule { source, shift, factor, bias })
    }
}

/// The interval of factors, times 2^48, that agree with all samples so far.
struct Factors {
    least: i64,
    most: i64,
    bias: i64,
    range: (i32, i32),
}

impl Factors {
    fn rule(&self, factor: i64) -> Rule {
        Rule { source: 0, shift: SHIFT, factor, bias: self.bias }
    }

    /// Keeps the factors that map x to y; `None` if there are none.
    fn narrow(&mut self, x: i32, y: i32) -> Option<()> {
        // floor((x * factor + bias) / 2^48) = y, except at the ends of the range.
        let end = |y: i64| (i128::from(y) << SHIFT) - i128::from(self.bias);
        let x = i128::from(x);
        let from = (y > self.range.0).then(|| end(i64::from(y)));
        let until = (y < self.range.1).then(|| end(i64::from(y) + 1) - 1);
        let (least, most) = (i128::from(self.least), i128::from(self.most));
        if x == 0 {
            let inside = from.is_none_or(|from| from <= 0) && until.is_none_or(|until| until >= 0);
            return inside.then_some(());
        }
        // `from` and `until` are the limits of x * factor.
        let down = |value: i128| (value * x.signum()).div_euclid(x.abs());
        let (lower, upper) = if x > 0 { (from, until) } else { (until, from) };
        let least = lower.map_or(least, |lower| least.max(-down(-lower)));
        let most = upper.map_or(most, |upper| most.min(down(upper)));
        if least > most {
            return None;
        }
        (self.least, self.most) = (least as i64, most as i64);
        Some(())
    }

    fn simplest(&self) -> Rule {
        let shorter = |shift: u32| {
            let by = SHIFT - shift;
            // Rounded up.
            let factor = -(-self.least >> by);
            (i128::from(factor) << by <= i128::from(self.most)).then(|| Rule {
                source: 0,
                shift,
                factor,
                bias: self.bias >> by,
            })
        };
        (0..SHIFT).find_map(shorter).unwrap_or_else(|| self.rule(self.least))
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    const RANGE: (i32, i32) = (-32768, 32767);

    fn noise(frames: usize, seed: u64) -> Vec<i32> {
        let mut random = Random::new(seed);
        (0..frames).map(|_| random.next_u64() as i32).collect()
    }

    fn rule_of(x: &[i32], y: &[i32], range: (i32, i32)) -> Option<Rule> {
        let samples = [x.to_vec(), y.to_vec()];
        let channels = ChannelKind::find(&samples, range, Opposite::Negative);
        assert_eq!(channels[0], ChannelKind::Coded);
        let ChannelKind::Follows(rule) = channels[1] else { return None };
        assert!(x.iter().zip(y).all(|(&x, &y)| rule.apply(x, range) == y));

        let mut bytes = Vec::new();
        channels[1].write(&mut bytes);
        let mut fields = Fields::new(&bytes);
        assert_eq!(ChannelKind::read(&mut fields, 1).unwrap(), channels[1]);
        assert_eq!(fields.position(), bytes.len());
        Some(rule)
    }

    #[test]
    fn equal_and_inverted_channels_have_short_rules() {
        let mut x: Vec<i32> = noise(2000, 1).iter().map(|x| x >> 16).collect();
        assert_eq!(rule_of(&x, &x, RANGE), Some(Rule::EQUAL));
        x[77] = -32768;
        let y: Vec<i32> = x.iter().map(|&x| (-x).min(32767)).collect();
        assert_eq!(rule_of(&x, &y, RANGE), Some(Rule { factor: -1, ..Rule::EQUAL }));
        let y: Vec<i32> = x.iter().map(|&x| !x).collect();
        let found = ChannelKind::find(&[x.clone(), y.clone()], RANGE, Opposite::Complement);
        assert_eq!(found[1], ChannelKind::Follows(Rule::COMPLEMENT));
        let found = ChannelKind::find(&[x.clone(), x.clone()], RANGE, Opposite::Complement);
        assert_eq!(found[1], ChannelKind::Follows(Rule::EQUAL));
    }

    #[test]
    fn factors_are_found_exactly() {
        for seed in 0..40 {
            for shift in [0, 8, 16, 24] {
                let range = (i32::MIN >> shift, i32::MAX >> shift);
                let x: Vec<i32> = noise(3000, seed).iter().map(|x| x >> shift).collect();
                let gain = f64::from(noise(1, seed + 100)[0]) / (1u64 << (26 + seed % 8)) as f64;
                let scale = |x: &i32, shape: fn(f64) -> f64| {
                    let y = shape(f64::from(*x) * gain);
                    y.clamp(f64::from(range.0), f64::from(range.1)) as i32
                };
                for shape in [f64::floor, |y: f64| (y + 0.5).floor(), f64::round_ties_even] {
                    let y: Vec<i32> = x.iter().map(|x| scale(x, shape)).collect();
                    assert!(rule_of(&x, &y, range).is_some(), "{gain} {shift} {seed}");
                    let mut other = y.clone();
                    other[2999] ^= 2;
                    assert!(rule_of(&x, &other, range).is_none(), "{gain} {shift} {seed}");
                }
            }
        }
    }

    #[test]
    fn simple_factors_are_short() {
        let x: Vec<i32> = noise(3000, 5).iter().map(|x| x >> 16).collect();
        let half: Vec<i32> = x.iter().map(|x| x >> 1).collect();
        let rule = Rule { source: 0, shift: 1, factor: 1, bias: 0 };
        assert_eq!(rule_of(&x, &half, RANGE), Some(rule));
        let up: Vec<i32> = x.iter().map(|x| (x + 1) >> 1).collect();
        assert_eq!(rule_of(&x, &up, RANGE), Some(Rule { bias: 1, ..rule }));
        assert_eq!(rule_of(&half, &x, RANGE), None);
        let triple: Vec<i32> = x.iter().map(|x| (3 * x).clamp(-32768, 32767)).collect();
        assert_eq!(rule_of(&x, &triple, RANGE), Some(Rule { factor: 3, ..Rule::EQUAL }));
    }

    #[test]
    fn any_earlier_channel_will_do() {
        let (a, b) = (noise(500, 1), noise(500, 2));
        let samples = [a.clone(), b.clone(), vec![9; 500], a.clone(), b, a];
        let found = ChannelKind::find(&samples, (i32::MIN, i32::MAX), Opposite::Negative);
        let equal = |source| ChannelKind::Follows(Rule { source, ..Rule::EQUAL });
        let (coded, constant) = (ChannelKind::Coded, ChannelKind::Constant(9));
        assert_eq!(found, [coded, coded, constant, equal(0), equal(1), equal(0)]);
    }

    #[test]
    fn no_rule_is_longer_than_the_samples() {
        let range = (i32::MIN, i32::MAX);
        assert_eq!(rule_of(&[1000, 777], &[123_456_789, 95_925_925], range), None);
        assert_eq!(rule_of(&[1000, 777], &[1000, 777], range), Some(Rule::EQUAL));
    }

    #[test]
    fn any_rule_gives_something() {
        for factor in [i64::MIN, -1, 0, 1, i64::MAX] {
            for bias in [i64::MIN, 0, i64::MAX] {
                for shift in [0, 1, MOST_SHIFT] {
                    for x in [i32::MIN, -1, 0, i32::MAX] {
                        let y = Rule { source: 0, shift, factor, bias }.apply(x, (-5, 9));
                        assert!((-5..=9).contains(&y));
                    }
                }
            }
        }
        for bytes in [&[1, 1, 0, 2, 0][..], &[1, 0, 63, 2, 0], &[1, 0, 0, 2], &[3]] {
            assert!(ChannelKind::read(&mut Fields::new(bytes), 1).is_err(), "{bytes:?}");
        }
    }
}

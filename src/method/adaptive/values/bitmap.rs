//! A table of values as adaptive bits, one for each number from the lowest value to the highest.
//!
//! Numbers from 0 up come first, each predicted by those before it, so that gaps which repeat
//! cost little. Those below follow from -1 down, each predicted by its mirror image too.

use super::Values;
use crate::entropy::{AdaptiveBit, RangeDecoder, RangeEncoder};
use crate::error::Result;
use crate::memory;

/// Numbers of bits of the contexts.
const LONG: u32 = 16;
const SHORT: u32 = 8;
/// Contexts of a mirror image: whether it occurs, and which of the last three pairs were alike.
const MIRRORS: usize = 16;

/// A value that does not occur is filled in if its probability is above this, of 65,536: where
/// samples are few, the rule of the others costs less than its exceptions.
const LIKELY: u32 = 45_000;

/// Writes a table of at most [`super::MOST`] numbers, with likely values filled in or without.
pub(super) fn write(values: &Values, fill: bool) -> Result<Vec<u8>> {
    let mut encoder = RangeEncoder::new();
    let (low, high) = values.range();
    let span = high.abs_diff(low) as usize + 1;
    code(low, span, |number, node| {
        let occurs = values.has(number) || fill && node.one() > LIKELY;
        node.encode(occurs, &mut encoder);
        occurs
    });
    encoder.finish()
}

/// Reads the values among `span` numbers from `low` on, none of which exceeds `i32::MAX`.
pub(super) fn read(low: i32, span: usize, table: &[u8]) -> Result<Vec<i32>> {
    let mut decoder = RangeDecoder::new(table);
    let occurs = code(low, span, |_, node| node.decode(&mut decoder));
    let mut values = memory::room(occurs.iter().filter(|&&occurs| occurs).count())?;
    let numbers = (0..span).filter(|&at| occurs[at]);
    values.extend(numbers.map(|at| (i64::from(low) + at as i64) as i32));
    Ok(values)
}

/// Goes through the bits of a table, and returns them by their numbers.
fn code(low: i32, span: usize, mut bit: impl FnMut(i32, &mut AdaptiveBit) -> bool) -> Vec<bool> {
    let mut contexts = Contexts::new();
    let mut occurs = vec![false; span];
    // The first place of a number that is not negative.
    let zero = (-i64::from(low)).clamp(0, span as i64) as usize;
    let number = |at: usize| (i64::from(low) + at as i64) as i32;
    let mut before = Before::default();
    for at in zero..span {
        occurs[at] = contexts.code(&mut before, None, |node| bit(number(at), node));
    }
    let (mut before, mut alike) = (Before::default(), 0);
    for at in (0..zero).rev() {
        let mirror = usize::try_from(-i64::from(number(at)) - i64::from(low)).ok();
        let mirror = mirror.and_then(|mirror| occurs.get(mirror).copied());
        let context = mirror.map(|mirror| 2 * alike + usize::from(mirror));
        occurs[at] = contexts.code(&mut before, context, |node| bit(number(at), node));
        if let Some(mirror) = mirror {
            alike = (alike << 1 | usize::from(occurs[at] == mirror)) % (MIRRORS / 2);
        }
    }
    occurs
}

/// The adaptive bits, by what comes before a number.
struct Contexts {
    long: Vec<AdaptiveBit>,
    gaps: Vec<AdaptiveBit>,
    short: Vec<AdaptiveBit>,
    mirrors: [AdaptiveBit; MIRRORS],
}

/// What comes before a number.
#[derive(Default)]
struct Before {
    /// The bits before, the last one lowest.
    bits: usize,
    /// The gaps between the values before, four bits each, the last one lowest.
    gaps: usize,
    /// The numbers since the last value, 15 at most.
    gap: usize,
}

impl Contexts {
    fn new() -> Self {
        Contexts {
            long: vec![AdaptiveBit::NEW; 1 << LONG],
            gaps: vec![AdaptiveBit::NEW; 1 << LONG],
            short: vec![AdaptiveBit::NEW; 1 << SHORT],
            mirrors: [AdaptiveBit::NEW; MIRRORS],
        }
    }

    /// Codes a bit, with the context of its mirror image if it has one.
    fn code(
        &mut self,
        before: &mut Before,
        mirror: Option<usize>,
        bit: impl FnOnce(&mut AdaptiveBit) -> bool,
    ) -> bool {
        let long = &mut self.long[before.bits % (1 << LONG)];
        let gaps = &mut self.gaps[(before.gaps << 4 | before.gap) % (1 << LONG)];
        let short = &mut self.short[before.bits % (1 << SHORT)];
        let mut nodes =
            [Some(long), Some(gaps), Some(short), mirror.map(|at| &mut self.mirrors[at])];
        // The node that is surest of itself is asked, the first one of equals; all learn.
        let mut surest = AdaptiveBit::NEW;
        for node in nodes.iter().flatten() {
            if node.certainty() > surest.certainty() {
                surest = **node;
            }
        }
        let occurs = bit(&mut surest);
        nodes.iter_mut().flatten().for_each(|node| node.learn(occurs));
        before.bits = before.bits << 1 | usize::from(occurs);
        if occurs {
            before.gaps = before.gaps << 4 | before.gap;
            before.gap = 0;
        } else {
            before.gap = (before.gap + 1).min(15);
        }
        occurs
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    fn span(values: &[i32]) -> usize {
        values[values.len() - 1].abs_diff(values[0]) as usize + 1
    }

    fn written(values: &[i32]) -> Vec<u8> {
        let table = write(&Values::new(values.to_vec()).unwrap(), false).unwrap();
        assert_eq!(read(values[0], span(values), &table).unwrap(), values);
        table
    }

    /// Scattered values, of which one in `one_in` numbers occurs.
    fn scattered(range: std::ops::Range<i32>, one_in: u64) -> Vec<i32> {
        let mut random = Random::new(5);
        range.filter(|_| random.below(one_in) == 0).collect()
    }

    #[test]
    fn tables_come_back() {
        for values in [
            vec![0],
            vec![-1],
            vec![i32::MIN],
            vec![i32::MAX],
            vec![-1, 0, 1],
            vec![i32::MIN, i32::MIN + 7],
            vec![i32::MAX - 9, i32::MAX - 8, i32::MAX],
            (-900..200).collect(),
            scattered(-3000..3000, 2),
            scattered(-300..9000, 30),
            scattered(-9000..-200, 3),
            scattered(500..1000, 7),
        ] {
            written(&values);
        }
    }

    #[test]
    fn what_repeats_costs_little() {
        for factor in [1.37, 3.0, 16.0] {
            let length = (-3000..3000).map(|at| (f64::from(at) * factor).round() as i32);
            let length = written(&length.collect::<Vec<i32>>()).len();
            assert!(length < 400, "{length} bytes for {factor}");
        }
        // Scattered values below zero cost little only if those above are the same.
        let half = scattered(1..4000, 2);
        let mirrored: Vec<i32> =
            half.iter().rev().map(|value| -value).chain(half.clone()).collect();
        let (one, both) = (written(&half).len(), written(&mirrored).len());
        assert!(both < one + one / 8, "{one} and {both} bytes");
    }

    #[test]
    fn likely_values_are_filled_in() {
        let mut random = Random::new(2);
        let all = || (-4000..4000).map(|at| 5 * at);
        let values: Vec<i32> = all().filter(|_| random.below(20) > 0).collect();
        let table = write(&Values::new(values.clone()).unwrap(), true).unwrap();
        assert!(2 * table.len() < written(&values).len(), "{} bytes", table.len());
        let filled = read(values[0], span(&values), &table).unwrap();
        assert!(values.iter().all(|value| filled.binary_search(value).is_ok()));
        assert!(filled.iter().all(|value| value % 5 == 0));
    }

    #[test]
    fn any_bytes_are_a_table() {
        for table in [&[][..], &[0; 40], &[255; 40], b"nonsense, and more of it"] {
            for low in [i32::MIN, -500, 0, i32::MAX - 999] {
                let values = read(low, 1000, table).unwrap();
                let within = |&value: &i32| value >= low && value.abs_diff(low) < 1000;
                assert!(values.iter().all(within) && values.is_sorted());
            }
        }
    }
}

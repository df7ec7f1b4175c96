//! From logits to integer frequencies, as `spec/language.md` has them.

use super::account::{TokenCost, units};
use crate::numerics::dispatch::{self, InstructionSet, Work};
use crate::numerics::functions::exp_minus;
use crate::numerics::integers::Integers;

/// Frequencies count out of 2^24.
pub(crate) const TOTAL: u32 = 24;

/// Weights count out of 2^30, the most likely symbol's.
const WEIGHT: f32 = (1u32 << 30) as f32;

/// A place among frequencies: how many there are before, and how many it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) cumulative: u32,
    pub(crate) frequency: u32,
}

/// How a symbol is coded: itself or an escape, and then which of the others it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodedToken {
    pub(crate) first: Interval,
    pub(crate) escaped: Option<Interval>,
}

impl Interval {
    /// Bits that it takes to say that a symbol stands here.
    fn bits(self) -> f64 {
        f64::from(TOTAL) - f64::from(self.frequency).log2()
    }
}

impl CodedToken {
    /// What coding it takes.
    pub(crate) fn cost(self) -> TokenCost {
        let bits = self.first.bits() + self.escaped.map_or(0.0, Interval::bits);
        TokenCost { units: units(bits), escaped: self.escaped.is_some() }
    }
}

/// The frequencies of one place in a text. Its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Distribution {
    /// Frequencies of all symbols, or of the chosen ones and the escape behind them.
    frequencies: Vec<u32>,
    /// The chosen symbols in rising order, where not all are.
    chosen: Option<Vec<u32>>,
    /// Number of symbols.
    symbols: usize,
}

/// Memory for making distributions.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    weights: Vec<u32>,
    /// Symbols to choose from, the likeliest highest.
    ranking: Vec<u64>,
}

/// What a decoder has found.
pub(crate) enum Found {
    Symbol(usize, Interval),
    /// One of the symbols that were not chosen.
    Escape(Interval),
}

impl Distribution {
    /// Takes the frequencies of these logits, one for each symbol, with this many symbols
    /// chosen to have one of their own. Logits are finite.
    pub(crate) fn set(&mut self, logits: &[f32], top_k: Option<usize>, room: &mut Workspace) {
        let Workspace { weights, ranking } = room;
        weights.resize(logits.len(), 0);
        let (sum, likeliest) = dispatch::run(Weigh { logits, weights });
        self.symbols = logits.len();
        self.frequencies.clear();
        let Some(k) = top_k.filter(|&k| k < logits.len()) else {
            self.chosen = None;
            self.share(weights, rate(logits.len(), sum));
            return self.top_up(likeliest);
        };

        let chosen = self.chosen.get_or_insert_default();
        choose(logits, k, ranking, chosen);
        for (at, &symbol) in chosen.iter().enumerate() {
            // They rise, so that nothing is overwritten that is still needed.
            weights[at] = weights[symbol as usize];
        }
        let at = chosen.partition_point(|&symbol| (symbol as usize) < likeliest);
        let weights = &weights[..k];
        let others = sum - weights.iter().map(|&weight| u64::from(weight)).sum::<u64>();
        let rate = rate(k + 1, sum);
        // No more than that is counted for.
        self.frequencies.reserve_exact(k + 1);
        self.share(weights, rate);
        self.frequencies.push(1 + (others as f64 * rate) as u32);
        self.top_up(at);
    }

    /// A frequency for each weight.
    fn share(&mut self, weights: &[u32], rate: f64) {
        self.frequencies.resize(weights.len(), 0);
        dispatch::run(Share { weights, rate, frequencies: &mut self.frequencies });
    }

    /// What rounding has left goes to the likeliest symbol.
    fn top_up(&mut self, likeliest: usize) {
        let given: u32 = self.frequencies.iter().sum();
        self.frequencies[likeliest] += (1 << TOTAL) - given;
    }

    fn interval(&self, at: usize) -> Interval {
        let cumulative = self.frequencies[..at].iter().sum();
        Interval { cumulative, frequency: self.frequencies[at] }
    }

    /// All frequencies, and behind them that of the escape, if there is one.
    pub(crate) fn frequencies(&self) -> &[u32] {
        &self.frequencies
    }

    /// How a symbol is coded.
    pub(crate) fn code(&self, symbol: usize) -> CodedToken {
        let Some(chosen) = &self.chosen else {
            return CodedToken { first: self.interval(symbol), escaped: None };
        };
        match chosen.binary_search(&(symbol as u32)) {
            Ok(at) => CodedToken { first: self.interval(at), escaped: None },
            Err(before) => CodedToken {
                first: self.interval(chosen.len()),
                escaped: Some(other(symbol - before, self.others())),
            },
        }
    }

    /// The symbol that this number out of 2^24 stands for.
    pub(crate) fn find(&self, number: u32) -> Found {
        let mut cumulative = 0;
        let mut at = 0;
        // Sums of blocks are quicker to go past.
        for block in self.frequencies.chunks(64) {
            let sum: u32 = block.iter().sum();
            if number < cumulative + sum {
                break;
            }
            cumulative += sum;
            at += block.len();
        }
        while cumulative + self.frequencies[at] <= number {
            cumulative += self.frequencies[at];
            at += 1;
        }
        let interval = Interval { cumulative, frequency: self.frequencies[at] };
        match &self.chosen {
            None => Found::Symbol(at, interval),
            Some(chosen) => match chosen.get(at) {
                Some(&symbol) => Found::Symbol(symbol as usize, interval),
                None => Found::Escape(interval),
            },
        }
    }

    /// The symbol that this number out of 2^24 stands for behind an escape.
    pub(crate) fn find_other(&self, number: u32) -> (usize, Interval) {
        let others = self.others();
        let at = ((u64::from(number) * others + others - 1) >> TOTAL) as usize;
        let at = (at.saturating_sub(1)..=at + 1)
            .find(|&at| {
                let Interval { cumulative, frequency } = other(at, others);
                (cumulative..cumulative + frequency).contains(&number)
            })
            .unwrap_or(0);
        let mut symbol = at;
        for &chosen in self.chosen.iter().flatten() {
            if chosen as usize <= symbol {
                symbol += 1;
            }
        }
        (symbol, other(at, others))
    }

    fn others(&self) -> u64 {
        (self.symbols - self.chosen.as_ref().map_or(0, Vec::len)) as u64
    }
}

/// The place of one of so many symbols that were not chosen, by its number among them: they
/// are all equal.
fn other(at: usize, others: u64) -> Interval {
    let edge = |at: usize| (((at as u64) << TOTAL) / others) as u32;
    Interval { cumulative: edge(at), frequency: edge(at + 1) - edge(at) }
}

/// What a symbol behind an escape takes after it, by its number among so many.
pub(super) fn other_bits(at: usize, others: usize) -> f64 {
    other(at, others as u64).bits()
}

/// The `k` largest logits in rising order of their symbols; of equals the lower symbols.
pub(super) fn choose(logits: &[f32], k: usize, ranking: &mut Vec<u64>, chosen: &mut Vec<u32>) {
    ranking.clear();
    ranking.extend(logits.iter().zip(0u32..).map(|(&logit, symbol)| {
        // Zeros are equal, whatever their sign.
        let bits = (logit + 0.0).to_bits();
        let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
        u64::from(ordered) << 32 | u64::from(!symbol)
    }));
    let first = ranking.len() - k;
    ranking.select_nth_unstable(first);
    chosen.clear();
    chosen.extend(ranking[first..].iter().map(|&rank| !(rank as u32)));
    chosen.sort_unstable();
}

/// What a weight is multiplied by to be a frequency, once each symbol has one.
fn rate(symbols: usize, sum: u64) -> f64 {
    ((1u64 << TOTAL) - symbols as u64) as f64 / sum as f64
}

/// Weights of logits; their sum, and the first of the largest.
struct Weigh<'a> {
    logits: &'a [f32],
    weights: &'a mut [u32],
}

impl Work for Weigh<'_> {
    type Output = (u64, usize);
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Integers>(self) -> (u64, usize) {
        let mut lanes = [f32::MIN; 16];
        let (blocks, rest) = self.logits.as_chunks::<16>();
        for block in blocks {
            for i in 0..16 {
                lanes[i] = if block[i] > lanes[i] { block[i] } else { lanes[i] };
            }
        }
        let highest = lanes.iter().chain(rest).fold(f32::MIN, |a, &b| if b > a { b } else { a });
        let mut sum = 0;
        for (logits, weights) in self.logits.chunks(256).zip(self.weights.chunks_mut(256)) {
            for (weight, &logit) in weights.iter_mut().zip(logits) {
                *weight = (exp_minus(highest - logit) * WEIGHT) as i32 as u32;
            }
            sum += weights.iter().map(|&weight| u64::from(weight)).sum::<u64>();
        }
        let likeliest = self.logits.iter().position(|&logit| logit == highest);
        (sum, likeliest.unwrap_or(0))
    }
}

/// Frequencies of weights.
struct Share<'a> {
    weights: &'a [u32],
    rate: f64,
    frequencies: &'a mut [u32],
}

impl Work for Share<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Integers>(self) {
        for (frequency, &weight) in self.frequencies.iter_mut().zip(self.weights) {
            *frequency = 1 + (f64::from(weight) * self.rate) as i32 as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    /// Logits with ties and a long tail.
    fn logits(symbols: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..symbols).map(|_| (random.below(64) as f32 - 32.0) * 0.9).collect()
    }

    #[test]
    fn frequencies_fill_the_total_and_none_is_zero() {
        for symbols in [1, 2, 128, 1000, 130_000] {
            for k in [None, Some(1), Some(100), Some(symbols)] {
                let mut distribution = Distribution::default();
                distribution.set(&logits(symbols, 7), k, &mut Workspace::default());
                assert_eq!(distribution.frequencies().iter().sum::<u32>(), 1 << TOTAL);
                assert!(distribution.frequencies().iter().all(|&frequency| frequency > 0));
            }
        }
        let mut distribution = Distribution::default();
        distribution.set(&[-3e38, 3e38, 0.0, f32::MIN], None, &mut Workspace::default());
        assert_eq!(distribution.frequencies(), [1, (1 << 24) - 3, 1, 1]);
        distribution.set(&[0.0; 3], None, &mut Workspace::default());
        let third = (1 << 24) / 3;
        assert_eq!(distribution.frequencies(), [third + 1, third, third]);
    }

    #[test]
    fn frequencies_follow_the_softmax() {
        let logits = [1.0, 3.0, 2.0, -1.0];
        let mut distribution = Distribution::default();
        distribution.set(&logits, None, &mut Workspace::default());
        let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
        for (&frequency, &logit) in distribution.frequencies().iter().zip(&logits) {
            let expected = f64::from(logit).exp() / sum * f64::from(1 << TOTAL);
            assert!((f64::from(frequency) / expected - 1.0).abs() < 1e-4, "{frequency} {expected}");
        }
    }

    #[test]
    fn every_symbol_is_found_where_it_was_put() {
        for (symbols, k) in
            [(1, Some(1)), (5, None), (128, Some(1)), (128, Some(100)), (1000, Some(128))]
        {
            let mut distribution = Distribution::default();
            distribution.set(&logits(symbols, 3), k, &mut Workspace::default());
            for symbol in 0..symbols {
                let CodedToken { first, escaped } = distribution.code(symbol);
                for number in [first.cumulative, first.cumulative + first.frequency - 1] {
                    let (found, interval) = match (distribution.find(number), escaped) {
                        (Found::Symbol(symbol, interval), None) => (symbol, interval),
                        (Found::Escape(interval), Some(other)) => {
                            let last = other.cumulative + other.frequency - 1;
                            for number in [other.cumulative, last] {
                                assert_eq!(distribution.find_other(number), (symbol, other));
                            }
                            (symbol, interval)
                        }
                        _ => panic!("{symbol} is escaped on one side only"),
                    };
                    assert_eq!((found, interval), (symbol, first));
                }
            }
        }
    }

    #[test]
    fn the_likeliest_are_chosen_and_of_equals_the_first() {
        let mut distribution = Distribution::default();
        distribution.set(&[0.0, 2.0, 1.0, -0.0, 1.0, 1.0], Some(3), &mut Workspace::default());
        assert_eq!(distribution.chosen.as_deref(), Some(&[1, 2, 4][..]));
        let with_escape = distribution.frequencies();
        assert_eq!(with_escape.len(), 4);
        assert!(with_escape[0] > with_escape[1] && with_escape[1] == with_escape[2]);
    }

    #[test]
    fn every_instruction_set_gives_the_same_frequencies() {
        let logits = logits(1003, 11);
        let mut results = dispatch::Supported::all().map(|set| {
            let mut weights = vec![0; logits.len()];
            let weighed = dispatch::run_with(set, Weigh { logits: &logits, weights: &mut weights });
            let mut frequencies = vec![0; logits.len()];
            let rate = rate(logits.len(), weighed.0);
            let share = Share { weights: &weights, rate, frequencies: &mut frequencies };
            dispatch::run_with(set, share);
            (weighed, weights, frequencies)
        });
        let first = results.next().expect("the plain one");
        assert!(results.all(|other| other == first));
    }
}

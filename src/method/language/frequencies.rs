//! Integer frequencies of logits, as `spec/language.md` defines them.

use super::account::{TokenCost, units};
use crate::numerics::dispatch::{self, InstructionSet, Work};
use crate::numerics::functions::exp_minus;
use crate::numerics::integers::Integers;

/// Bits of the sum of all frequencies, which is 2^24.
pub(crate) const TOTAL: u32 = 24;

/// The weight of the likeliest symbol, 2^30.
const WEIGHT: f32 = (1u32 << 30) as f32;

/// The interval of a symbol: the sum of the frequencies before it, and its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) cumulative: u32,
    pub(crate) frequency: u32,
}

/// The intervals that code a symbol: its own, or the escape's and then its interval among the
/// other symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodedToken {
    pub(crate) first: Interval,
    pub(crate) escaped: Option<Interval>,
}

impl Interval {
    /// Returns the bits that coding the interval takes.
    fn bits(self) -> f64 {
        f64::from(TOTAL) - f64::from(self.frequency).log2()
    }
}

impl CodedToken {
    /// Returns the cost of coding the symbol.
    pub(crate) fn cost(self) -> TokenCost {
        let bits = self.first.bits() + self.escaped.map_or(0.0, Interval::bits);
        TokenCost { units: units(bits), escaped: self.escaped.is_some() }
    }
}

/// The frequencies of the symbols at one place of a text. Its buffers are reused.
#[derive(Debug, Default)]
pub(crate) struct Distribution {
    /// Frequencies of all symbols, or of the chosen ones and the escape behind them.
    frequencies: Vec<u32>,
    /// The chosen symbols in rising order; `None` if all are chosen.
    chosen: Option<Vec<u32>>,
    /// Number of symbols.
    symbols: usize,
}

/// Buffers for making distributions.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    weights: Vec<u32>,
    /// A rank for each symbol, the likeliest highest.
    ranking: Vec<u64>,
}

/// The symbol that a number out of [`TOTAL`] bits falls on.
pub(crate) enum FoundSymbol {
    Known(usize, Interval),
    /// One of the symbols that were not chosen; another number tells which.
    Escape(Interval),
}

impl Distribution {
    /// Computes the frequencies from finite logits, one for each symbol. With `top_k` only the
    /// likeliest symbols have a frequency of their own.
    pub(crate) fn set(&mut self, logits: &[f32], top_k: Option<usize>, workspace: &mut Workspace) {
        let Workspace { weights, ranking } = workspace;
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
            // Symbols rise, so that no weight is overwritten before it is read.
            weights[at] = weights[symbol as usize];
        }
        let at = chosen.partition_point(|&symbol| (symbol as usize) < likeliest);
        let weights = &weights[..k];
        let others = sum - weights.iter().map(|&weight| u64::from(weight)).sum::<u64>();
        let rate = rate(k + 1, sum);
        // The memory that a decoder counts with has no room for more.
        self.frequencies.reserve_exact(k + 1);
        self.share(weights, rate);
        self.frequencies.push(1 + (others as f64 * rate) as u32);
        self.top_up(at);
    }

    /// Computes a frequency for each weight.
    fn share(&mut self, weights: &[u32], rate: f64) {
        self.frequencies.resize(weights.len(), 0);
        dispatch::run(Share { weights, rate, frequencies: &mut self.frequencies });
    }

    /// Gives the likeliest symbol what rounding has left.
    fn top_up(&mut self, likeliest: usize) {
        let given: u32 = self.frequencies.iter().sum();
        self.frequencies[likeliest] += (1 << TOTAL) - given;
    }

    fn interval(&self, at: usize) -> Interval {
        let cumulative = self.frequencies[..at].iter().sum();
        Interval { cumulative, frequency: self.frequencies[at] }
    }

    /// Returns all frequencies, the last one the escape's if there is an escape.
    pub(crate) fn frequencies(&self) -> &[u32] {
        &self.frequencies
    }

    /// Returns the intervals that code a symbol.
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

    /// Finds the symbol whose interval has this number.
    pub(crate) fn find(&self, number: u32) -> FoundSymbol {
        let mut cumulative = 0;
        let mut at = 0;
        // Sums of whole blocks are faster to skip.
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
            None => FoundSymbol::Known(at, interval),
            Some(chosen) => match chosen.get(at) {
                Some(&symbol) => FoundSymbol::Known(symbol as usize, interval),
                None => FoundSymbol::Escape(interval),
            },
        }
    }

    /// Finds the symbol whose interval after an escape has this number.
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

/// Returns the interval of symbol `at` among `others` symbols that were not chosen. All have
/// the same frequency, up to rounding.
fn other(at: usize, others: u64) -> Interval {
    let edge = |at: usize| (((at as u64) << TOTAL) / others) as u32;
    Interval { cumulative: edge(at), frequency: edge(at + 1) - edge(at) }
}

/// Returns the bits that symbol `at` of `others` takes after an escape.
pub(super) fn other_bits(at: usize, others: usize) -> f64 {
    other(at, others as u64).bits()
}

/// Chooses the symbols of the `k` largest logits, in rising order. Of equal logits the lower
/// symbols are chosen.
pub(super) fn choose(logits: &[f32], k: usize, ranking: &mut Vec<u64>, chosen: &mut Vec<u32>) {
    ranking.clear();
    ranking.extend(logits.iter().zip(0u32..).map(|(&logit, symbol)| {
        // Zeros of both signs are equal.
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

/// Returns the factor from weights to frequencies, after each symbol got a frequency of 1.
fn rate(symbols: usize, sum: u64) -> f64 {
    ((1u64 << TOTAL) - symbols as u64) as f64 / sum as f64
}

/// Computes the weights of logits, their sum, and the first of the likeliest symbols.
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

/// Computes the frequencies of weights.
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
                        (FoundSymbol::Known(symbol, interval), None) => (symbol, interval),
                        (FoundSymbol::Escape(interval), Some(other)) => {
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

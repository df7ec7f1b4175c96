//! The cost of tokens under the model's own probabilities, before they become integers.

use std::f64::consts::LN_2;

use super::account::{TokenCost, units};
use super::frequencies::{choose, other_bits};

/// Buffers for computing costs.
#[derive(Debug, Default)]
pub(crate) struct CrossEntropy {
    ranking: Vec<u64>,
    chosen: Vec<u32>,
}

impl CrossEntropy {
    /// Returns the cost of a symbol under finite logits, one for each symbol.
    ///
    /// With `top_k` only the likeliest symbols have a probability of their own. The others
    /// share the rest, and the format's rule says which of them it is.
    pub(crate) fn cost(
        &mut self,
        logits: &[f32],
        top_k: Option<usize>,
        symbol: usize,
    ) -> TokenCost {
        let all = log_sum(logits.iter().copied());
        let own =
            TokenCost { units: units((all - f64::from(logits[symbol])) / LN_2), escaped: false };
        let Some(k) = top_k.filter(|&k| k < logits.len()) else {
            return own;
        };
        choose(logits, k, &mut self.ranking, &mut self.chosen);
        let Err(before) = self.chosen.binary_search(&(symbol as u32)) else {
            return own;
        };
        let is_other = |symbol: &u32| self.chosen.binary_search(symbol).is_err();
        let others = (0..logits.len() as u32).filter(is_other);
        let escape = all - log_sum(others.map(|symbol| logits[symbol as usize]));
        let bits = escape / LN_2 + other_bits(symbol - before, logits.len() - k);
        TokenCost { units: units(bits), escaped: true }
    }
}

/// The natural logarithm of the sum of exponentials.
fn log_sum(logits: impl Iterator<Item = f32> + Clone) -> f64 {
    let highest = f64::from(logits.clone().fold(f32::MIN, f32::max));
    highest + logits.map(|logit| (f64::from(logit) - highest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::language::frequencies::{Distribution, Workspace};

    /// Logarithms of 4, 1, 4 and 8.
    const LOGITS: [f32; 4] = [1.386_294_4, 0.0, 1.386_294_4, 2.079_441_5];

    fn cost(logits: &[f32], top_k: Option<usize>, symbol: usize) -> (f64, bool) {
        let TokenCost { units: cost, escaped } =
            CrossEntropy::default().cost(logits, top_k, symbol);
        (cost as f64 / units(1.0) as f64, escaped)
    }

    #[test]
    fn costs_are_logarithms_of_probabilities() {
        let close = |(bits, escaped): (f64, bool), probability: f64, expected: bool| {
            assert!((bits + probability.log2()).abs() < 2e-6, "{bits} for {probability}");
            assert_eq!(escaped, expected);
        };
        for top_k in [None, Some(4), Some(9)] {
            close(cost(&LOGITS, top_k, 1), 1.0 / 17.0, false);
            close(cost(&LOGITS, top_k, 3), 8.0 / 17.0, false);
        }
        // The first two equals have one of their own; the others share 5 of 17.
        close(cost(&LOGITS, Some(2), 0), 4.0 / 17.0, false);
        close(cost(&LOGITS, Some(2), 1), 5.0 / 17.0 / 2.0, true);
        close(cost(&LOGITS, Some(2), 2), 5.0 / 17.0 / 2.0, true);
        assert!(cost(&[3e38, -3e38], None, 1).0 > 1e12);
        assert!(cost(&[3e38, -3e38], Some(1), 1).1);
    }

    #[test]
    fn frequencies_cost_as_much_within_their_precision() {
        let logits: Vec<f32> = (0..300).map(|at| (at * 37 % 101) as f32 * 0.16).collect();
        let mut distribution = Distribution::default();
        for top_k in [None, Some(1), Some(50)] {
            distribution.set(&logits, top_k, &mut Workspace::default());
            let frequencies = distribution.frequencies().len() as f64 / f64::from(1 << 24);
            let others = logits.len() - top_k.unwrap_or(logits.len());
            for symbol in 0..logits.len() {
                let coded = distribution.code(symbol).cost();
                let (bits, escaped) = cost(&logits, top_k, symbol);
                assert_eq!(escaped, coded.escaped);
                // As `estimate` promises it.
                let escape = if escaped { (1.0 + others as f64 / 64.0).log2() } else { 0.0 };
                let more = 0.023 + 1.45 * frequencies + escape;
                let less = (1.0 + frequencies * bits.exp2() + 300.0 / f64::from(1 << 30)).log2();
                let difference = coded.units as f64 / units(1.0) as f64 - bits;
                assert!(-less - 1e-5 < difference && difference < more, "{symbol}: {difference}");
                assert!(difference.abs() < 0.3 * bits, "{symbol}: {difference} of {bits}");
            }
        }
    }
}

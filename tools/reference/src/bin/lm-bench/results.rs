//! The results of measurements.

use serde_json::{Value, json};

use crate::contestant::{Contestant, Numbers};
use crate::peaks::Peak;
use crate::round::{Turn, Work};
use crate::shapes::Size;

/// One contestant at one work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) size: Size,
    pub(crate) numbers: Numbers,
    pub(crate) work: Work,
    pub(crate) name: &'static str,
    /// Tokens of each context.
    pub(crate) length: usize,
    /// Tokens per second of processor time.
    pub(crate) processor: f64,
    /// Tokens per second by the clock.
    pub(crate) clock: f64,
    /// Operations per second of processor time.
    pub(crate) operations: f64,
    /// The same, relative to the peak.
    pub(crate) share: f64,
    /// The speed relative to that of another contestant, and its name.
    pub(crate) ratio: Option<(f64, &'static str)>,
}

impl Row {
    /// The rows of all contestants, from their turns.
    pub(crate) fn all(
        size: Size,
        numbers: Numbers,
        work: Work,
        contestants: &[Contestant],
        turns: &[Vec<Turn>],
    ) -> Vec<Row> {
        let measured = contestants.iter().zip(turns).filter(|(_, own)| !own.is_empty());
        let rows = measured.map(|(contestant, own)| {
            let of = |figure: &dyn Fn(&Turn) -> f64| median(own.iter().map(figure).collect());
            // Threads do not make processor time shorter.
            let seconds = |turn: &Turn| match contestant.threads {
                1 => turn.took.processor,
                _ => turn.took.clock,
            };
            let ratio = contestant.beside.map(|beside| {
                let pairs = own.iter().zip(&turns[beside]);
                let speed = |turn: &Turn| turn.tokens as f64 / seconds(turn);
                let ratios = pairs.map(|(own, other)| speed(own) / speed(other));
                (median(ratios.collect()), contestants[beside].name)
            });
            Row {
                size,
                numbers,
                work,
                name: contestant.name,
                length: match work {
                    Work::Prefill(length) => length,
                    Work::Lockstep(contexts) => {
                        own.iter().map(|turn| turn.tokens).sum::<usize>() / contexts
                    }
                },
                processor: of(&|turn| turn.tokens as f64 / turn.took.processor),
                clock: of(&|turn| turn.tokens as f64 / turn.took.clock),
                operations: of(&|turn| turn.operations / turn.took.processor),
                share: of(&|turn| turn.operations / turn.took.processor / turn.peak),
                ratio,
            }
        });
        rows.collect()
    }
}

/// All results as JSON.
pub(crate) fn json(peaks: &[(Peak, f64)], rows: &[Row]) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "size": row.size.name(),
            "parameters": row.size.parameters(),
            "numbers": row.numbers.name(),
            "work": row.work.name(),
            "contestant": row.name,
            "tokens_of_a_context": row.length,
            "tokens_per_processor_second": row.processor,
            "tokens_per_second": row.clock,
            "operations_per_processor_second": row.operations,
            "share_of_peak": row.share,
            "ratio": row.ratio.map(|(ratio, _)| ratio),
            "ratio_to": row.ratio.map(|(_, name)| name),
        })
    });
    let peaks = peaks.iter().map(|(peak, operations)| {
        json!({ "arithmetic": peak.name(), "operations_per_second": operations })
    });
    json!({ "peaks": peaks.collect::<Vec<_>>(), "rows": rows.collect::<Vec<_>>() })
}

/// The middle value; of an even number the upper one of two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_turn_does_not_move_the_middle() {
        assert_eq!(median(vec![3.0, 900.0, 1.0, 2.0, 2.5]), 2.5);
        assert_eq!(median(vec![7.0]), 7.0);
        assert!(median(Vec::new()).is_nan());
    }
}

//! Costs of pieces as steps of a line.

/// A piece of the audio and its cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Where it begins: in seconds, or in frames of audio without a rate.
    pub start: f64,
    /// Its length.
    pub seconds: f64,
    /// Its compressed size.
    pub bits: f64,
}

/// A constant cost for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Bits a second.
    pub(crate) bits: f64,
}

/// Returns a step for each piece, or means if there are more pieces than columns.
pub(crate) fn steps(pieces: &[Piece], seconds: f64, columns: usize) -> Vec<Step> {
    let steps = pieces.iter().map(|piece| Step {
        start: piece.start,
        end: piece.start + piece.seconds,
        bits: piece.bits / piece.seconds,
    });
    let sane = |step: &Step| {
        step.end > step.start && step.end.is_finite() && step.bits >= 0.0 && step.bits.is_finite()
    };
    let steps: Vec<Step> = steps.filter(sane).collect();
    if steps.len() <= columns {
        return steps;
    }
    let width = seconds / columns as f64;
    // Bits in each column, and the seconds of it that have a cost.
    let mut sums = vec![(0.0, 0.0); columns];
    for step in steps {
        let first = (step.start / width).max(0.0) as usize;
        let last = ((step.end / width).max(0.0) as usize).min(columns - 1);
        for (column, sum) in sums.iter_mut().enumerate().take(last + 1).skip(first) {
            let start = step.start.max(column as f64 * width);
            let shared = (step.end.min((column + 1) as f64 * width) - start).max(0.0);
            sum.0 += step.bits * shared;
            sum.1 += shared;
        }
    }
    let known = sums.into_iter().enumerate().filter(|(_, (_, known))| *known > width * 1e-6);
    known
        .map(|(column, (bits, known))| {
            let start = column as f64 * width;
            Step { start, end: start + width, bits: bits / known }
        })
        .collect()
}

/// Returns the cost that all steps keep to for this part of their time.
pub(crate) fn usual(steps: &[Step], part: f64) -> f64 {
    let mut sorted: Vec<(f64, f64)> =
        steps.iter().map(|step| (step.bits, step.end - step.start)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut left = part * sorted.iter().map(|(_, time)| time).sum::<f64>();
    let found = sorted.iter().find(|(_, time)| {
        left -= time;
        left <= 0.0
    });
    found.or(sorted.last()).map_or(0.0, |(bits, _)| *bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: f64, seconds: f64, bits: f64) -> Piece {
        Piece { start, seconds, bits }
    }

    #[test]
    fn few_pieces_are_steps() {
        let pieces = [piece(0.0, 2.0, 10.0), piece(2.0, 0.5, 10.0), piece(2.5, 0.0, 1.0)];
        let expected =
            [Step { start: 0.0, end: 2.0, bits: 5.0 }, Step { start: 2.0, end: 2.5, bits: 20.0 }];
        assert_eq!(steps(&pieces, 2.5, 100), expected);
    }

    #[test]
    fn many_pieces_are_means_and_keep_all_bits() {
        let pieces: Vec<Piece> =
            (0..100).map(|at| piece(f64::from(at) * 0.07, 0.07, f64::from(at % 9))).collect();
        let steps = steps(&pieces, 7.0, 13);
        assert_eq!(steps.len(), 13);
        let bits: f64 = steps.iter().map(|step| step.bits * (step.end - step.start)).sum();
        let all: f64 = pieces.iter().map(|piece| piece.bits).sum();
        assert!((bits - all).abs() < 1e-6, "{bits} {all}");
    }

    #[test]
    fn rare_costs_are_not_usual() {
        let step = |start: f64, end: f64, bits| Step { start, end, bits };
        let steps = [step(0.0, 9.0, 3.0), step(9.0, 19.9, 4.0), step(19.9, 20.0, 400.0)];
        assert_eq!(usual(&steps, 0.99), 4.0);
        assert_eq!(usual(&steps, 0.4), 3.0);
        assert_eq!(usual(&steps, 1.0), 400.0);
        assert_eq!(usual(&[], 0.5), 0.0);
    }
}

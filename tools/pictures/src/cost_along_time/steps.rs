//! Costs of pieces as steps of a line.

use super::Piece;

/// What a second costs for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) start: f64,
    pub(super) end: f64,
    /// Bits a second.
    pub(super) bits: f64,
}

/// Steps along so many seconds: a step for each piece, or means where pieces are more
/// than the columns.
pub(super) fn steps(pieces: &[Piece], seconds: f64, columns: usize) -> Vec<Step> {
    let sane = |piece: &&Piece| {
        piece.start.is_finite()
            && piece.seconds > 0.0
            && piece.seconds.is_finite()
            && piece.bits.is_finite()
    };
    let pieces = || pieces.iter().filter(sane);
    if pieces().count() <= columns {
        let step = |piece: &Piece| Step {
            start: piece.start,
            end: piece.start + piece.seconds,
            bits: piece.bits / piece.seconds,
        };
        return pieces().map(step).collect();
    }
    let width = seconds / columns as f64;
    // Bits in each column, and for how much of it they are known.
    let mut sums = vec![(0.0, 0.0); columns];
    for piece in pieces() {
        let end = piece.start + piece.seconds;
        let first = (piece.start / width).max(0.0) as usize;
        let last = ((end / width).max(0.0) as usize).min(columns - 1);
        for (column, sum) in sums.iter_mut().enumerate().take(last + 1).skip(first) {
            let start = piece.start.max(column as f64 * width);
            let shared = (end.min((column + 1) as f64 * width) - start).max(0.0);
            sum.0 += piece.bits * shared / piece.seconds;
            sum.1 += shared;
        }
    }
    let known = sums.into_iter().enumerate().filter(|(_, (_, known))| *known > width * 1e-6);
    known
        .map(|(column, (bits, known))| Step {
            start: column as f64 * width,
            end: (column + 1) as f64 * width,
            bits: bits / known,
        })
        .collect()
}

/// The value that all steps keep to for this part of their time.
pub(super) fn usual(steps: &[Step], part: f64) -> f64 {
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
    fn what_is_rare_is_not_usual() {
        let step = |start: f64, end: f64, bits| Step { start, end, bits };
        let steps = [step(0.0, 9.0, 3.0), step(9.0, 19.9, 4.0), step(19.9, 20.0, 400.0)];
        assert_eq!(usual(&steps, 0.99), 4.0);
        assert_eq!(usual(&steps, 0.4), 3.0);
        assert_eq!(usual(&steps, 1.0), 400.0);
        assert_eq!(usual(&[], 0.5), 0.0);
    }
}

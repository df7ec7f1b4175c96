//! How often values occur against their neighbours, which is learnt while they are coded.
//!
//! The values of a table own the stretches of numbers around them, but those at the rim of a
//! cluster, or those that a rule of rounding hits once instead of twice, occur less often than
//! their stretch is wide. A sum for each edge between two values, and one for each pattern of
//! distances around an edge, move the odds of the bit that decides at this edge.

use std::sync::Arc;

use crate::method::adaptive::values::Values;

/// Number of classes of distances between neighbours.
const GAPS: usize = 8;
/// The highest level of the tree of halvings that has patterns of its own.
const MOST_LEVEL: u32 = 3;
const PATTERNS: usize = (MOST_LEVEL as usize + 1) * GAPS * GAPS * GAPS;

/// The first rate of an edge, and how fast it falls.
const EDGE_RATE: f32 = 0.1;
const EDGE_FADES: f32 = 0.1;
const PATTERN_RATE: f32 = 0.01;

pub(super) struct Occurrence {
    pub(super) values: Arc<Values>,
    /// For each rank, the sum of the edge below it, and how often it decided, 255 at most.
    edges: Vec<(f32, u8)>,
    patterns: Vec<f32>,
}

/// What moves the odds of a bit.
pub(super) struct Leaning {
    rank: usize,
    pattern: usize,
    pub(super) log_odds: f32,
}

impl Occurrence {
    pub(super) fn new(values: Arc<Values>) -> Self {
        let edges = vec![(0.0, 0); values.count()];
        Occurrence { values, edges, patterns: vec![0.0; PATTERNS] }
    }

    /// Returns the class of the distance between a rank and the one below it.
    #[inline(always)]
    fn gap(&self, rank: i64) -> usize {
        if rank < 1 || rank >= self.values.count() as i64 {
            return 0;
        }
        match self.values.value(rank) - self.values.value(rank - 1) {
            gap @ 1..=3 => gap as usize,
            4..=6 => 4,
            7..=10 => 5,
            11..=20 => 6,
            _ => 7,
        }
    }

    /// Returns how the odds of the bit that decides at the edge below a rank are moved, with k
    /// bits left behind it.
    #[inline(always)]
    pub(super) fn leaning(&self, rank: i64, k: u32) -> Leaning {
        let gaps = [0, -1, 1].map(|at| self.gap(rank + at));
        let level = k.min(MOST_LEVEL) as usize;
        let pattern = gaps.iter().fold(level, |pattern, gap| pattern * GAPS + gap);
        let rank = rank as usize;
        Leaning { rank, pattern, log_odds: self.edges[rank].0 + self.patterns[pattern] }
    }

    /// Learns the error of the probability of a one.
    #[inline(always)]
    pub(super) fn learn(&mut self, leaning: &Leaning, error: f32) {
        let (edge, seen) = &mut self.edges[leaning.rank];
        *edge += EDGE_RATE / (1.0 + EDGE_FADES * f32::from(*seen)) * error;
        *seen = seen.saturating_add(1);
        self.patterns[leaning.pattern] += PATTERN_RATE * error;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrence() -> Occurrence {
        Occurrence::new(Arc::new(
            Values::new(vec![0, 1, 3, 6, 10, 16, 23, 33, 44, 64, 85, 86]).unwrap(),
        ))
    }

    #[test]
    fn distances_have_classes() {
        let occurrence = occurrence();
        let gaps = (-1..13).map(|rank| occurrence.gap(rank)).collect::<Vec<_>>();
        assert_eq!(gaps, [0, 0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 1, 0]);
        let pattern = |rank, k| occurrence.leaning(rank, k).pattern;
        assert_eq!(pattern(1, 0), 0o0102);
        assert_eq!(pattern(3, 2), 0o2324);
        assert_eq!(pattern(11, 3), 0o3170);
        assert_eq!(pattern(11, 17), 0o3170);
    }

    #[test]
    fn edges_and_patterns_learn() {
        let mut occurrence = occurrence();
        let leaning = occurrence.leaning(6, 0);
        assert_eq!(leaning.log_odds, 0.0);
        occurrence.learn(&leaning, 0.5);
        assert_eq!(occurrence.leaning(6, 0).log_odds, 0.05 + 0.005);
        // Of another level, the edge alone.
        assert_eq!(occurrence.leaning(6, 1).log_odds, 0.05);
        assert_eq!(occurrence.leaning(5, 0).log_odds, 0.0);

        // An edge learns ever less, but it does not stop.
        for _ in 0..1000 {
            let leaning = occurrence.leaning(6, 0);
            occurrence.learn(&leaning, 0.0);
        }
        let (edge, seen) = occurrence.edges[6];
        assert_eq!(seen, 255);
        let leaning = occurrence.leaning(6, 0);
        occurrence.learn(&leaning, 1.0);
        let change = occurrence.edges[6].0 - edge;
        assert!(0.003 < change && change < 0.004, "{change}");
    }
}

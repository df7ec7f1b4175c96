//! Values of a context in bytes, and weighted sums of them.

use super::quantise::{byte, scales};

/// Values of a position that are summed up together.
const LANES: usize = 16;

/// A row of values for each position, with a scale of its own.
#[derive(Debug, Clone)]
pub(crate) struct ByteValues {
    width: usize,
    bytes: Vec<i8>,
    scales: Vec<f32>,
}

impl ByteValues {
    /// Rows of this width; none yet.
    pub(crate) fn new(width: usize) -> Self {
        ByteValues { width, bytes: Vec::new(), scales: Vec::new() }
    }

    /// Makes room for so many positions in all.
    pub(crate) fn reserve(&mut self, positions: usize) {
        let more = positions.saturating_sub(self.scales.len());
        self.bytes.reserve_exact(more * self.width);
        self.scales.reserve_exact(more);
    }

    /// Adds a position. What is no number, or infinite, becomes a large one.
    #[inline(always)]
    pub(crate) fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.width, "one value for each of a position");
        let (scale, factor) = scales(row);
        self.bytes.extend(row.iter().map(|&value| byte(value, factor)));
        self.scales.push(scale);
    }

    /// Removes all positions and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.scales.clear();
    }

    /// A scale for each position.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Sums of the values of the first positions, each times its weight: a row of weights, one
    /// for each of the `positions`, gives a row of sums. Scales are the caller's to put into the
    /// weights.
    ///
    /// Positions are added to zero in their order, and products are rounded before. A weight of
    /// zero changes no bit: rows that see fewer positions have zeros for the others.
    #[inline(always)]
    pub(crate) fn weigh(&self, weights: &[f32], positions: usize, sums: &mut [f32]) {
        let (mut weights, mut sums) = (weights, sums);
        while !weights.is_empty() {
            let rows = weights.len() / positions;
            let taken = if rows >= 4 { 4 } else { rows.min(2) };
            let (now, later) = weights.split_at(taken * positions);
            let (sum, rest) = std::mem::take(&mut sums).split_at_mut(taken * self.width);
            match taken {
                1 => self.weigh_rows::<1>(now, positions, sum),
                2 => self.weigh_rows::<2>(now, positions, sum),
                _ => self.weigh_rows::<4>(now, positions, sum),
            }
            (weights, sums) = (later, rest);
        }
    }

    /// The sums of `R` rows.
    #[inline(always)]
    fn weigh_rows<const R: usize>(&self, weights: &[f32], positions: usize, sums: &mut [f32]) {
        let weights: [&[f32]; R] = std::array::from_fn(|r| &weights[r * positions..][..positions]);
        let whole = self.width / LANES * LANES;
        for first in (0..whole).step_by(LANES) {
            let mut lanes = [[0.0f32; LANES]; R];
            for (position, bytes) in self.bytes.chunks_exact(self.width).take(positions).enumerate()
            {
                let Some(bytes) = bytes[first..].first_chunk::<LANES>() else { break };
                let values = bytes.map(f32::from);
                for r in 0..R {
                    let weight = weights[r][position];
                    for i in 0..LANES {
                        lanes[r][i] += weight * values[i];
                    }
                }
            }
            for r in 0..R {
                sums[r * self.width + first..][..LANES].copy_from_slice(&lanes[r]);
            }
        }
        for at in whole..self.width {
            for r in 0..R {
                let values = self.bytes.chunks_exact(self.width).zip(weights[r]);
                let sum =
                    values.fold(0.0, |sum, (bytes, weight)| sum + weight * f32::from(bytes[at]));
                sums[r * self.width + at] = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::dispatch::{InstructionSet, Kernels, Work, run_with};

    struct Weigh<'a> {
        values: &'a ByteValues,
        weights: &'a [f32],
        positions: usize,
    }

    impl Work for Weigh<'_> {
        type Output = Vec<u32>;
        const BEST: InstructionSet = InstructionSet::Vnni;

        #[inline(always)]
        fn run<I: Kernels>(self) -> Vec<u32> {
            let rows = self.weights.len() / self.positions;
            let mut sums = vec![f32::NAN; rows * self.values.width];
            self.values.weigh(self.weights, self.positions, &mut sums);
            sums.into_iter().map(f32::to_bits).collect()
        }
    }

    #[test]
    fn sums_are_the_definition_on_every_instruction_set() {
        let mut random = 1u64;
        let mut random = move || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 32) as i32 as f32 * 0.25f32.powi((random >> 29) as i32 & 7)
        };
        for (rows, width, positions) in
            [(1, 1, 1), (2, 16, 3), (3, 17, 20), (4, 64, 65), (5, 32, 7), (11, 40, 100)]
        {
            let mut values = ByteValues::new(width);
            let mut all = Vec::new();
            for _ in 0..positions + 3 {
                let row: Vec<f32> = (0..width).map(|_| random()).collect();
                values.push(&row);
                let most = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                assert_eq!(values.scales()[all.len()], most / 127.0);
                let bytes = row.iter().map(|x| (x * (127.0 / most)).round_ties_even());
                all.push(bytes.collect::<Vec<f32>>());
            }
            let mut weights: Vec<f32> = (0..rows * positions).map(|_| random()).collect();
            // Zeros behind what a row sees change nothing.
            weights[positions / 2 + 1..positions].fill(0.0);
            let mut expected = Vec::new();
            for (row, weights) in weights.chunks(positions).enumerate() {
                let seen = if row == 0 { (positions / 2 + 1).min(positions) } else { positions };
                for i in 0..width {
                    let terms = weights.iter().zip(&all).take(seen);
                    let sum = terms.fold(0.0f32, |sum, (weight, row)| sum + weight * row[i]);
                    expected.push(sum.to_bits());
                }
            }
            for set in InstructionSet::available() {
                let work = Weigh { values: &values, weights: &weights, positions };
                assert!(run_with(set, work) == expected, "{set:?}: {rows} {width} {positions}");
            }
        }
    }
}

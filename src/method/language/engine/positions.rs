//! Tables of sines and cosines of positions, computed when they are first used.

use std::sync::OnceLock;

use crate::method::language::architecture::{ByteTransformer, Llama};
use crate::numerics::dispatch::{InstructionSet, Kernels, Work};
use crate::numerics::elementary::{pow, sin_cos};

/// Number of positions whose rows are computed together.
const BLOCK: usize = 256;

/// The base of the frequencies of the byte transformer.
const SINUSOID_BASE: f64 = 10_000.0;

/// A table with a row for each position.
#[derive(Debug)]
pub(super) struct Positions {
    rule: Rule,
    /// Number of values of a row.
    width: usize,
    blocks: Vec<OnceLock<Box<[f32]>>>,
}

#[derive(Debug)]
enum Rule {
    /// Cosines of a position times each frequency, then the sines.
    Rotary(Vec<f64>),
    /// Sines first, of one more frequency than half of the width, then as many cosines as fit.
    Sinusoids(Vec<f64>),
}

impl Positions {
    pub(super) fn rotary(llama: &Llama, positions: usize) -> Self {
        let half = llama.head_width / 2;
        let frequency = |i: usize| {
            let exponent = -((2 * i) as f64) / llama.head_width as f64;
            let factor = llama.rope_factors.get(i).copied().unwrap_or(1.0);
            pow(llama.rope_base, exponent) / f64::from(factor)
        };
        let frequencies = (0..half).map(frequency).collect();
        Self::new(Rule::Rotary(frequencies), llama.head_width, positions)
    }

    pub(super) fn sinusoids(model: &ByteTransformer, positions: usize) -> Self {
        let frequency = |i: usize| {
            let exponent = -((2 * i) as f64) / model.width as f64;
            pow(SINUSOID_BASE, exponent)
        };
        let frequencies = (0..=model.width / 2).map(frequency).collect();
        Self::new(Rule::Sinusoids(frequencies), model.width, positions)
    }

    fn new(rule: Rule, width: usize, positions: usize) -> Self {
        let blocks = (0..positions.div_ceil(BLOCK)).map(|_| OnceLock::new()).collect();
        Positions { rule, width, blocks }
    }

    /// Returns the row of a position.
    pub(super) fn row(&self, position: usize) -> &[f32] {
        let block = self.blocks[position / BLOCK].get_or_init(|| self.block(position / BLOCK));
        let at = position % BLOCK;
        &block[at * self.width..(at + 1) * self.width]
    }

    fn block(&self, block: usize) -> Box<[f32]> {
        let mut rows = vec![0.0; BLOCK * self.width];
        for (at, row) in rows.chunks_exact_mut(self.width).enumerate() {
            let position = (block * BLOCK + at) as f64;
            let (frequencies, sines_first) = match &self.rule {
                Rule::Rotary(frequencies) => (frequencies, false),
                Rule::Sinusoids(frequencies) => (frequencies, true),
            };
            let (first, second) = row.split_at_mut(frequencies.len().min(self.width));
            for (i, &frequency) in frequencies.iter().enumerate() {
                let (sine, cosine) = sin_cos(position * frequency);
                let (a, b) = if sines_first { (sine, cosine) } else { (cosine, sine) };
                if let Some(place) = first.get_mut(i) {
                    *place = a as f32;
                }
                if let Some(place) = second.get_mut(i) {
                    *place = b as f32;
                }
            }
        }
        rows.into()
    }
}

/// Rotates each head of each row by its position: the first half with the second.
pub(super) struct Rotate<'a> {
    pub(super) table: &'a Positions,
    pub(super) positions: &'a [usize],
    pub(super) rows: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) heads: usize,
    pub(super) head_width: usize,
}

impl Work for Rotate<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        let half = self.head_width / 2;
        let rows = self.rows.chunks_exact_mut(self.stride);
        for (row, &position) in rows.zip(self.positions) {
            let (cosines, sines) = self.table.row(position).split_at(half);
            let (cosines, sines) = (&cosines[..half], &sines[..half]);
            for head in row.chunks_exact_mut(self.head_width).take(self.heads) {
                let (first, second) = head.split_at_mut(half);
                let (first, second) = (&mut first[..half], &mut second[..half]);
                for i in 0..half {
                    let (a, b) = (first[i], second[i]);
                    first[i] = a * cosines[i] - b * sines[i];
                    second[i] = b * cosines[i] + a * sines[i];
                }
            }
        }
    }
}

//! Quantised matrices and rows: products of bytes are integers, and exact in any order.
//!
//! A weight or an activation is a byte from -127 to 127 times a scale, which each row of a
//! matrix or of activations has. Sums of products of bytes fit into 32 bits up to
//! [`MOST_INPUTS`]; only the multiplications by the two scales round.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod matrix;
mod multiply;
mod plain;
mod quantise;
mod rows;
#[cfg(test)]
mod speed;
#[cfg(target_arch = "x86_64")]
mod vnni;

pub(crate) use matrix::{ByteMatrix, put};
pub(crate) use multiply::{Panel, multiply, multiply_panel};
pub(crate) use quantise::quantise;
pub(crate) use rows::ByteRows;

/// The most inputs, whose products sum up to less than 2^31.
pub(crate) const MOST_INPUTS: usize = 1 << 16;

/// Number of outputs of a panel. Weights of a matrix are stored panel by panel, and in a panel
/// by groups of inputs.
pub(crate) const PANEL: usize = 64;

/// Number of inputs whose weights for an output are adjacent.
pub(crate) const GROUP: usize = 4;

/// Number of outputs of a column of a panel. Kernels skip columns without outputs.
const COLUMN: usize = 16;

/// The most groups of a tile, whose weights stay in the L1 cache.
const BLOCK: usize = 128;

/// The most rows of a tile.
pub(crate) const ROWS: usize = 6;

/// Number of values that are quantised together, before their bytes are stored.
const PIECE: usize = 128;

/// The weights of a group of inputs for each output of a panel.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Group([[i8; GROUP]; PANEL]);

impl Group {
    pub(crate) const ZERO: Group = Group([[0; GROUP]; PANEL]);

    /// Returns the weights of the first outputs.
    #[inline(always)]
    pub(crate) fn outputs(&self, count: usize) -> &[[i8; GROUP]] {
        &self.0[..count]
    }
}

/// Activations of a group of inputs, each raised by [`RAISE`] so that none is negative.
type Raised = [u8; GROUP];

const RAISE: u8 = 128;

/// Activations of a group as 16-bit words, for instruction sets that multiply pairs of words.
/// Each tile makes them from bytes, since it has many outputs.
type Words = [i16; GROUP];

/// The sums of the outputs of a panel.
pub(crate) type PanelSums = [i32; PANEL];

/// The product of several rows with a panel, over a block of groups.
pub(crate) struct Tile<'a, const R: usize> {
    /// The groups of each row, as many as `weights`, at most [`BLOCK`].
    rows: [&'a [Raised]; R],
    weights: &'a [Group],
    /// If present, sums start from it: the compensation for raised activations of all blocks.
    /// If absent, sums continue.
    raise: Option<&'a PanelSums>,
    sums: &'a mut [PanelSums; R],
}

impl<const R: usize> Tile<'_, R> {
    /// Converts the activations to words.
    #[inline(always)]
    fn words(&self) -> [[Words; BLOCK]; R] {
        let mut words = [[[0; GROUP]; BLOCK]; R];
        for (words, row) in words.iter_mut().zip(&self.rows) {
            for (word, &raised) in words.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
                *word = i16::from(raised) - i16::from(RAISE);
            }
        }
        words
    }
}

/// The kernels of an instruction set for bytes.
pub(crate) trait Bytes {
    /// Sums up the products of a tile for the outputs of its first `C` columns.
    fn add<const R: usize, const C: usize>(tile: Tile<'_, R>);
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use lmac_support::Random;

    use super::*;
    use crate::numerics::dispatch::{InstructionSet, Kernels, Supported, Work, run_with};

    /// A product of some rows and outputs, with a matrix that it packs.
    struct Multiply<'a> {
        values: &'a [f32],
        weights: &'a [f32],
        inputs: usize,
        rows: Range<usize>,
        outputs: Range<usize>,
    }

    impl<'a> Multiply<'a> {
        fn all(values: &'a [f32], weights: &'a [f32], inputs: usize) -> Self {
            let (rows, outputs) = (0..values.len() / inputs, 0..weights.len() / inputs);
            Multiply { values, weights, inputs, rows, outputs }
        }
    }

    impl Work for Multiply<'_> {
        type Output = Vec<u32>;
        const BEST: InstructionSet = InstructionSet::Vnni;

        #[inline(always)]
        fn run<I: Kernels>(self) -> Vec<u32> {
            let Multiply { values, weights, inputs, rows: which, outputs } = self;
            let matrix = ByteMatrix::pack(weights.len() / inputs, inputs, |output, row| {
                row.copy_from_slice(&weights[output * inputs..][..inputs]);
            });
            let matrix = matrix.expect("finite weights");
            let mut rows = ByteRows::default();
            // Values of an earlier product must have no effect.
            rows.quantise(&[-1.0; 3_000], 300, 300);
            rows.quantise(values, inputs, inputs);
            let (count, stride) = (which.len(), outputs.len() + 3);
            let mut results = vec![f32::NAN; count * stride];
            multiply::<I>(&rows, which, &matrix, outputs, &mut results, stride);
            let rows = results.chunks(stride);
            assert!(rows.clone().all(|row| row[stride - 3..].iter().all(|rest| rest.is_nan())));
            rows.flat_map(|row| &row[..stride - 3]).map(|result| result.to_bits()).collect()
        }
    }

    /// The definition: bytes of a row, and its scale.
    fn quantised(row: &[f32]) -> (Vec<i64>, f32) {
        let most = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        if most == 0.0 {
            return (vec![0; row.len()], 0.0);
        }
        let factor = 127.0 / most;
        let bytes = row.iter().map(|x| (x * factor).round_ties_even() as i64);
        (bytes.collect(), most / 127.0)
    }

    /// The definition of a product.
    fn product(values: &[f32], weights: &[f32], inputs: usize) -> Vec<u32> {
        let rows = values.chunks(inputs).map(quantised);
        let outputs: Vec<_> = weights.chunks(inputs).map(quantised).collect();
        let results = rows.flat_map(|(row, scale)| {
            let results = outputs.iter().map(move |(weights, weight)| {
                let sum: i64 = row.iter().zip(weights).map(|(a, b)| a * b).sum();
                (sum as f32 * scale * weight).to_bits()
            });
            results.collect::<Vec<_>>()
        });
        results.collect()
    }

    fn noise(seed: u64) -> impl FnMut() -> f32 {
        let mut random = Random::new(seed);
        move || {
            let random = random.next_u64();
            let (value, power) = ((random >> 32) as i32 as f32, (random >> 28) as i32 & 7);
            value * 2f32.powi(power - 34)
        }
    }

    #[test]
    fn every_instruction_set_computes_the_defined_product() {
        let inputs = [1, 2, 3, 4, 5, 63, 64, 65, 127, 257, 511, 512, 513, 1_030];
        let outputs = [1, 15, 16, 17, 33, 64, 65, 100, 130];
        let rows = [1, 2, 3, 4, 5, 6, 7, 8, 13, 97];
        for (case, inputs) in inputs.into_iter().cycle().take(40).enumerate() {
            let (outputs, rows) = (outputs[case % outputs.len()], rows[case % rows.len()]);
            let mut noise = noise(case as u64);
            let values: Vec<f32> = (0..rows * inputs).map(|_| noise()).collect();
            let mut weights: Vec<f32> = (0..outputs * inputs).map(|_| noise()).collect();
            // An output of zeros has no scale.
            weights[..inputs].fill(0.0);
            let expected = product(&values, &weights, inputs);
            for set in Supported::all() {
                let work = Multiply::all(&values, &weights, inputs);
                let results = run_with(set, work);
                assert!(results == expected, "{set:?}: {rows} x {inputs} x {outputs}");
            }
        }
    }

    #[test]
    fn the_largest_sums_are_exact() {
        for (value, weight) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let values = vec![value; MOST_INPUTS];
            let weights = vec![weight; 17 * MOST_INPUTS];
            let sum = value * weight * (127 * 127 * MOST_INPUTS) as f32;
            let expected = (sum * (1.0 / 127.0) * (1.0 / 127.0)).to_bits();
            for set in Supported::all() {
                let work = Multiply::all(&values, &weights, MOST_INPUTS);
                let results = run_with(set, work);
                assert!(results.iter().all(|&result| result == expected), "{set:?}");
            }
        }
    }

    #[test]
    fn a_part_of_a_product_equals_that_part_of_the_whole() {
        let (inputs, outputs) = (37, 200);
        let mut noise = noise(5);
        let values: Vec<f32> = (0..9 * inputs).map(|_| noise()).collect();
        let weights: Vec<f32> = (0..outputs * inputs).map(|_| noise()).collect();
        let all = product(&values, &weights, inputs);
        let all: Vec<&[u32]> = all.chunks(outputs).collect();
        for (rows, columns) in
            [(0..9, 0..64), (2..9, 64..200), (3..4, 128..129), (8..9, 64..177), (4..4, 0..200)]
        {
            let part = all[rows.clone()].iter().flat_map(|row| &row[columns.clone()]);
            let expected: Vec<u32> = part.copied().collect();
            for set in Supported::all() {
                let (rows, outputs) = (rows.clone(), columns.clone());
                let (values, weights) = (&values, &weights);
                let results = run_with(set, Multiply { values, weights, inputs, rows, outputs });
                assert!(results == expected, "{set:?}: {columns:?}");
            }
        }
    }

    #[test]
    fn selected_outputs_have_the_weights_of_all_outputs() {
        let (inputs, outputs) = (37, 200);
        let mut noise = noise(3);
        let weights: Vec<f32> = (0..outputs * inputs).map(|_| noise()).collect();
        let matrix = ByteMatrix::pack(outputs, inputs, |output, row| {
            row.copy_from_slice(&weights[output * inputs..][..inputs]);
        });
        let matrix = matrix.expect("finite weights");
        let which: Vec<u32> = (0..150).map(|at| at * 7 % 200).collect();
        let some = matrix.select(&which);
        let (mut row, mut expected) = (vec![0.0; inputs], vec![0.0; inputs]);
        for (at, &output) in which.iter().enumerate() {
            some.row(at, &mut row);
            matrix.row(output as usize, &mut expected);
            assert_eq!(row, expected);
            let (bytes, scale) = quantised(&weights[output as usize * inputs..][..inputs]);
            let definition: Vec<f32> = bytes.iter().map(|&byte| byte as f32 * scale).collect();
            assert_eq!(row, definition);
            assert_eq!(some.panel(at / PANEL).raises[at % PANEL], {
                let sum: i64 = bytes.iter().sum();
                -128 * sum as i32
            });
        }
    }

    #[test]
    fn activations_are_made_finite_and_small_ones_zero() {
        let infinite = [f32::INFINITY, 1e38, -0.0, f32::NAN];
        let finite = [3e38, 1e38, 0.0, -3e38];
        let small = [1e-31, -1e-40, 0.0, 0.0];
        for set in Supported::all() {
            let weights = [1.0, 0.5, 0.25, -0.125];
            let values = [infinite, finite, small].concat();
            let results = run_with(set, Multiply::all(&values, &weights, 4));
            let [infinite, finite, small] = results[..] else { panic!("three results") };
            assert_eq!((infinite, small), (finite, 0), "{set:?}");
        }
    }

    #[test]
    fn weights_that_are_infinite_or_nan_are_refused() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let packed = ByteMatrix::pack(3, 5, |output, row| {
                row.fill(1.0);
                row[4] = if output == 2 { wrong } else { 1.0 };
            });
            assert!(packed.is_none());
        }
    }
}

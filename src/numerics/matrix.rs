//! Products of matrices in single precision.
//!
//! Each output is one sum over the inputs in rising order, starting at zero: the product of an
//! input and its weight is rounded, then added and rounded. Vectors run over outputs, so that
//! neither their width nor the order of outputs changes a bit.

#![allow(unsafe_code, reason = "tiles of outputs stay in registers")]

use super::vectors::{Element, Vector};

/// The number of outputs is a multiple of this, the widest vector.
pub(crate) const GROUP: usize = 16;

/// The most rows whose outputs are in registers at once.
const TILE_ROWS: usize = 6;

/// Inputs of several rows, and the weights of several outputs.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a, W = f32> {
    /// Rows of inputs, `input_stride` apart.
    pub(crate) inputs: &'a [f32],
    pub(crate) input_stride: usize,
    pub(crate) rows: usize,
    /// Number of inputs of a row.
    pub(crate) depth: usize,
    /// For each input, the weights of all outputs; rows are `weight_stride` apart. They are
    /// floats or integers of 8 bits.
    pub(crate) weights: &'a [W],
    pub(crate) weight_stride: usize,
    /// Number of outputs, a multiple of [`GROUP`].
    pub(crate) outputs: usize,
}

/// The outputs of a product, in rows that are `stride` apart.
pub(crate) struct Sums<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
    /// Whether sums start at zero; else they continue from the values.
    pub(crate) fresh: bool,
}

/// Returns the length that a slice needs for `rows` of this width, `stride` apart.
fn extent(rows: usize, stride: usize, width: usize) -> usize {
    if rows == 0 { 0 } else { (rows - 1) * stride + width }
}

/// Computes a product.
#[inline(always)]
pub(crate) fn multiply<V: Vector, W: Element>(product: Product<'_, W>, sums: &mut Sums<'_>) {
    let Product { rows, depth, outputs, .. } = product;
    assert!(outputs % GROUP == 0, "outputs come in groups");
    assert!(outputs <= sums.stride || rows <= 1, "rows of sums do not overlap");
    assert!(extent(rows, product.input_stride, depth) <= product.inputs.len());
    assert!(extent(depth, product.weight_stride, outputs) <= product.weights.len());
    assert!(extent(rows, sums.stride, outputs) <= sums.values.len());
    // As few tiles as possible, of about the same height.
    let tiles = rows.div_ceil(TILE_ROWS);
    let mut row = 0;
    for tile in 0..tiles {
        let height = (rows - row).div_ceil(tiles - tile);
        // SAFETY: the assertions cover the `height` rows from `row` on.
        unsafe {
            match height {
                1 => columns::<V, W, 1>(product, sums, row),
                2 => columns::<V, W, 2>(product, sums, row),
                3 => columns::<V, W, 3>(product, sums, row),
                4 => columns::<V, W, 4>(product, sums, row),
                5 => columns::<V, W, 5>(product, sums, row),
                _ => columns::<V, W, 6>(product, sums, row),
            }
        }
        row += height;
    }
}

/// # Safety
/// `ROWS` rows from `row` on are within the slices, with all their inputs and outputs.
#[inline(always)]
unsafe fn columns<V: Vector, W: Element, const ROWS: usize>(
    product: Product<'_, W>,
    sums: &mut Sums<'_>,
    row: usize,
) {
    // 16 registers hold two vectors of six rows, 32 registers hold four.
    const WIDE: bool = cfg!(target_arch = "aarch64");
    let mut at = 0;
    // SAFETY: tiles end with the outputs, whose number is a multiple of each vector's lanes.
    unsafe {
        if V::LANES == GROUP || WIDE {
            while product.outputs - at >= 4 * V::LANES {
                tile::<V, W, ROWS, 4>(product, sums, row, at);
                at += 4 * V::LANES;
            }
        }
        while product.outputs - at >= 2 * V::LANES {
            tile::<V, W, ROWS, 2>(product, sums, row, at);
            at += 2 * V::LANES;
        }
        while at < product.outputs {
            tile::<V, W, ROWS, 1>(product, sums, row, at);
            at += V::LANES;
        }
    }
}

/// # Safety
/// As of [`columns`]; and `VECTORS` vectors of outputs from `at` on are within a row.
#[inline(always)]
unsafe fn tile<V: Vector, W: Element, const ROWS: usize, const VECTORS: usize>(
    product: Product<'_, W>,
    sums: &mut Sums<'_>,
    row: usize,
    at: usize,
) {
    // SAFETY: by the caller's promise: rows are below `ROWS`, inputs below `depth`, and outputs
    // within the row.
    unsafe {
        let inputs = product.inputs.as_ptr().add(row * product.input_stride);
        let mut weights = product.weights.as_ptr().add(at);
        let values = sums.values.as_mut_ptr().add(row * sums.stride + at);
        let mut totals = [[V::splat(0.0); VECTORS]; ROWS];
        if !sums.fresh {
            for r in 0..ROWS {
                for v in 0..VECTORS {
                    totals[r][v] = V::load(values.add(r * sums.stride + v * V::LANES));
                }
            }
        }
        for k in 0..product.depth {
            let mut factors = [V::splat(0.0); VECTORS];
            for v in 0..VECTORS {
                factors[v] = W::load(weights.add(v * V::LANES));
            }
            for r in 0..ROWS {
                let input = V::splat(*inputs.add(r * product.input_stride + k));
                for v in 0..VECTORS {
                    totals[r][v] = totals[r][v].add(input.multiply(factors[v]));
                }
            }
            weights = weights.wrapping_add(product.weight_stride);
        }
        for r in 0..ROWS {
            for v in 0..VECTORS {
                totals[r][v].store(values.add(r * sums.stride + v * V::LANES));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::numerics::dispatch::{InstructionSet, Kernels, Supported, Work, run_with};

    struct Multiply<'a, W>(Product<'a, W>, Sums<'a>);

    impl<W: Element> Work for Multiply<'_, W> {
        type Output = ();
        const BEST: InstructionSet = InstructionSet::Avx512;

        #[inline(always)]
        fn run<I: Kernels>(mut self) {
            multiply::<I::Floats, W>(self.0, &mut self.1);
        }
    }

    fn noise(random: &mut Random, length: usize) -> Vec<f32> {
        (0..length).map(|_| random.next_f32()).collect()
    }

    /// Compares all instruction sets with the definition.
    fn compare<W: Element + Into<f32>>(weight: impl Fn(f32) -> W) {
        let mut random = Random::new(7);
        for (rows, depth, outputs) in [
            (1, 1, 16),
            (2, 3, 32),
            (5, 20, 48),
            (6, 64, 64),
            (7, 33, 80),
            (13, 5, 128),
            (4, 0, 16),
        ] {
            let (input_stride, weight_stride, stride) = (depth + 3, outputs + 5, outputs + 2);
            let inputs = noise(&mut random, rows * input_stride);
            let weights = noise(&mut random, depth * weight_stride);
            let weights: Vec<W> = weights.into_iter().map(&weight).collect();
            let start = noise(&mut random, rows * stride);
            for fresh in [true, false] {
                let mut expected = start.clone();
                for row in 0..rows {
                    for output in 0..outputs {
                        let place = &mut expected[row * stride + output];
                        let mut sum = if fresh { 0.0 } else { *place };
                        for k in 0..depth {
                            let weight: f32 = weights[k * weight_stride + output].into();
                            sum += inputs[row * input_stride + k] * weight;
                        }
                        *place = sum;
                    }
                }
                for set in Supported::all() {
                    let mut values = start.clone();
                    let product = Product {
                        inputs: &inputs,
                        input_stride,
                        rows,
                        depth,
                        weights: &weights,
                        weight_stride,
                        outputs,
                    };
                    run_with(set, Multiply(product, Sums { values: &mut values, stride, fresh }));
                    assert_eq!(values, expected, "{set:?} {rows} {depth} {outputs}");
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_sums_in_the_written_order() {
        compare(|x| x);
        compare(|x| (x * 127.0) as i8);
    }
}

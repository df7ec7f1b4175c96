//! Measures the speed of products; run by hand, with optimisation.

use std::time::Instant;

use super::*;
use crate::numerics::dispatch::{InstructionSet, Kernels, Supported, Work, run_with};

struct Products<'a> {
    rows: &'a ByteRows,
    matrix: &'a ByteMatrix,
    results: &'a mut [f32],
}

impl Work for Products<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Vnni;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        let Products { rows, matrix, results } = self;
        let outputs = matrix.outputs();
        multiply::<I>(rows, 0..rows.len(), matrix, 0..outputs, results, outputs);
    }
}

/// Returns the speed in 10^9 operations per second: the best of many short runs, since most
/// are interrupted.
fn rate(operations: usize, mut run: impl FnMut()) -> f64 {
    let repeats = 2_000_000usize.div_ceil(operations);
    let (mut best, begin) = (0f64, Instant::now());
    while begin.elapsed().as_secs_f64() < 0.15 {
        let start = Instant::now();
        for _ in 0..repeats {
            run();
        }
        let seconds = start.elapsed().as_secs_f64();
        best = best.max((operations * repeats) as f64 / seconds * 1e-9);
    }
    best
}

#[test]
#[ignore = "measures"]
fn products() {
    for set in Supported::all() {
        println!("{set:?}, Gop/s with 1, 8, 32 and 128 rows");
        for (inputs, outputs) in [(64, 256), (256, 256), (512, 1_408), (768, 2_048), (4_096, 4_096)]
        {
            let matrix = ByteMatrix::pack(outputs, inputs, |output, row| {
                for (i, weight) in row.iter_mut().enumerate() {
                    *weight = ((output * 7 + i * 13) % 255) as f32 - 127.0;
                }
            });
            let matrix = matrix.expect("finite weights");
            print!("{inputs} x {outputs}:");
            for count in [1, 8, 32, 128] {
                let values = (0..count * inputs).map(|i| (i * 11 % 255) as f32 - 127.0);
                let values: Vec<f32> = values.collect();
                let mut rows = ByteRows::default();
                rows.quantise(&values, inputs, inputs);
                let mut results = vec![0.0; count * outputs];
                let rate = rate(2 * count * inputs * outputs, || {
                    run_with(set, Products { rows: &rows, matrix: &matrix, results: &mut results });
                });
                print!(" {rate:.0}");
            }
            println!();
        }
    }
}

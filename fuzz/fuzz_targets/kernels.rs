//! Products of any numbers and shapes: every instruction set of the machine computes the bits of
//! their definition.

#![no_main]

use std::fmt::Debug;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use lmac::proof::{self, Shape};
use lmac_support::Random;

#[derive(Debug, Arbitrary)]
enum Input {
    Adapt { blocks: u8, gain: i16, weights: Numbers, window: Numbers },
    Floats { shape: Sizes, inputs: Numbers, weights: Numbers, sums: Numbers },
    Bytes { shape: Sizes, inputs: Numbers, weights: Numbers, sums: Numbers },
    Quantised { rows: u8, inputs: u16, outputs: u8, values: Numbers, weights: Numbers },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Sizes {
    rows: u8,
    depth: u8,
    groups: u8,
    spare: [u8; 3],
    fresh: bool,
}

/// Numbers of any count: given ones, repeated, or noise.
#[derive(Debug, Arbitrary)]
enum Numbers {
    Given(Vec<u32>),
    Noise { seed: u64, powers: u8, infinite: bool },
}

/// A row whose largest number is below this becomes zeros.
const LEAST: f32 = 1.0 / (1u128 << 100) as f32;
/// Numbers are limited to this size.
const MOST: f32 = 3e38;

fuzz_target!(|input: Input| {
    match input {
        Input::Adapt { blocks, gain, weights, window } => {
            let length = 64 * (1 + usize::from(blocks) % 8);
            let weights = weights.integers(length);
            // Elements of a window and gains are never `i16::MIN`.
            let window = window.integers(length + 1).into_iter().map(|x| x.max(-i16::MAX));
            let (window, gain) = (window.collect::<Vec<_>>(), gain.max(-i16::MAX));
            let (before, after) = (&window[..length], &window[1..]);
            let expected = adapted(&weights, before, after, gain);
            same(proof::adapt(&weights, before, after, gain), &expected);
        }
        Input::Floats { shape, inputs, weights, sums } => {
            let (shape, inputs, sums) = shape.with(inputs, sums);
            let weights = weights.floats(shape.depth * shape.weight_stride);
            let expected = multiplied(shape, &inputs, &weights, &sums);
            same_floats(proof::multiply_floats(shape, &inputs, &weights, &sums), &expected);
        }
        Input::Bytes { shape, inputs, weights, sums } => {
            let (shape, inputs, sums) = shape.with(inputs, sums);
            let weights = weights.integers(shape.depth * shape.weight_stride);
            let weights: Vec<i8> = weights.into_iter().map(|weight| weight as i8).collect();
            let floats: Vec<f32> = weights.iter().map(|&weight| weight.into()).collect();
            let expected = multiplied(shape, &inputs, &floats, &sums);
            same_floats(proof::multiply_bytes(shape, &inputs, &weights, &sums), &expected);
        }
        Input::Quantised { rows, inputs, outputs, values, weights } => {
            let (rows, outputs) = (usize::from(rows) % 14, usize::from(outputs) % 140);
            let inputs = 1 + usize::from(inputs) % if rows * outputs > 200 { 100 } else { 1100 };
            let values = values.floats(rows * inputs);
            let weights = weights.floats(outputs * inputs);
            let expected = quantised_products(inputs, &values, &weights);
            let results = proof::multiply_quantised(inputs, &values, &weights);
            assert_eq!(results.is_some(), weights.iter().all(|weight| weight.is_finite()));
            same_floats(results.unwrap_or_default(), &expected);
        }
    }
});

impl Sizes {
    /// Returns a shape, with its inputs and its initial sums.
    fn with(self, inputs: Numbers, sums: Numbers) -> (Shape, Vec<f32>, Vec<f32>) {
        let [input, weight, sum] = self.spare.map(|spare| usize::from(spare) % 9);
        let (rows, depth) = (usize::from(self.rows) % 16, usize::from(self.depth) % 70);
        let outputs = 16 * (1 + usize::from(self.groups) % 9);
        let shape = Shape {
            rows,
            depth,
            outputs,
            input_stride: depth + input,
            weight_stride: outputs + weight,
            stride: outputs + sum,
            fresh: self.fresh,
        };
        (shape, inputs.floats(rows * shape.input_stride), sums.floats(rows * shape.stride))
    }
}

impl Numbers {
    fn bits(&self, count: usize) -> Vec<u32> {
        match self {
            Numbers::Given(given) => given.iter().copied().cycle().take(count).collect(),
            &Numbers::Noise { seed, .. } => {
                let mut random = Random::new(seed);
                (0..count).map(|_| random.next_u64() as u32).collect()
            }
        }
    }

    fn integers(&self, count: usize) -> Vec<i16> {
        let mut integers: Vec<i16> =
            self.bits(count).into_iter().map(|bits| (bits >> 16) as i16).collect();
        integers.resize(count, 0);
        integers
    }

    fn floats(&self, count: usize) -> Vec<f32> {
        let noise = |bits: u32| match *self {
            Numbers::Noise { infinite: false, powers, .. } => {
                let power = i32::from(bits as u8 % (1 + powers % 64)) - i32::from(powers);
                bits as i32 as f32 * 2f32.powi(power)
            }
            _ => f32::from_bits(bits),
        };
        let mut floats: Vec<f32> = self.bits(count).into_iter().map(noise).collect();
        floats.resize(count, 0.0);
        floats
    }
}

fn same<T: PartialEq + Debug>(results: Vec<(&'static str, T)>, expected: &T) {
    for (set, result) in results {
        assert_eq!(&result, expected, "{set}");
    }
}

/// Compares bits, except those of NaN.
fn same_floats(results: Vec<(&'static str, Vec<f32>)>, expected: &[f32]) {
    for (set, result) in results {
        assert_eq!(result.len(), expected.len());
        for (at, (x, y)) in result.iter().zip(expected).enumerate() {
            let same = x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan());
            assert!(same, "{set}: {x:e} and not {y:e} at {at}");
        }
    }
}

/// The definition of a step of the integer filters.
fn adapted(weights: &[i16], before: &[i16], after: &[i16], gain: i16) -> (i32, Vec<i16>) {
    let moved = weights.iter().zip(before).map(|(&weight, &before)| {
        let step = (i64::from(before) * i64::from(gain) + (1 << 14)) >> 15;
        (i64::from(weight) + step).clamp(i16::MIN.into(), i16::MAX.into()) as i16
    });
    let moved: Vec<i16> = moved.collect();
    let products = moved.iter().zip(after).map(|(&x, &y)| i64::from(x) * i64::from(y));
    (products.sum::<i64>() as i32, moved)
}

/// The definition of a product of matrices: one sum in rising order for each output.
fn multiplied(shape: Shape, inputs: &[f32], weights: &[f32], sums: &[f32]) -> Vec<f32> {
    let mut values = sums.to_vec();
    for row in 0..shape.rows {
        for output in 0..shape.outputs {
            let place = &mut values[row * shape.stride + output];
            let mut sum = if shape.fresh { 0.0 } else { *place };
            for k in 0..shape.depth {
                let weight = weights[k * shape.weight_stride + output];
                sum += inputs[row * shape.input_stride + k] * weight;
            }
            *place = sum;
        }
    }
    values
}

/// The definition of a product of quantised rows.
fn quantised_products(inputs: usize, values: &[f32], weights: &[f32]) -> Vec<f32> {
    let outputs: Vec<_> = weights.chunks(inputs).map(quantised).collect();
    let mut results = Vec::new();
    for (row, scale) in values.chunks(inputs).map(quantised) {
        for (weights, weight) in &outputs {
            let sum: i64 = row.iter().zip(weights).map(|(x, y)| x * y).sum();
            results.push(sum as f32 * scale * weight);
        }
    }
    results
}

/// Returns the bytes of a row, and its scale.
fn quantised(row: &[f32]) -> (Vec<i64>, f32) {
    let finite = |x: f32| if x.is_nan() { -MOST } else { x.clamp(-MOST, MOST) };
    let most = row.iter().fold(0.0f32, |most, &x| most.max(finite(x).abs()));
    if most < LEAST {
        return (vec![0; row.len()], 0.0);
    }
    let factor = 127.0 / most;
    let bytes = row.iter().map(|&x| (finite(x) * factor).round_ties_even() as i64);
    (bytes.collect(), most / 127.0)
}

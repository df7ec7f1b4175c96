//! A matrix of weights in their stored type, laid out for the products of
//! [`numerics::matrix`](crate::numerics::matrix).

use std::ops::Range;

use super::buffer::reserve;
use crate::error::{Error, Result};
use crate::method::language::tensor::{Tensor, TensorKind, expand};
use crate::numerics::dispatch::{InstructionSet, Kernels, Supported, Work, run_with};
use crate::numerics::matrix::{GROUP, Product, Sums, multiply};

/// Number of outputs of a panel; the last panel may have fewer.
const PANEL: usize = 64;

/// Number of inputs whose weights are used together, so that they stay in the L1 cache. A
/// multiple of the number of values in a block of every kind.
const DEPTH: usize = 256;

/// A matrix with a row of weights for each output and a column for each input.
#[derive(Debug)]
pub(super) struct Panels {
    outputs: usize,
    inputs: usize,
    weights: Weights,
}

/// Weights, padded with zeros to a whole group of outputs.
#[derive(Debug)]
enum Weights {
    /// Panel by panel, for each input the weights of all outputs.
    Floats(Vec<f32>),
    /// The same layout with two bytes a weight.
    Halves(TensorKind, Vec<[u8; 2]>),
    /// Output by output as in the tensor, for kinds that pack several inputs together.
    Rows(Tensor),
}

impl Panels {
    /// Lays out a matrix. Fails if a weight is infinite or NaN.
    pub(super) fn new(name: &str, tensor: Tensor) -> Result<Self> {
        check(name, &tensor)?;
        let (outputs, inputs) = (tensor.rows(), tensor.columns());
        let padded = outputs.next_multiple_of(GROUP) * inputs;
        let kind = tensor.kind();
        let weights = if kind == TensorKind::F32 {
            let mut panels = vec![0.0; padded];
            let mut row = vec![0.0; inputs];
            for output in 0..outputs {
                tensor.row(output, &mut row);
                scatter(&row, &mut panels, outputs, output);
            }
            Weights::Floats(panels)
        } else if kind.row_bytes(1) == Some(2) {
            let mut panels = vec![[0; 2]; padded];
            for output in 0..outputs {
                scatter(tensor.row_bytes(output).as_chunks().0, &mut panels, outputs, output);
            }
            Weights::Halves(kind, panels)
        } else {
            Weights::Rows(tensor)
        };
        Ok(Panels { outputs, inputs, weights })
    }

    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Writes the weights of one output.
    pub(super) fn row(&self, output: usize, values: &mut [f32]) {
        let (start, stride) = place(self.outputs, self.inputs, output);
        match &self.weights {
            Weights::Floats(panels) => {
                for (to, from) in values.iter_mut().zip(panels[start..].iter().step_by(stride)) {
                    *to = *from;
                }
            }
            Weights::Halves(kind, panels) => {
                for (to, from) in values.iter_mut().zip(panels[start..].iter().step_by(stride)) {
                    expand(*kind, from, std::slice::from_mut(to));
                }
            }
            Weights::Rows(tensor) => tensor.row(output, values),
        }
    }

    /// Makes a matrix of some of the outputs, in this order.
    pub(super) fn select(&self, outputs: &[u32]) -> Panels {
        let inputs = self.inputs;
        let mut row = vec![0.0; inputs];
        let mut panels = vec![0.0; outputs.len().next_multiple_of(GROUP) * inputs];
        for (at, &output) in outputs.iter().enumerate() {
            self.row(output as usize, &mut row);
            scatter(&row, &mut panels, outputs.len(), at);
        }
        Panels { outputs: outputs.len(), inputs, weights: Weights::Floats(panels) }
    }

    /// Computes the outputs of rows of inputs. Rows of outputs are padded with zeros to whole
    /// groups.
    pub(super) fn multiply(
        &self,
        set: Supported,
        inputs: &[f32],
        input_stride: usize,
        rows: usize,
        outputs: &mut [f32],
        expanded: &mut Vec<f32>,
    ) {
        let panels = self;
        run_with(set, Multiply { panels, inputs, input_stride, rows, outputs, expanded });
    }
}

/// Returns the place of the first weight of an output, and the distance to the next weight.
fn place(outputs: usize, inputs: usize, output: usize) -> (usize, usize) {
    let first = output / PANEL * PANEL;
    let width = PANEL.min(outputs.next_multiple_of(GROUP) - first);
    (first * inputs + output - first, width)
}

/// Copies the weights of an output to their places.
fn scatter<T: Copy>(row: &[T], panels: &mut [T], outputs: usize, output: usize) {
    let (start, stride) = place(outputs, row.len(), output);
    for (to, from) in panels[start..].iter_mut().step_by(stride).zip(row) {
        *to = *from;
    }
}

/// Fails if a value is infinite or NaN.
pub(super) fn check(name: &str, tensor: &Tensor) -> Result<()> {
    let mut values = vec![0.0; tensor.columns()];
    for row in 0..tensor.rows() {
        tensor.row(row, &mut values);
        if !values.iter().all(|value| value.is_finite()) {
            return Err(not_finite(name));
        }
    }
    Ok(())
}

/// Returns the error of a tensor with infinite values or NaN.
pub(super) fn not_finite(name: &str) -> Error {
    Error::model(format!("tensor {name} has a value that is infinite or NaN"))
}

struct Multiply<'a> {
    panels: &'a Panels,
    inputs: &'a [f32],
    input_stride: usize,
    rows: usize,
    outputs: &'a mut [f32],
    expanded: &'a mut Vec<f32>,
}

impl Work for Multiply<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Avx512;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        let Panels { outputs, inputs, weights } = self.panels;
        let stride = outputs.next_multiple_of(GROUP);
        for first in (0..stride).step_by(PANEL) {
            let width = PANEL.min(stride - first);
            for start in (0..*inputs).step_by(DEPTH) {
                let depth = DEPTH.min(inputs - start);
                let at = first * inputs + start * width;
                let range = at..at + depth * width;
                let weights = match weights {
                    Weights::Floats(panels) => &panels[range],
                    Weights::Halves(kind, panels) => {
                        let expanded = &mut reserve(self.expanded, DEPTH * PANEL)[..range.len()];
                        expand(*kind, panels[range].as_flattened(), expanded);
                        expanded
                    }
                    Weights::Rows(tensor) => {
                        let outputs = first..(first + width).min(*outputs);
                        let expanded = reserve(self.expanded, DEPTH * (PANEL + 1));
                        let (row, panel) = expanded.split_at_mut(DEPTH);
                        turn(tensor, outputs, start, &mut row[..depth], panel, width);
                        &panel[..range.len()]
                    }
                };
                let product = Product {
                    inputs: &self.inputs[start..],
                    input_stride: self.input_stride,
                    rows: self.rows,
                    depth,
                    weights,
                    weight_stride: width,
                    outputs: width,
                };
                let values = &mut self.outputs[first..];
                multiply::<I::Floats, f32>(
                    product,
                    &mut Sums { values, stride, fresh: start == 0 },
                );
            }
        }
    }
}

/// Makes a panel of the weights of outputs, for the inputs from `start` on, as many as `row`
/// has. Missing outputs of a panel have weights of zero.
fn turn(
    tensor: &Tensor,
    outputs: Range<usize>,
    start: usize,
    row: &mut [f32],
    panel: &mut [f32],
    width: usize,
) {
    let bytes = |columns| tensor.kind().row_bytes(columns).unwrap_or(0);
    let range = bytes(start)..bytes(start + row.len());
    panel[..row.len() * width].fill(0.0);
    for (at, output) in outputs.enumerate() {
        expand(tensor.kind(), &tensor.row_bytes(output)[range.clone()], row);
        for (to, from) in panel[at..].iter_mut().step_by(width).zip(&*row) {
            *to = *from;
        }
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;

    #[test]
    fn every_kind_is_multiplied_as_the_floats_that_it_stands_for() {
        const OUTPUTS: usize = 70;
        const INPUTS: usize = 768;
        let mut random = Random::new(9);
        let mut random = move || random.next_u64() as u8;
        let inputs: Vec<f32> = (0..3 * INPUTS).map(|_| f32::from(random()) - 128.0).collect();
        for (kind, block) in [
            (TensorKind::F16, 2),
            (TensorKind::BF16, 2),
            (TensorKind::Q8_0, 34),
            (TensorKind::Q4K, 144),
            (TensorKind::Q5_1, 24),
        ] {
            let length = kind.tensor_bytes(&[OUTPUTS, INPUTS]).unwrap();
            let mut bytes: Vec<u8> = (0..length).map(|_| random()).collect();
            for block in bytes.chunks_exact_mut(block) {
                // Scales, and the floats themselves, are no larger than a few.
                block[1] &= 0xBF;
                if block.len() == 144 || block.len() == 24 {
                    block[3] &= 0xBF;
                }
            }
            let tensor = Tensor::new(vec![OUTPUTS, INPUTS], kind, bytes).unwrap();
            let mut floats = vec![0.0; OUTPUTS * INPUTS];
            for (at, row) in floats.chunks_exact_mut(INPUTS).enumerate() {
                tensor.row(at, row);
            }
            let stored = Panels::new("stored", tensor).unwrap();
            let bytes = floats.iter().flat_map(|x| x.to_le_bytes()).collect();
            let tensor = Tensor::new(vec![OUTPUTS, INPUTS], TensorKind::F32, bytes).unwrap();
            let expected = Panels::new("floats", tensor).unwrap();
            let product = |panels: &Panels, set| {
                let mut outputs = vec![f32::NAN; 3 * panels.outputs().next_multiple_of(GROUP)];
                panels.multiply(set, &inputs, INPUTS, 3, &mut outputs, &mut Vec::new());
                outputs.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let some: Vec<u32> = (0..OUTPUTS as u32).rev().step_by(3).collect();
            for set in Supported::all() {
                assert!(product(&stored, set) == product(&expected, set), "{kind:?} {set:?}");
                let (stored, expected) = (stored.select(&some), expected.select(&some));
                assert!(product(&stored, set) == product(&expected, set), "{kind:?} {set:?}");
            }
        }
    }
}

//! Matrices and what they are multiplied with, in the arithmetic of a profile.

use super::panels::Panels;
use crate::error::Result;
use crate::model::language::Profile;
use crate::model::language::tensor::Tensor;
use crate::numerics::dispatch::InstructionSet;
use crate::numerics::matrix::GROUP;

/// A matrix of weights.
#[derive(Debug)]
pub(super) enum Matrix {
    Floats(Panels),
}

/// Rows that are multiplied with matrices.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    floats: Vec<f32>,
    rows: usize,
    stride: usize,
    expanded: Vec<f32>,
}

impl Inputs {
    /// Room for rows of this width, padded to whole groups.
    pub(super) fn rows_mut(&mut self, rows: usize, width: usize) -> &mut [f32] {
        (self.rows, self.stride) = (rows, width.next_multiple_of(GROUP));
        super::scratch::reserve(&mut self.floats, rows * self.stride)
    }

    /// Makes what products need of the rows that were written.
    pub(super) fn prepare(&mut self, _set: InstructionSet) {}
}

impl Matrix {
    pub(super) fn new(_profile: Profile, name: &str, tensor: Tensor) -> Result<Self> {
        Ok(Matrix::Floats(Panels::new(name, tensor)?))
    }

    pub(super) fn outputs(&self) -> usize {
        match self {
            Matrix::Floats(panels) => panels.outputs(),
        }
    }

    /// Length of a row of outputs, padded to whole groups.
    pub(super) fn stride(&self) -> usize {
        self.outputs().next_multiple_of(GROUP)
    }

    /// The weights of one output.
    pub(super) fn row(&self, output: usize, values: &mut [f32]) {
        match self {
            Matrix::Floats(panels) => panels.row(output, values),
        }
    }

    /// A matrix of some of the outputs, in this order.
    pub(super) fn select(&self, outputs: &[u32]) -> Matrix {
        match self {
            Matrix::Floats(panels) => Matrix::Floats(panels.select(outputs)),
        }
    }

    /// The outputs of the rows of inputs from `first` on, as many as `outputs` has room for.
    pub(super) fn multiply(&self, set: InstructionSet, inputs: &mut Inputs, outputs: &mut [f32]) {
        self.multiply_some(set, inputs, 0, outputs);
    }

    pub(super) fn multiply_some(
        &self,
        set: InstructionSet,
        inputs: &mut Inputs,
        first: usize,
        outputs: &mut [f32],
    ) {
        let Inputs { floats, stride, expanded, .. } = inputs;
        let rows = outputs.len() / self.stride();
        match self {
            Matrix::Floats(panels) => {
                panels.multiply(set, &floats[first * *stride..], *stride, rows, outputs, expanded);
            }
        }
    }
}

//! Matrices and their inputs, in the arithmetic of a precision.

use super::buffer::reserve;
use super::panels::{Panels, not_finite};
use crate::error::Result;
use crate::method::language::Precision;
use crate::method::language::tensor::Tensor;
use crate::numerics::bytes::{ByteMatrix, ByteRows, multiply};
use crate::numerics::dispatch::{InstructionSet, Kernels, Supported, Work, run_with};
use crate::numerics::matrix::GROUP;

/// A matrix of weights.
#[derive(Debug)]
pub(super) enum Matrix {
    Floats(Panels),
    Bytes(ByteMatrix),
}

/// Rows of inputs of matrices.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    floats: Vec<f32>,
    rows: usize,
    width: usize,
    /// The same rows, quantised.
    bytes: ByteRows,
    /// Whether `bytes` is up to date.
    quantised: bool,
    /// A buffer for a panel of weights that are not stored as floats.
    expanded: Vec<f32>,
}

impl Inputs {
    /// Returns rows of this width to be written, each padded to whole groups.
    pub(super) fn rows_mut(&mut self, rows: usize, width: usize) -> &mut [f32] {
        (self.rows, self.width, self.quantised) = (rows, width, false);
        reserve(&mut self.floats, rows * width.next_multiple_of(GROUP))
    }
}

impl Matrix {
    pub(super) fn new(precision: Precision, name: &str, tensor: Tensor) -> Result<Self> {
        match precision {
            Precision::F32 => Ok(Matrix::Floats(Panels::new(name, tensor)?)),
            Precision::Int8 => {
                let row = |output, row: &mut [f32]| tensor.row(output, row);
                let matrix = ByteMatrix::pack(tensor.rows(), tensor.columns(), row);
                Ok(Matrix::Bytes(matrix.ok_or_else(|| not_finite(name))?))
            }
        }
    }

    pub(super) fn outputs(&self) -> usize {
        match self {
            Matrix::Floats(panels) => panels.outputs(),
            Matrix::Bytes(matrix) => matrix.outputs(),
        }
    }

    /// Returns the length of a row of outputs, padded to whole groups.
    pub(super) fn stride(&self) -> usize {
        self.outputs().next_multiple_of(GROUP)
    }

    /// Writes the weights of one output.
    pub(super) fn row(&self, output: usize, values: &mut [f32]) {
        match self {
            Matrix::Floats(panels) => panels.row(output, values),
            Matrix::Bytes(matrix) => matrix.row(output, values),
        }
    }

    /// Makes a matrix of some of the outputs, in this order.
    pub(super) fn select(&self, outputs: &[u32]) -> Matrix {
        match self {
            Matrix::Floats(panels) => Matrix::Floats(panels.select(outputs)),
            Matrix::Bytes(matrix) => Matrix::Bytes(matrix.select(outputs)),
        }
    }

    /// Computes the outputs of all rows of inputs.
    pub(super) fn multiply(&self, set: Supported, inputs: &mut Inputs, outputs: &mut [f32]) {
        self.multiply_from(set, inputs, 0, outputs);
    }

    /// Computes the outputs of the rows of inputs from `first` on, as many as fit `outputs`.
    pub(super) fn multiply_from(
        &self,
        set: Supported,
        inputs: &mut Inputs,
        first: usize,
        outputs: &mut [f32],
    ) {
        let stride = inputs.width.next_multiple_of(GROUP);
        let rows = outputs.len() / self.stride();
        let floats = &inputs.floats[..inputs.rows * stride];
        match self {
            Matrix::Floats(panels) => {
                let floats = &floats[first * stride..];
                panels.multiply(set, floats, stride, rows, outputs, &mut inputs.expanded);
            }
            Matrix::Bytes(matrix) => {
                let quantise = (!inputs.quantised).then_some((floats, stride, inputs.width));
                inputs.quantised = true;
                let bytes = &mut inputs.bytes;
                run_with(set, Multiply { quantise, bytes, first, matrix, outputs, rows });
            }
        }
    }
}

struct Multiply<'a> {
    /// Rows that are to be quantised first, their stride and their width.
    quantise: Option<(&'a [f32], usize, usize)>,
    bytes: &'a mut ByteRows,
    first: usize,
    matrix: &'a ByteMatrix,
    outputs: &'a mut [f32],
    rows: usize,
}

impl Work for Multiply<'_> {
    type Output = ();
    const BEST: InstructionSet = InstructionSet::Vnni;

    #[inline(always)]
    fn run<I: Kernels>(self) {
        if let Some((floats, stride, width)) = self.quantise {
            self.bytes.quantise(floats, stride, width);
        }
        let (matrix, count) = (self.matrix, self.matrix.outputs());
        let which = self.first..self.first + self.rows;
        let stride = count.next_multiple_of(GROUP);
        multiply::<I>(self.bytes, which, matrix, 0..count, self.outputs, stride);
    }
}

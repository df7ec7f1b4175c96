//! Weights as they are stored.

mod blocks;
mod floats;
mod kind;
mod superblocks;

use crate::error::{Error, Result};
use crate::model::language::architecture::Expected;

pub use kind::Kind;

/// A vector or a matrix, row by row, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    kind: Kind,
    /// Whole blocks: as many bytes as the shape's rows take in this kind.
    bytes: Vec<u8>,
}

/// Where the tensors of a model come from, one at a time.
pub trait Tensors {
    /// The tensor of this canonical name, in the order of rows that the name stands for.
    fn tensor(&mut self, expected: &Expected) -> Result<Tensor>;
}

impl Tensor {
    /// A tensor of these bytes, little-endian.
    pub fn new(shape: Vec<usize>, kind: Kind, bytes: Vec<u8>) -> Result<Self> {
        if kind.tensor_bytes(&shape) != Some(bytes.len()) {
            return Err(Error::model(format!(
                "{} bytes for a tensor of shape {shape:?} in {}",
                bytes.len(),
                kind.name()
            )));
        }
        Ok(Tensor { shape, kind, bytes })
    }

    /// One number for a vector, two for a matrix.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How the values are stored.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Rows of a matrix; a vector has one.
    pub fn rows(&self) -> usize {
        match self.shape.as_slice() {
            [rows @ .., _] => rows.iter().product(),
            [] => 1,
        }
    }

    /// Values of a row.
    pub fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// All bytes, row by row.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of a row.
    pub fn row_bytes(&self, row: usize) -> &[u8] {
        let length = self.bytes.len() / self.rows().max(1);
        &self.bytes[row * length..(row + 1) * length]
    }

    /// The values of a row, exactly.
    pub fn row(&self, row: usize, values: &mut [f32]) {
        expand(self.kind, self.row_bytes(row), values);
    }
}

/// The values of stored bytes, exactly: whole blocks of their kind.
///
/// Floats stand for themselves. The formulas of the other kinds multiply and add in single
/// precision, each operation rounded on its own; their products are always exact, so that
/// an offset's addition is the only rounding.
pub(crate) fn expand(kind: Kind, bytes: &[u8], values: &mut [f32]) {
    match kind {
        Kind::F32 => floats::f32(bytes, values),
        Kind::F16 => floats::f16(bytes, values),
        Kind::BF16 => floats::bf16(bytes, values),
        Kind::Q4_0 => blocks::q4_0(bytes, values),
        Kind::Q4_1 => blocks::q4_1(bytes, values),
        Kind::Q5_0 => blocks::q5_0(bytes, values),
        Kind::Q5_1 => blocks::q5_1(bytes, values),
        Kind::Q8_0 => blocks::q8_0(bytes, values),
        Kind::Q2K => superblocks::q2(bytes, values),
        Kind::Q3K => superblocks::q3(bytes, values),
        Kind::Q4K => superblocks::q4(bytes, values),
        Kind::Q5K => superblocks::q5(bytes, values),
        Kind::Q6K => superblocks::q6(bytes, values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_behind_each_other() {
        let bytes: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0].map(f32::to_le_bytes).concat();
        let tensor = Tensor::new(vec![2, 3], Kind::F32, bytes).unwrap();
        let mut row = [0.0; 3];
        tensor.row(1, &mut row);
        assert_eq!(row, [4.0, 5.0, 6.0]);
        assert_eq!((tensor.rows(), tensor.columns()), (2, 3));
    }

    #[test]
    fn bytes_must_fit_the_shape() {
        assert!(Tensor::new(vec![2, 3], Kind::F16, vec![0; 12]).is_ok());
        assert!(Tensor::new(vec![2, 3], Kind::F16, vec![0; 14]).is_err());
        assert!(Tensor::new(vec![1, 32], Kind::Q8_0, vec![0; 34]).is_ok());
        // Half a block fills no row.
        assert!(Tensor::new(vec![2, 16], Kind::Q8_0, vec![0; 34]).is_err());
        assert!(Tensor::new(vec![usize::MAX, 2], Kind::F32, Vec::new()).is_err());
    }
}

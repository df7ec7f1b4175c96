//! Weights as they are stored.

mod blocks;
mod floats;
mod kind;
mod superblocks;

use crate::error::{Error, Result};
use crate::method::language::architecture::ExpectedTensor;

pub use kind::TensorKind;

/// A vector or a matrix, row by row, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    kind: TensorKind,
    /// Whole blocks: as many bytes as the shape's rows take in this kind.
    bytes: Vec<u8>,
}

/// Where the tensors of a model come from, one at a time.
pub trait Tensors {
    /// The tensor of this canonical name, in the order of rows that the name stands for.
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor>;
}

impl Tensor {
    /// A tensor of these bytes, little-endian.
    pub fn new(shape: Vec<usize>, kind: TensorKind, bytes: Vec<u8>) -> Result<Self> {
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
    pub fn kind(&self) -> TensorKind {
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

impl ExpectedTensor {
    /// Fails if a tensor has another shape.
    pub(crate) fn check(&self, tensor: &Tensor) -> Result<()> {
        let (name, shape) = (&self.name, tensor.shape());
        if shape == self.shape {
            return Ok(());
        }
        Err(Error::model(format!(
            "the tensor {name} has the shape {shape:?}; the model needs {:?}",
            self.shape
        )))
    }
}

/// The values of stored bytes, exactly: whole blocks of their kind.
///
/// Floats stand for themselves. The formulas of the other kinds multiply and add in single
/// precision, each operation rounded on its own; their products are always exact, so that
/// an offset's addition is the only rounding.
pub(crate) fn expand(kind: TensorKind, bytes: &[u8], values: &mut [f32]) {
    match kind {
        TensorKind::F32 => floats::f32(bytes, values),
        TensorKind::F16 => floats::f16(bytes, values),
        TensorKind::BF16 => floats::bf16(bytes, values),
        TensorKind::Q4_0 => blocks::q4_0(bytes, values),
        TensorKind::Q4_1 => blocks::q4_1(bytes, values),
        TensorKind::Q5_0 => blocks::q5_0(bytes, values),
        TensorKind::Q5_1 => blocks::q5_1(bytes, values),
        TensorKind::Q8_0 => blocks::q8_0(bytes, values),
        TensorKind::Q2K => superblocks::q2(bytes, values),
        TensorKind::Q3K => superblocks::q3(bytes, values),
        TensorKind::Q4K => superblocks::q4(bytes, values),
        TensorKind::Q5K => superblocks::q5(bytes, values),
        TensorKind::Q6K => superblocks::q6(bytes, values),
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::mixed;

    use super::*;

    #[test]
    fn rows_lie_behind_each_other() {
        let bytes: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0].map(f32::to_le_bytes).concat();
        let tensor = Tensor::new(vec![2, 3], TensorKind::F32, bytes).unwrap();
        let mut row = [0.0; 3];
        tensor.row(1, &mut row);
        assert_eq!(row, [4.0, 5.0, 6.0]);
        assert_eq!((tensor.rows(), tensor.columns()), (2, 3));
    }

    #[test]
    fn bytes_must_fit_the_shape() {
        assert!(Tensor::new(vec![2, 3], TensorKind::F16, vec![0; 12]).is_ok());
        assert!(Tensor::new(vec![2, 3], TensorKind::F16, vec![0; 14]).is_err());
        assert!(Tensor::new(vec![1, 32], TensorKind::Q8_0, vec![0; 34]).is_ok());
        // Half a block fills no row.
        assert!(Tensor::new(vec![2, 16], TensorKind::Q8_0, vec![0; 34]).is_err());
        assert!(Tensor::new(vec![usize::MAX, 2], TensorKind::F32, Vec::new()).is_err());
    }

    /// Checksums of eight blocks of seeded bytes as GGUF's own library for Python (gguf
    /// 0.19, on numpy) expands them. The second number says where a block has its scales.
    #[test]
    fn blocks_expand_as_elsewhere() {
        let known: [(TensorKind, &[usize], u32); 10] = [
            (TensorKind::Q4_0, &[0], 0x57FD_D983),
            (TensorKind::Q4_1, &[0, 2], 0x50D6_E032),
            (TensorKind::Q5_0, &[0], 0x723F_DB78),
            (TensorKind::Q5_1, &[0, 2], 0x1052_BA11),
            (TensorKind::Q8_0, &[0], 0xB8F6_782A),
            (TensorKind::Q2K, &[80, 82], 0x76AA_609F),
            (TensorKind::Q3K, &[108], 0x6BBE_8CEA),
            (TensorKind::Q4K, &[0, 2], 0xC579_C53E),
            (TensorKind::Q5K, &[0, 2], 0x8A8E_EEC3),
            (TensorKind::Q6K, &[208], 0x147C_C0D0),
        ];
        for (kind, scales, checksum) in known {
            let length = kind.block_bytes();
            let mut bytes: Vec<u8> = (0..8 * length).map(|at| mixed(at as u64) as u8).collect();
            for block in bytes.chunks_mut(length) {
                // None is infinite without its highest exponent bit.
                scales.iter().for_each(|&scale| block[scale + 1] &= 0xBF);
            }
            let mut values = vec![0.0f32; 8 * kind.block()];
            expand(kind, &bytes, &mut values);
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            assert_eq!(crc32fast::hash(&bytes), checksum, "{}", kind.name());
        }
    }
}

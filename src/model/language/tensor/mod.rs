//! Weights as they are stored.

use crate::error::{Error, Result};
use crate::model::language::architecture::Expected;

/// How the values of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// IEEE float of 32 bits.
    F32,
    /// IEEE float of 16 bits.
    F16,
    /// The upper half of an IEEE float of 32 bits.
    BF16,
}

/// A vector or a matrix, row by row, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    kind: Kind,
    bytes: Vec<u8>,
}

/// Where the tensors of a model come from, one at a time.
pub trait Tensors {
    /// The tensor of this canonical name, in the order of rows that the name stands for.
    fn tensor(&mut self, expected: &Expected) -> Result<Tensor>;
}

impl Kind {
    /// Bytes of a row of this many values; `None` where they fill no whole blocks.
    pub fn row_bytes(self, columns: usize) -> Option<usize> {
        match self {
            Kind::F32 => columns.checked_mul(4),
            Kind::F16 | Kind::BF16 => columns.checked_mul(2),
        }
    }
}

impl Tensor {
    /// A tensor of these bytes, little-endian.
    pub fn new(shape: Vec<usize>, kind: Kind, bytes: Vec<u8>) -> Result<Self> {
        let tensor = Tensor { shape, kind, bytes };
        let row = kind.row_bytes(tensor.columns());
        let total = row.and_then(|row| row.checked_mul(tensor.rows()));
        if total != Some(tensor.bytes.len()) {
            return Err(Error::model(format!(
                "{} bytes for a tensor of shape {:?}",
                tensor.bytes.len(),
                tensor.shape
            )));
        }
        Ok(tensor)
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
        if self.shape.len() > 1 { self.shape[0] } else { 1 }
    }

    /// Values of a row.
    pub fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
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
pub(crate) fn expand(kind: Kind, bytes: &[u8], values: &mut [f32]) {
    match kind {
        Kind::F32 => {
            for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*bytes);
            }
        }
        Kind::F16 => {
            for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = half(u16::from_le_bytes(*bytes));
            }
        }
        Kind::BF16 => {
            for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
            }
        }
    }
}

/// A float of 16 bits as one of 32, exactly.
#[inline(always)]
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let rest = u32::from(bits & 0x7FFF) << 13;
    // Exponents are 112 apart; what is infinite or no number stays so.
    let magnitude = if rest >= 0x0F80_0000 {
        f32::from_bits(rest + (224 << 23))
    } else {
        f32::from_bits(rest) * f32::from_bits((127 + 112) << 23)
    };
    f32::from_bits(magnitude.to_bits() | sign)
}

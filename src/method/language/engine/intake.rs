//! Loads the tensors of a model one after the other.

use std::vec::IntoIter;

use super::matrix::Matrix;
use super::panels::check;
use crate::error::{Error, Result};
use crate::method::language::Precision;
use crate::method::language::architecture::{Architecture, ExpectedTensor};
use crate::method::language::tensor::{Tensor, Tensors};

/// Tensors in their canonical order, each of which is checked against the architecture.
pub(super) struct Intake<'a> {
    expected: IntoIter<ExpectedTensor>,
    tensors: &'a mut dyn Tensors,
    precision: Precision,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        architecture: &Architecture,
        precision: Precision,
        tensors: &'a mut dyn Tensors,
    ) -> Self {
        Intake { expected: architecture.tensors().into_iter(), tensors, precision }
    }

    /// Loads the next tensor, which must have this name within its layer.
    fn next(&mut self, name: &str) -> Result<(String, Tensor)> {
        let expected = self.expected.next();
        let expected = expected.filter(|expected| expected.name.ends_with(name));
        let expected = expected.ok_or_else(|| {
            Error::model(format!("the architecture expects no tensor {name} here"))
        })?;
        let tensor = self.tensors.tensor(&expected)?;
        expected.check(&tensor)?;
        Ok((expected.name, tensor))
    }

    pub(super) fn vector(&mut self, name: &str) -> Result<Vec<f32>> {
        let (name, tensor) = self.next(name)?;
        check(&name, &tensor)?;
        let mut values = vec![0.0; tensor.columns()];
        tensor.row(0, &mut values);
        Ok(values)
    }

    /// Loads a matrix for products in the arithmetic of the precision.
    pub(super) fn matrix(&mut self, name: &str) -> Result<Matrix> {
        let (name, tensor) = self.next(name)?;
        Matrix::new(self.precision, &name, tensor)
    }

    /// Loads a matrix whose rows are looked up.
    pub(super) fn rows(&mut self, name: &str) -> Result<Tensor> {
        let (name, tensor) = self.next(name)?;
        check(&name, &tensor)?;
        Ok(tensor)
    }
}

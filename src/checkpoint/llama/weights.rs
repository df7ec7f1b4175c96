//! The tensors of a Llama, whole or cut into parts.

use std::collections::HashSet;

use super::names::LlamaNames;
use crate::checkpoint::storage::directory::TensorDirectory;
use crate::error::{Error, Result};
use crate::method::language::architecture::{Architecture, ExpectedTensor, Llama};
use crate::method::language::tensor::{Tensor, Tensors};

/// The weights of a Llama.
#[derive(Debug)]
pub(crate) struct Weights {
    head_width: usize,
    names: &'static LlamaNames,
    rotation: Rotation,
    /// One directory with whole tensors, or several that each hold a part of every matrix.
    parts: Vec<TensorDirectory>,
}

/// The pairs of a head's rows that are rotated against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// Each row of the first half with one of the second.
    Halves,
    /// Each even row with the odd row behind it.
    Neighbours,
}

/// Endings of the names of tensors that follow from the configuration: rotary frequencies.
const DERIVED: &[&str] = &["rotary_emb.inv_freq", "rope.freqs", "rope_freqs.weight"];

impl Weights {
    /// The weights in these directories. Fails if one has tensors that a Llama does not have.
    pub(crate) fn new(
        llama: &Llama,
        names: &'static LlamaNames,
        rotation: Rotation,
        parts: Vec<TensorDirectory>,
    ) -> Result<Self> {
        let tensors = Architecture::Llama(llama.clone()).tensors();
        let known: HashSet<String> =
            tensors.iter().filter_map(|tensor| names.name(&tensor.name)).collect();
        let derived = |name: &str| DERIVED.iter().any(|suffix| name.ends_with(suffix));
        for part in &parts {
            // A tied model may have a head, which is ignored.
            part.check_names(
                |name| known.contains(name) || name == names.head() || derived(name),
                "Llama",
            )?;
        }
        Ok(Weights { head_width: llama.head_width, names, rotation, parts })
    }
}

impl Tensors for Weights {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let Some(name) = self.names.name(&expected.name) else {
            return Err(Error::model(format!("a Llama has no tensor {}", expected.name)));
        };
        let tensor = match self.parts.as_slice() {
            [whole] => whole.read(&name, &expected.shape)?,
            parts => joined(parts, &name, &expected.shape)?,
        };
        match (self.rotation, expected.name.rsplit('.').next()) {
            (Rotation::Neighbours, Some("query" | "key")) => halves(&tensor, self.head_width),
            _ => Ok(tensor),
        }
    }
}

/// Joins the parts of a tensor by rows or by columns, as their shapes say. A vector is whole in
/// every part.
fn joined(parts: &[TensorDirectory], name: &str, shape: &[usize]) -> Result<Tensor> {
    let found = parts.iter().map(|part| part.find(name)).collect::<Result<Vec<_>>>()?;
    let Some((first, others)) = found.split_first() else {
        return Err(Error::model(format!("the tensor {name} is missing: the model has no files")));
    };
    let misfit = || {
        first.error(format!(
            "the tensor {name} has shape {:?} in each of {} files, which cannot be joined to the \
             shape {shape:?} that the model needs",
            first.shape(),
            parts.len()
        ))
    };
    if let Some(other) = others.iter().find(|other| other.shape() != first.shape()) {
        return Err(other.error(format!(
            "the tensor {name} has shape {:?}, but {:?} in the first file",
            other.shape(),
            first.shape()
        )));
    }
    let (by_rows, by_columns) = match (first.shape(), shape) {
        ([_], [_]) if first.shape() == shape => return first.read(),
        ([rows, columns], [all_rows, all_columns]) => (
            columns == all_columns && rows.checked_mul(parts.len()) == Some(*all_rows),
            rows == all_rows && columns.checked_mul(parts.len()) == Some(*all_columns),
        ),
        _ => (false, false),
    };
    if !by_rows && !by_columns {
        return Err(misfit());
    }
    let kind = first.kind();
    let total = kind.tensor_bytes(shape).ok_or_else(misfit)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(total)
        .map_err(|_| first.error(format!("an allocation of {total} bytes failed")))?;
    if by_columns {
        bytes.resize(total, 0);
    }
    for (number, stored) in found.iter().enumerate() {
        if stored.kind() != kind {
            return Err(stored.error(format!(
                "the tensor {name} has values of {}, but of {} in the first file",
                stored.kind().name(),
                kind.name()
            )));
        }
        let part = stored.read()?;
        if by_rows {
            bytes.extend_from_slice(part.bytes());
        } else {
            let (row, all) = (part.bytes().len() / part.rows().max(1), total / shape[0].max(1));
            for (from, to) in part.bytes().chunks(row.max(1)).zip(bytes.chunks_mut(all.max(1))) {
                to[number * row..(number + 1) * row].copy_from_slice(from);
            }
        }
    }
    Tensor::new(shape.to_vec(), kind, bytes)
}

/// Reorders the rows of each head from [`Rotation::Neighbours`] to [`Rotation::Halves`].
fn halves(tensor: &Tensor, head_width: usize) -> Result<Tensor> {
    let mut bytes = Vec::with_capacity(tensor.bytes().len());
    for head in (0..tensor.rows()).step_by(head_width) {
        for first in 0..2 {
            for pair in 0..head_width / 2 {
                bytes.extend_from_slice(tensor.row_bytes(head + 2 * pair + first));
            }
        }
    }
    Tensor::new(tensor.shape().to_vec(), tensor.kind(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::language::tensor::TensorKind;

    #[test]
    fn neighbours_become_halves_in_each_head() {
        let rows: Vec<u8> = (0u8..12).flat_map(|row| f32::from(row).to_le_bytes()).collect();
        let tensor = Tensor::new(vec![12, 1], TensorKind::F32, rows).unwrap();
        let turned = halves(&tensor, 6).unwrap();
        let order: Vec<f32> = (0..12)
            .map(|row| {
                let mut value = [0.0];
                turned.row(row, &mut value);
                value[0]
            })
            .collect();
        assert_eq!(order, [0.0, 2.0, 4.0, 1.0, 3.0, 5.0, 6.0, 8.0, 10.0, 7.0, 9.0, 11.0]);
    }
}

//! A Llama's tensors out of one directory, or out of several that each hold a part.

use std::collections::HashSet;

use super::directory::Directory;
use super::words::Words;
use crate::error::{Error, Result};
use crate::method::language::architecture::{Architecture, ExpectedTensor, Llama};
use crate::method::language::tensor::{Tensor, Tensors};

/// The weights of a Llama.
#[derive(Debug)]
pub(super) struct Weights {
    llama: Llama,
    words: &'static Words,
    rotation: Rotation,
    /// One directory with whole tensors, or several that each have a part of every matrix.
    parts: Vec<Directory>,
}

/// The order in which a head's rows are rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rotation {
    /// The first half against the second.
    Halves,
    /// Each even row against the odd one behind it.
    Neighbours,
}

/// What files hold beside weights: the frequencies that positions are rotated with, which
/// follow from the configuration.
const DERIVED: &[&str] = &["rotary_emb.inv_freq", "rope.freqs", "rope_freqs.weight"];

impl Weights {
    /// Weights in these directories. Fails where one has tensors that a Llama has not, as
    /// it then is no Llama.
    pub(super) fn new(
        architecture: &Architecture,
        words: &'static Words,
        rotation: Rotation,
        parts: Vec<Directory>,
    ) -> Result<Self> {
        let Architecture::Llama(llama) = architecture else {
            return Err(Error::model("weights of a Llama for a model that is none"));
        };
        let known: HashSet<String> =
            architecture.tensors().iter().filter_map(|tensor| words.name(&tensor.name)).collect();
        for part in &parts {
            let foreign = part.names().find(|&name| {
                let derived = DERIVED.iter().any(|suffix| name.ends_with(suffix));
                !derived && name != words.head() && !known.contains(name)
            });
            if let Some(name) = foreign {
                return Err(part.error(format!("a Llama like this has no tensor {name}")));
            }
        }
        Ok(Weights { llama: llama.clone(), words, rotation, parts })
    }
}

impl Tensors for Weights {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let Some(name) = self.words.name(&expected.name) else {
            return Err(Error::model(format!("a Llama has no tensor {}", expected.name)));
        };
        let tensor = match self.parts.as_slice() {
            [whole] => whole.read(&name, &expected.shape)?,
            parts => joined(parts, &name, &expected.shape)?,
        };
        match (self.rotation, expected.name.rsplit('.').next()) {
            (Rotation::Neighbours, Some("query" | "key")) => halves(&tensor, self.llama.head_width),
            _ => Ok(tensor),
        }
    }
}

/// A tensor whose parts lie one under the other, one beside the other, or which every part
/// has as a whole. The parts' shapes say which.
fn joined(parts: &[Directory], name: &str, shape: &[usize]) -> Result<Tensor> {
    let found = parts.iter().map(|part| part.find(name)).collect::<Result<Vec<_>>>()?;
    let Some((first, others)) = found.split_first() else {
        return Err(Error::model(format!("the tensor {name} is in no file")));
    };
    let differs = |why: &str| {
        first.error(format!(
            "the tensor {name} has shape {:?} in {} parts, which {why} {shape:?}",
            first.shape(),
            parts.len()
        ))
    };
    if let Some(other) = others.iter().find(|other| other.shape() != first.shape()) {
        return Err(other.error(format!(
            "the tensor {name} has shape {:?} here, and {:?} elsewhere",
            other.shape(),
            first.shape()
        )));
    }
    let (below, beside) = match (first.shape(), shape) {
        ([_], [_]) if first.shape() == shape => return first.read(),
        ([rows, columns], [all_rows, all_columns]) => (
            columns == all_columns && rows.checked_mul(parts.len()) == Some(*all_rows),
            rows == all_rows && columns.checked_mul(parts.len()) == Some(*all_columns),
        ),
        _ => (false, false),
    };
    if !below && !beside {
        return Err(differs("do not make"));
    }
    let kind = first.kind();
    let total = kind.tensor_bytes(shape).ok_or_else(|| differs("cannot make"))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(total).map_err(|error| first.error(error))?;
    if beside {
        bytes.resize(total, 0);
    }
    for (number, stored) in found.iter().enumerate() {
        if stored.kind() != kind {
            return Err(stored.error(format!(
                "the tensor {name} is in {} here, and in {} elsewhere",
                stored.kind().name(),
                kind.name()
            )));
        }
        let part = stored.read()?;
        if below {
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

/// Heads whose rows are rotated in neighbours, as heads that are rotated in halves.
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
    fn neighbours_become_halves_head_by_head() {
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

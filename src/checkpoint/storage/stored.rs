//! Tensors in files, before they are read.

use std::ops::Range;
use std::sync::Arc;

use super::file::CheckpointFile;
use super::inflate;
use crate::error::{Error, Result};
use crate::method::language::tensor::{Tensor, TensorKind};

/// A tensor in a file: location, type and shape, but no values yet.
#[derive(Debug, Clone)]
pub(crate) struct StoredTensor {
    file: Arc<CheckpointFile>,
    location: Location,
    kind: TensorKind,
    shape: Vec<usize>,
    /// The distance in values between neighbours of each dimension; `None` if the values are
    /// contiguous, row by row. Only kinds without blocks have strides.
    strides: Option<Vec<usize>>,
}

/// The location of a tensor's bytes in a file.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    /// From the start of this range of the file. The tensor does not reach beyond it.
    Plain(Range<u64>),
    /// In a deflated range, behind this number of inflated bytes.
    Deflated(inflate::Deflated, usize),
}

impl Location {
    /// The number of bytes from the location on.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Location::Plain(bytes) => bytes.end - bytes.start,
            Location::Deflated(deflated, skip) => deflated.inflated().saturating_sub(*skip as u64),
        }
    }

    /// The location `skip` bytes further on, if it is still in the range.
    pub(crate) fn skip(self, skip: usize) -> Option<Location> {
        match self {
            Location::Plain(bytes) => {
                let start = bytes.start.checked_add(skip as u64)?;
                (start <= bytes.end).then_some(Location::Plain(start..bytes.end))
            }
            Location::Deflated(deflated, before) => {
                Some(Location::Deflated(deflated, before.checked_add(skip)?))
            }
        }
    }
}

impl StoredTensor {
    /// A tensor whose values are contiguous. Fails if the file does not have all of it.
    pub(crate) fn new(
        file: &Arc<CheckpointFile>,
        location: Location,
        kind: TensorKind,
        shape: Vec<usize>,
    ) -> Result<Self> {
        let stored = StoredTensor { file: file.clone(), location, kind, shape, strides: None };
        stored.check()?;
        Ok(stored)
    }

    /// A tensor with these strides. Fails if the file does not have all of it, or if two
    /// values would share bytes.
    pub(crate) fn with_strides(
        file: &Arc<CheckpointFile>,
        location: Location,
        kind: TensorKind,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Self> {
        let plain = strides_of_rows(&shape).as_ref() == Some(&strides);
        let strides = (!plain).then_some(strides);
        let stored = StoredTensor { file: file.clone(), location, kind, shape, strides };
        stored.check()?;
        Ok(stored)
    }

    /// The tensor with its dimensions in reverse order: a matrix with rows and columns exchanged.
    pub(crate) fn transposed(mut self) -> Result<Self> {
        let Some(mut strides) = self.strides.or_else(|| strides_of_rows(&self.shape)) else {
            let what = format!("a tensor cannot have the shape {:?}", self.shape);
            return Err(self.file.error(what));
        };
        strides.reverse();
        self.shape.reverse();
        Self::with_strides(&self.file, self.location, self.kind, self.shape, strides)
    }

    /// The number of values in each dimension.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How the values are stored.
    pub(crate) fn kind(&self) -> TensorKind {
        self.kind
    }

    /// An error in the file that holds the tensor.
    pub(crate) fn error(&self, what: impl std::fmt::Display) -> Error {
        self.file.error(what)
    }

    /// Reads the tensor.
    pub(crate) fn read(&self) -> Result<Tensor> {
        let span = self.checked_span()?;
        let bytes = match &self.location {
            Location::Plain(bytes) => self.file.read(bytes.start, span as u64)?,
            Location::Deflated(deflated, skip) => deflated.read(&self.file, *skip, span)?,
        };
        let bytes = match &self.strides {
            None => bytes,
            Some(strides) => gather(&bytes, self.kind.block_bytes(), &self.shape, strides),
        };
        Tensor::new(self.shape.clone(), self.kind, bytes)
    }

    /// The bytes from the first value to the last; `None` if the number overflows, or if two
    /// values share bytes.
    fn span(&self) -> Option<usize> {
        let Some(strides) = &self.strides else {
            return self.kind.tensor_bytes(&self.shape);
        };
        if strides.len() != self.shape.len() || self.kind.block() != 1 {
            return None;
        }
        if self.shape.contains(&0) {
            return Some(0);
        }
        // In the order of strides, a step of each dimension must be longer than all smaller ones.
        let mut steps: Vec<(usize, usize)> = strides
            .iter()
            .zip(&self.shape)
            .filter(|(_, length)| **length > 1)
            .map(|(&stride, &length)| (stride, length))
            .collect();
        steps.sort_unstable();
        let mut last = 0usize;
        for (stride, length) in steps {
            if stride <= last {
                return None;
            }
            last = last.checked_add(stride.checked_mul(length - 1)?)?;
        }
        last.checked_add(1)?.checked_mul(self.kind.block_bytes())
    }

    fn checked_span(&self) -> Result<usize> {
        self.span().ok_or_else(|| {
            let (shape, kind) = (&self.shape, self.kind.name());
            self.error(match &self.strides {
                None => format!("a tensor of {kind} cannot have the shape {shape:?}"),
                Some(strides) => format!(
                    "a tensor of {kind} with the shape {shape:?} cannot have the strides {strides:?}"
                ),
            })
        })
    }

    fn check(&self) -> Result<()> {
        let (start, end) = match &self.location {
            Location::Plain(bytes) => (bytes.start, bytes.end.min(self.file.length())),
            Location::Deflated(deflated, skip) => (*skip as u64, deflated.inflated()),
        };
        let span = self.checked_span()?;
        if start.checked_add(span as u64).is_none_or(|needed| needed > end) {
            return Err(self.error(format!(
                "a tensor is cut off: its {span} bytes at offset {start} reach beyond {end}"
            )));
        }
        Ok(())
    }
}

/// The strides of contiguous rows.
pub(crate) fn strides_of_rows(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![0; shape.len()];
    let mut stride = 1usize;
    for (slot, &length) in strides.iter_mut().zip(shape).rev() {
        *slot = stride;
        stride = stride.checked_mul(length.max(1))?;
    }
    Some(strides)
}

/// Copies the values of a tensor with strides to contiguous rows.
fn gather(bytes: &[u8], width: usize, shape: &[usize], strides: &[usize]) -> Vec<u8> {
    let mut gathered = Vec::with_capacity(shape.iter().product::<usize>() * width);
    append(bytes, width, shape, strides, 0, &mut gathered);
    gathered
}

fn append(
    bytes: &[u8],
    width: usize,
    shape: &[usize],
    strides: &[usize],
    first: usize,
    gathered: &mut Vec<u8>,
) {
    match (shape, strides) {
        ([length], [1]) => {
            gathered.extend_from_slice(&bytes[first * width..(first + length) * width]);
        }
        ([length, shape @ ..], [stride, strides @ ..]) => {
            for at in 0..*length {
                append(bytes, width, shape, strides, first + at * stride, gathered);
            }
        }
        _ => gathered.extend_from_slice(&bytes[first * width..(first + 1) * width]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &std::path::Path) -> Arc<CheckpointFile> {
        let path = folder.join("tensors");
        let bytes: Vec<u8> = (0u16..12).flat_map(u16::to_le_bytes).collect();
        std::fs::write(&path, bytes).unwrap();
        Arc::new(CheckpointFile::open(&path).unwrap())
    }

    fn values(tensor: &Tensor) -> Vec<u16> {
        tensor.bytes().as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect()
    }

    #[test]
    fn values_with_strides_are_gathered() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        let stored = |shape: &[usize], strides: &[usize]| {
            let (shape, strides) = (shape.to_vec(), strides.to_vec());
            StoredTensor::with_strides(
                &file,
                Location::Plain(2..24),
                TensorKind::F16,
                shape,
                strides,
            )
        };
        let rows = stored(&[2, 3], &[3, 1]).unwrap();
        assert_eq!(values(&rows.read().unwrap()), [1, 2, 3, 4, 5, 6]);
        let turned = rows.transposed().unwrap();
        assert_eq!(turned.shape(), [3, 2]);
        assert_eq!(values(&turned.read().unwrap()), [1, 4, 2, 5, 3, 6]);
        let gaps = stored(&[2, 3], &[4, 1]).unwrap();
        assert_eq!(values(&gaps.read().unwrap()), [1, 2, 3, 5, 6, 7]);
        let one = stored(&[1, 3], &[0, 1]).unwrap();
        assert_eq!(values(&one.read().unwrap()), [1, 2, 3]);
    }

    #[test]
    fn values_that_share_bytes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        for (shape, strides) in [
            (vec![1 << 40, 3], vec![0, 1]),
            (vec![2, 3], vec![2, 1]),
            (vec![2, 3], vec![1, 1]),
            (vec![3, 4], vec![usize::MAX / 2, 1]),
            (vec![3, 4], vec![5, 1]),
            (vec![3], vec![4, 1]),
        ] {
            let location = Location::Plain(0..24);
            assert!(
                StoredTensor::with_strides(&file, location, TensorKind::F16, shape, strides)
                    .is_err()
            );
        }
        assert!(
            StoredTensor::new(&file, Location::Plain(2..26), TensorKind::F16, vec![12]).is_err()
        );
        assert!(StoredTensor::new(&file, Location::Plain(2..4), TensorKind::F16, vec![2]).is_err());
        assert!(
            StoredTensor::new(&file, Location::Plain(u64::MAX..u64::MAX), TensorKind::F16, vec![1])
                .is_err()
        );
    }
}

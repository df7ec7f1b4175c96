//! Tensors where they lie in files.

use std::ops::Range;
use std::sync::Arc;

use super::file::Source;
use super::inflate;
use crate::error::{Error, Result};
use crate::method::language::tensor::{Tensor, TensorKind};

/// A tensor in a file, described and not yet read.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    source: Arc<Source>,
    place: Place,
    kind: TensorKind,
    shape: Vec<usize>,
    /// Values from one to the next in each dimension; one row behind the other where none
    /// are given. Only kinds without blocks have any.
    strides: Option<Vec<usize>>,
}

/// Where the bytes of a tensor are.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Within these bytes of the file, from their beginning on.
    Plain(Range<u64>),
    /// In deflated bytes, so many into what they hold.
    Deflated(inflate::Deflated, usize),
}

impl Place {
    /// Bytes from the place on.
    pub(super) fn length(&self) -> u64 {
        match self {
            Place::Plain(bytes) => bytes.end - bytes.start,
            Place::Deflated(deflated, skip) => deflated.inflated().saturating_sub(*skip as u64),
        }
    }

    /// The same place so many bytes further on, if it goes that far.
    pub(super) fn behind(self, skip: usize) -> Option<Place> {
        match self {
            Place::Plain(bytes) => {
                let start = bytes.start.checked_add(skip as u64)?;
                (start <= bytes.end).then_some(Place::Plain(start..bytes.end))
            }
            Place::Deflated(deflated, before) => {
                Some(Place::Deflated(deflated, before.checked_add(skip)?))
            }
        }
    }
}

impl Stored {
    /// A tensor whose rows follow each other. Fails where the file does not hold it.
    pub(super) fn new(
        source: &Arc<Source>,
        place: Place,
        kind: TensorKind,
        shape: Vec<usize>,
    ) -> Result<Self> {
        let stored = Stored { source: source.clone(), place, kind, shape, strides: None };
        stored.check()?;
        Ok(stored)
    }

    /// A tensor whose values are so far apart. Fails where the file does not hold it, or
    /// where a value would be two of the tensor's.
    pub(super) fn with_strides(
        source: &Arc<Source>,
        place: Place,
        kind: TensorKind,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Self> {
        let plain = strides_of_rows(&shape).as_ref() == Some(&strides);
        let strides = (!plain).then_some(strides);
        let stored = Stored { source: source.clone(), place, kind, shape, strides };
        stored.check()?;
        Ok(stored)
    }

    /// The same values with rows and columns exchanged.
    pub(super) fn transposed(mut self) -> Result<Self> {
        let Some(mut strides) = self.strides.or_else(|| strides_of_rows(&self.shape)) else {
            return Err(self.source.error("a tensor is too large"));
        };
        strides.reverse();
        self.shape.reverse();
        Self::with_strides(&self.source, self.place, self.kind, self.shape, strides)
    }

    /// Numbers of values in each dimension.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How the values are stored.
    pub(super) fn kind(&self) -> TensorKind {
        self.kind
    }

    /// An error of the file that holds the tensor.
    pub(super) fn error(&self, what: impl std::fmt::Display) -> Error {
        self.source.error(what)
    }

    /// Reads the tensor.
    pub(super) fn read(&self) -> Result<Tensor> {
        let span = self.span().ok_or_else(|| self.error("a tensor is too large"))?;
        let bytes = match &self.place {
            Place::Plain(bytes) => self.source.read(bytes.start, span as u64)?,
            Place::Deflated(deflated, skip) => deflated.read(&self.source, *skip, span)?,
        };
        let bytes = match &self.strides {
            None => bytes,
            Some(strides) => gather(&bytes, self.kind.block_bytes(), &self.shape, strides),
        };
        Tensor::new(self.shape.clone(), self.kind, bytes)
    }

    /// Bytes from the first value's to the last's; `None` where there is no such number, or
    /// where strides do not keep values apart.
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
        // In order of their strides, each dimension has to step over all smaller ones.
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

    fn check(&self) -> Result<()> {
        let (start, end) = match &self.place {
            Place::Plain(bytes) => (bytes.start, bytes.end.min(self.source.length())),
            Place::Deflated(deflated, skip) => (*skip as u64, deflated.inflated()),
        };
        let span = self.span().ok_or_else(|| {
            self.error(format!("cannot hold {:?} values of {}", self.shape, self.kind.name()))
        })?;
        if start.checked_add(span as u64).is_none_or(|needed| needed > end) {
            return Err(self.error(format!(
                "is cut off: {span} bytes of a tensor at {start} reach beyond {end}"
            )));
        }
        Ok(())
    }
}

/// The strides of rows that follow each other.
pub(super) fn strides_of_rows(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![0; shape.len()];
    let mut stride = 1usize;
    for (place, &length) in strides.iter_mut().zip(shape).rev() {
        *place = stride;
        stride = stride.checked_mul(length.max(1))?;
    }
    Some(strides)
}

/// The values of a vector or a matrix, row by row, out of bytes in which they are so far
/// apart.
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

    fn source(folder: &std::path::Path) -> Arc<Source> {
        let path = folder.join("tensors");
        let bytes: Vec<u8> = (0u16..12).flat_map(u16::to_le_bytes).collect();
        std::fs::write(&path, bytes).unwrap();
        Arc::new(Source::open(&path).unwrap())
    }

    fn values(tensor: &Tensor) -> Vec<u16> {
        tensor.bytes().as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect()
    }

    #[test]
    fn columns_and_gaps_are_gathered() {
        let folder = tempfile::tempdir().unwrap();
        let source = source(folder.path());
        let stored = |shape: &[usize], strides: &[usize]| {
            let (shape, strides) = (shape.to_vec(), strides.to_vec());
            Stored::with_strides(&source, Place::Plain(2..24), TensorKind::F16, shape, strides)
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
    fn no_value_stands_for_two() {
        let folder = tempfile::tempdir().unwrap();
        let source = source(folder.path());
        for (shape, strides) in [
            (vec![1 << 40, 3], vec![0, 1]),
            (vec![2, 3], vec![2, 1]),
            (vec![2, 3], vec![1, 1]),
            (vec![3, 4], vec![usize::MAX / 2, 1]),
            (vec![3, 4], vec![5, 1]),
            (vec![3], vec![4, 1]),
        ] {
            let place = Place::Plain(0..24);
            assert!(Stored::with_strides(&source, place, TensorKind::F16, shape, strides).is_err());
        }
        assert!(Stored::new(&source, Place::Plain(2..26), TensorKind::F16, vec![12]).is_err());
        assert!(Stored::new(&source, Place::Plain(2..4), TensorKind::F16, vec![2]).is_err());
        assert!(
            Stored::new(&source, Place::Plain(u64::MAX..u64::MAX), TensorKind::F16, vec![1])
                .is_err()
        );
    }
}

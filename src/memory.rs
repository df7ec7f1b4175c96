//! Allocations of a size that a chunk or a stream decides. One that fails is an error; it does
//! not end the program.

use crate::error::{Error, ErrorKind, Result};

/// Makes an empty vector with room for `count` values.
pub(crate) fn room<T>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| none_left::<T>(count))?;
    Ok(values)
}

/// Makes a vector of `count` equal values.
pub(crate) fn filled<T: Clone>(value: T, count: usize) -> Result<Vec<T>> {
    let mut values = room(count)?;
    values.resize(count, value);
    Ok(values)
}

/// Copies these values.
pub(crate) fn copied<T: Copy>(values: &[T]) -> Result<Vec<T>> {
    let mut copy = room(values.len())?;
    copy.extend_from_slice(values);
    Ok(copy)
}

/// Makes room for `more` values in a vector that may grow further.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize) -> Result<()> {
    values.try_reserve(more).map_err(|_| none_left::<T>(values.len().saturating_add(more)))
}

/// Appends values to a vector that may grow further.
pub(crate) fn append<T: Copy>(values: &mut Vec<T>, more: &[T]) -> Result<()> {
    reserve(values, more.len())?;
    values.extend_from_slice(more);
    Ok(())
}

fn none_left<T>(count: usize) -> Error {
    let needed = (count as u64).saturating_mul(size_of::<T>() as u64);
    Error::new(ErrorKind::OutOfMemory { needed })
}

/// A buffer for bytes that are written one after the other.
///
/// After a failed allocation it drops what it is given, and [`finish`](Self::finish) returns
/// the error: hot loops check for it once.
#[derive(Default)]
pub(crate) struct Growing {
    bytes: Vec<u8>,
    /// The first allocation that failed.
    failed: Option<Error>,
}

impl Growing {
    #[inline(always)]
    pub(crate) fn extend(&mut self, more: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() >= more.len() || self.grow(more.len()) {
            self.bytes.extend_from_slice(more);
        }
    }

    /// Makes room for `more` bytes; `false` if there is no memory.
    #[cold]
    fn grow(&mut self, more: usize) -> bool {
        if self.failed.is_none() && self.bytes.try_reserve(more).is_ok() {
            return true;
        }
        let needed = self.bytes.len() + more;
        self.failed.get_or_insert_with(|| none_left::<u8>(needed));
        false
    }

    /// Returns the bytes written so far.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self.failed {
            None => Ok(self.bytes),
            Some(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_sizes_are_errors() {
        for error in [room::<u64>(usize::MAX).unwrap_err(), filled(0u16, usize::MAX).unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{error}");
        }
        let error = filled([0u8; 1000], usize::MAX / 1000).unwrap_err();
        assert_eq!(error.to_string(), "not enough memory for 18446744073709551000 bytes");
    }

    #[test]
    fn bytes_grow() {
        let mut growing = Growing::default();
        (0..1000u32).for_each(|number| growing.extend(&number.to_le_bytes()));
        let bytes = growing.finish().unwrap();
        assert!(bytes.chunks(4).zip(0u32..).all(|(four, number)| four == number.to_le_bytes()));
    }
}

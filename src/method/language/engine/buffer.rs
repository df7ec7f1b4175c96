//! Buffers that keep their memory from one block of rows to the next.

/// Returns the first `length` values of a buffer, which grows to that. They hold what was
/// written before.
#[inline(always)]
pub(super) fn reserve<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}

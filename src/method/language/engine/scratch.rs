//! Memory that comes back with every block of rows.

use super::attention::Buffers;
use super::matrix::Inputs;

/// Memory that a thread needs beside its caches.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The position of each row.
    pub(super) positions: Vec<usize>,
    /// What goes from layer to layer.
    pub(super) stream: Vec<f32>,
    /// What goes into a part of a layer.
    pub(super) inputs: Inputs,
    pub(super) queries: Vec<f32>,
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
    /// What attention gathers.
    pub(super) gathered: Inputs,
    pub(super) gate: Vec<f32>,
    /// What is between the halves of a feed-forward part.
    pub(super) inner: Inputs,
    /// What a part of a layer adds.
    pub(super) part: Vec<f32>,
    pub(super) logits: Vec<f32>,
    /// Logits that are wanted, where that is most of them.
    pub(super) picked: Vec<f32>,
    pub(super) attention: Buffers,
}

/// The first `length` of a buffer that grows to it, whatever they hold.
#[inline(always)]
pub(super) fn reserve<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}

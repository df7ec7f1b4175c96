//! A block of rows, and the memory that all blocks use in turn.

use super::attention::Buffers;
use super::matrix::Inputs;
use super::schedule::{Run, Span};

/// Rows that go through the layers together.
pub(super) struct Block<'a, 'b> {
    pub(super) runs: &'a mut [Run<'b>],
    pub(super) spans: &'a [Span],
    pub(super) rows: usize,
    pub(super) scratch: &'a mut Scratch,
}

/// The buffers of a thread, beside its caches.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The position of each row.
    pub(super) positions: Vec<usize>,
    /// The residual stream, from layer to layer.
    pub(super) stream: Vec<f32>,
    /// Inputs of a part of a layer.
    pub(super) inputs: Inputs,
    pub(super) queries: Vec<f32>,
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
    /// Sums of values that attention gathers.
    pub(super) gathered: Inputs,
    pub(super) gate: Vec<f32>,
    /// Values between the two halves of a feed-forward part.
    pub(super) inner: Inputs,
    /// Outputs of a part of a layer, to be added to the stream.
    pub(super) part: Vec<f32>,
    pub(super) logits: Vec<f32>,
    /// The wanted logits, picked out of all.
    pub(super) picked: Vec<f32>,
    pub(super) attention: Buffers,
}

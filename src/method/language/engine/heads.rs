//! The attention part of a layer, with its matrices.

use super::attention::Attend;
use super::buffer::reserve;
use super::cache::CacheLayout;
use super::intake::Intake;
use super::matrix::Matrix;
use super::positions::{Positions, Rotate};
use super::scratch::{Block, Scratch};
use crate::error::Result;
use crate::numerics::dispatch::{Supported, run_with};

/// The matrices before and after attention.
#[derive(Debug)]
pub(super) struct Heads {
    query: Matrix,
    key: Matrix,
    value: Matrix,
    output: Matrix,
}

impl Heads {
    pub(super) fn new(intake: &mut Intake<'_>) -> Result<Self> {
        Ok(Heads {
            query: intake.matrix("query")?,
            key: intake.matrix("key")?,
            value: intake.matrix("value")?,
            output: intake.matrix("output")?,
        })
    }

    /// Computes the part from the inputs of a block's rows, into `part` of the scratch memory.
    pub(super) fn run(
        &self,
        set: Supported,
        layout: &CacheLayout,
        layer: usize,
        rotary: Option<&Positions>,
        block: &mut Block<'_, '_>,
    ) {
        let (runs, spans, rows) = (&mut *block.runs, block.spans, block.rows);
        let Scratch { positions, inputs, queries, keys, values, gathered, part, attention, .. } =
            &mut *block.scratch;
        let (stride, key_stride) = (self.query.stride(), self.key.stride());
        let head_width = layout.head_width;
        let queries = reserve(queries, rows * stride);
        let keys = reserve(keys, rows * key_stride);
        let values = reserve(values, rows * key_stride);
        self.query.multiply(set, inputs, queries);
        self.key.multiply(set, inputs, keys);
        self.value.multiply(set, inputs, values);
        let heads = self.query.outputs() / head_width;
        if let Some(table) = rotary {
            let rotate = |rows: &mut [f32], stride, heads| {
                let work = Rotate { table, positions, rows, stride, heads, head_width };
                run_with(set, work);
            };
            rotate(queries, stride, heads);
            rotate(keys, key_stride, layout.heads);
        }
        let work = Attend {
            layout,
            sharing: heads / layout.heads,
            layer,
            runs,
            spans,
            queries,
            stride,
            keys,
            values,
            key_stride,
            gathered: gathered.rows_mut(rows, self.query.outputs()),
            buffers: attention,
        };
        run_with(set, work);
        self.output.multiply(set, gathered, reserve(part, rows * self.output.stride()));
    }
}

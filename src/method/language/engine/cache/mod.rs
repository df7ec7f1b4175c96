//! The cache of a context: the keys and the values of its positions.

mod bytes;
mod floats;
mod layout;

use crate::error::Result;
use crate::method::language::Precision;
use crate::numerics::bytes::PanelSums;
use crate::numerics::dispatch::Kernels;
use bytes::ByteBlock;
use floats::FloatBlock;

pub(super) use layout::{BLOCK, CacheLayout, Queries, Rows};

/// An upper bound of the bytes of the struct of a block, beside its data.
const HOLDER: u64 = 128;

/// The keys and values of a context.
#[derive(Debug)]
pub(crate) struct Cache {
    blocks: Blocks,
    length: usize,
}

/// Blocks of 64 positions, in order. They stay where they are when a context grows.
#[derive(Debug)]
enum Blocks {
    Floats(Vec<FloatBlock>),
    Bytes(Vec<ByteBlock>),
}

impl Cache {
    pub(super) fn new(precision: Precision) -> Self {
        let blocks = match precision {
            Precision::F32 => Blocks::Floats(Vec::new()),
            Precision::Int8 => Blocks::Bytes(Vec::new()),
        };
        Cache { blocks, length: 0 }
    }

    /// Returns the bytes of a context of this many positions. They are the same on every machine,
    /// since choices of encoders depend on them.
    pub(super) fn bytes(layout: &CacheLayout, positions: usize) -> u64 {
        let block = match layout.precision {
            Precision::F32 => FloatBlock::bytes(layout),
            Precision::Int8 => ByteBlock::bytes(layout),
        };
        (positions.div_ceil(BLOCK) as u64).saturating_mul(block + HOLDER)
    }

    /// Returns the number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Removes all tokens, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// Allocates memory for more positions.
    pub(super) fn make_room(&mut self, positions: usize, layout: &CacheLayout) -> Result<()> {
        let count = (self.length + positions).div_ceil(BLOCK);
        match &mut self.blocks {
            Blocks::Floats(blocks) => {
                while blocks.len() < count {
                    blocks.push(FloatBlock::new(layout)?);
                }
            }
            Blocks::Bytes(blocks) => {
                while blocks.len() < count {
                    blocks.push(ByteBlock::new(layout)?);
                }
            }
        }
        Ok(())
    }

    /// Adds positions, whose keys and values were stored.
    pub(super) fn extend(&mut self, positions: usize) {
        self.length += positions;
    }

    /// Stores the keys and the values of a position, for a head of a layer.
    #[inline(always)]
    pub(super) fn put(
        &mut self,
        layout: &CacheLayout,
        place: usize,
        position: usize,
        keys: &[f32],
        values: &[f32],
    ) {
        let (block, at) = (position / BLOCK, position % BLOCK);
        match &mut self.blocks {
            Blocks::Floats(blocks) => blocks[block].put(layout, place, at, keys, values),
            Blocks::Bytes(blocks) => blocks[block].put(layout, place, at, keys, values),
        }
    }

    /// Computes the scores of rows of queries with all positions before `positions`, for a head
    /// of a layer. Columns after them are undefined, up to a multiple of 16.
    #[inline(always)]
    pub(super) fn score<I: Kernels>(
        &self,
        layout: &CacheLayout,
        place: usize,
        queries: &Queries,
        rows: &mut Rows<'_>,
        positions: usize,
        sums: &mut [PanelSums],
    ) {
        for start in (0..positions).step_by(BLOCK) {
            let (block, count) = (start / BLOCK, BLOCK.min(positions - start));
            let Rows { first, rows, ref mut scores, stride } = *rows;
            let part = &mut Rows { first, rows, scores: &mut scores[start..], stride };
            match &self.blocks {
                Blocks::Floats(blocks) => {
                    blocks[block].score::<I>(layout, place, queries, part, count);
                }
                Blocks::Bytes(blocks) => {
                    blocks[block].score::<I>(layout, place, queries, part, count, sums);
                }
            }
        }
    }

    /// Sums up the values of all positions before `positions`, each times its weight. Weights are
    /// overwritten.
    #[inline(always)]
    pub(super) fn gather<I: Kernels>(
        &self,
        layout: &CacheLayout,
        place: usize,
        weights: &mut Rows<'_>,
        positions: usize,
        outputs: &mut [f32],
    ) {
        for start in (0..positions).step_by(BLOCK) {
            let (block, count) = (start / BLOCK, BLOCK.min(positions - start));
            let Rows { first, rows, ref mut scores, stride } = *weights;
            let part = &mut Rows { first, rows, scores: &mut scores[start..], stride };
            let fresh = start == 0;
            match &self.blocks {
                Blocks::Floats(blocks) => {
                    blocks[block].gather::<I>(layout, place, part, count, outputs, fresh);
                }
                Blocks::Bytes(blocks) => {
                    blocks[block].gather::<I>(layout, place, part, count, outputs, fresh);
                }
            }
        }
    }
}

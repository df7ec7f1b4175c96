//! What a context remembers: the keys and the values of its positions.

use crate::numerics::functions::clamp;
use crate::numerics::matrix::GROUP;

/// Positions that memory is taken for at once.
pub(super) const BLOCK: usize = 64;

/// What is beyond is as good as infinite; nothing in a cache is.
const LARGEST: f32 = 3e38;

/// What a context remembers of its tokens.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// Of 64 positions each; none moves when the context grows.
    blocks: Vec<Box<[f32]>>,
    length: usize,
}

/// Where a block has what.
///
/// For each layer and in it for each head: the keys, in rows of one value of all positions,
/// so that scores are sums with positions side by side; then the values, in rows of one
/// position, padded to whole groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) layers: usize,
    /// Heads of keys.
    pub(super) heads: usize,
    pub(super) head_width: usize,
}

impl Layout {
    /// Values of a position in a row of a head, padded to whole groups.
    pub(super) fn value_width(&self) -> usize {
        self.head_width.next_multiple_of(GROUP)
    }

    fn head_length(&self) -> usize {
        BLOCK * (self.head_width + self.value_width())
    }

    fn block_length(&self) -> usize {
        self.layers * self.heads * self.head_length()
    }

    /// Bytes of a context of this many positions.
    pub(super) fn bytes(&self, positions: usize) -> u64 {
        let block = self.block_length() * size_of::<f32>() + size_of::<Box<[f32]>>();
        (positions.div_ceil(BLOCK) as u64).saturating_mul(block as u64)
    }
}

/// Within what a float can be, and a number.
#[inline(always)]
pub(super) fn finite(x: f32) -> f32 {
    clamp(x, -LARGEST, LARGEST)
}

impl Cache {
    /// Tokens so far.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Forgets everything, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// Takes memory for as many more positions.
    pub(super) fn make_room(&mut self, positions: usize, layout: &Layout) {
        let blocks = (self.length + positions).div_ceil(BLOCK);
        while self.blocks.len() < blocks {
            self.blocks.push(vec![0.0; layout.block_length()].into());
        }
    }

    /// Counts positions whose keys and values are in.
    pub(super) fn extend(&mut self, positions: usize) {
        self.length += positions;
    }

    /// Remembers the keys and the values of a position of a layer: all heads' in a row.
    #[inline(always)]
    pub(super) fn put(
        &mut self,
        layout: &Layout,
        layer: usize,
        position: usize,
        keys: &[f32],
        values: &[f32],
    ) {
        let (width, value_width) = (layout.head_width, layout.value_width());
        let (block, at) = (position / BLOCK, position % BLOCK);
        let layer_length = layout.heads * layout.head_length();
        let part = &mut self.blocks[block][layer * layer_length..(layer + 1) * layer_length];
        let heads = part.chunks_exact_mut(layout.head_length());
        let rows = keys.chunks_exact(width).zip(values.chunks_exact(width));
        for (head, (keys, values)) in heads.zip(rows) {
            let (key_part, value_part) = head.split_at_mut(BLOCK * width);
            for (to, &key) in key_part[at..].iter_mut().step_by(BLOCK).zip(keys) {
                *to = finite(key);
            }
            let row = &mut value_part[at * value_width..(at + 1) * value_width];
            for (to, &value) in row.iter_mut().zip(values) {
                *to = finite(value);
            }
        }
    }

    /// The keys and the values of a head in one of the blocks.
    #[inline(always)]
    pub(super) fn head(
        &self,
        layout: &Layout,
        block: usize,
        layer: usize,
        head: usize,
    ) -> (&[f32], &[f32]) {
        let start = (layer * layout.heads + head) * layout.head_length();
        let part = &self.blocks[block][start..start + layout.head_length()];
        part.split_at(BLOCK * layout.head_width)
    }
}

//! The choice of the probabilities that a byte is coded with.

use crate::entropy::AdaptiveBit;
use crate::error::Result;
use crate::memory;
use crate::planes::{Layout, Mapping};

/// The probabilities of a byte's bits: a binary tree whose nodes are numbered from 1.
pub(super) type Row = [AdaptiveBit; 256];

/// Number of rows for a byte with bits set above it, by the length of these.
const OPEN_ROWS: usize = 8;
/// Number of rows for a byte by the upper five bits of the same byte of the last sample.
const DIRECT_ROWS: usize = 32;

pub(super) struct Rows {
    rows: Vec<Row>,
    /// Number of rows for a byte with only zeros above it, by level; 0 without a prediction.
    closed: usize,
}

/// The state of a channel that follows from its samples so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ChannelState {
    /// The last coded value.
    last: u64,
    /// A running mean of the lengths of coded values, in 1/256 bit.
    level: i32,
    /// Number of frames so far, at most 4.
    age: u32,
}

impl Rows {
    pub(super) fn new(layout: Layout, mapping: Mapping) -> Result<Self> {
        let (closed, rows) = match mapping {
            Mapping::Residual => {
                let closed = 2 * layout.bits() as usize + 1;
                (closed, closed + OPEN_ROWS)
            }
            _ => (0, DIRECT_ROWS),
        };
        Ok(Rows { rows: memory::filled([AdaptiveBit::NEW; 256], rows * layout.bytes)?, closed })
    }

    /// Returns the row for byte `j` of `bytes`, with `before` in the bytes above it.
    #[inline(always)]
    pub(super) fn row(
        &mut self,
        memory: &ChannelState,
        j: usize,
        bytes: usize,
        before: u64,
    ) -> &mut Row {
        let at = if self.closed == 0 {
            let last = (memory.last >> (8 * (bytes - 1 - j))) as u8;
            j * DIRECT_ROWS + usize::from(last >> 3)
        } else if before == 0 {
            j * (self.closed + OPEN_ROWS) + (memory.level >> 7) as usize
        } else {
            let length = (u64::BITS - before.leading_zeros()) as usize;
            j * (self.closed + OPEN_ROWS) + self.closed + length.min(OPEN_ROWS) - 1
        };
        &mut self.rows[at]
    }
}

impl ChannelState {
    #[inline(always)]
    pub(super) fn learn(&mut self, value: u64) {
        self.age = (self.age + 1).min(4);
        let length = (u64::BITS - value.leading_zeros()) as i32;
        self.level += ((length << 8) - self.level) >> self.age;
        self.last = value;
    }
}

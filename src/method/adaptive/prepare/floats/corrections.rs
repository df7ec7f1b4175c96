//! Small differences between floats and the products that stand for them.
//!
//! Floats that were scaled more than once are off by a step or two; floats to which something
//! was added in places are off by more there.

use super::coder::BitCoder;
use crate::entropy::AdaptiveBit;

/// The most bits of a difference, less 1.
pub(super) const MOST_BITS: usize = 30;

/// The model of the differences.
pub(super) struct Corrections {
    /// Whether there is a difference.
    any: [AdaptiveBit; 16],
    negative: [AdaptiveBit; 4],
    /// The lengths of differences, less 1, by the length of the one before.
    lengths: [[AdaptiveBit; MOST_BITS]; MOST_BITS + 1],
    channels: Vec<Recent>,
}

/// The latest differences of a channel.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    /// Whether the last four were any.
    any: usize,
    negative: usize,
    length: usize,
}

impl Corrections {
    pub(super) fn new(channels: usize) -> Self {
        let new = AdaptiveBit::NEW;
        Corrections {
            any: [new; 16],
            negative: [new; 4],
            lengths: [[new; MOST_BITS]; MOST_BITS + 1],
            channels: vec![Recent::default(); channels],
        }
    }

    /// Codes the next difference of a channel.
    #[inline(always)]
    pub(super) fn code(&mut self, coder: &mut impl BitCoder, channel: usize, given: i32) -> i32 {
        let recent = &mut self.channels[channel];
        let any = coder.bit(&mut self.any[recent.any], given != 0);
        recent.any = recent.any << 1 & 15 | usize::from(any);
        if !any {
            return 0;
        }
        let negative = coder.bit(&mut self.negative[recent.negative], given < 0);
        recent.negative = recent.negative << 1 & 3 | usize::from(negative);
        let nodes = &mut self.lengths[recent.length];
        let size = coder.number(nodes, u64::from(given.unsigned_abs().saturating_sub(1))) as i32;
        recent.length = (32 - size.leading_zeros()) as usize;
        if negative { -1 - size } else { 1 + size }
    }
}

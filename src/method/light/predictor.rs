//! The fixed predictors of `spec/coding.md`, and the choice of one for a channel.

use crate::audio::AudioSpec;
use crate::entropy::log2;
use crate::error::{Error, Result};
use crate::planes::Layout;

/// The predictor of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Predictor {
    order: u8,
    /// Whether it predicts the difference to the channel before.
    pub(super) difference: bool,
}

const DIFFERENCE: u8 = 1 << 2;
const ORDER: u8 = 3;

impl Predictor {
    pub(super) fn code(self) -> u8 {
        self.order | (u8::from(self.difference) * DIFFERENCE)
    }

    pub(super) fn from_code(code: u8, channel: usize) -> Result<Self> {
        let difference = code & DIFFERENCE != 0;
        let most = if channel == 0 { ORDER } else { ORDER | DIFFERENCE };
        if code > most {
            return Err(Error::malformed(format!(
                "the predictor of channel {channel} is {code}; it must be at most {most}"
            )));
        }
        Ok(Predictor { order: code & ORDER, difference })
    }

    /// Predicts a value from the last three, in arithmetic modulo 2^64.
    #[inline(always)]
    pub(super) fn predict(self, [last, second, third]: [i64; 3]) -> i64 {
        match self.order {
            0 => 0,
            1 => last,
            2 => last.wrapping_mul(2).wrapping_sub(second),
            _ => last.wrapping_sub(second).wrapping_mul(3).wrapping_add(third),
        }
    }
}

/// Number of frames whose mean residual is taken.
const BLOCK: usize = 256;

/// Chooses the predictor with the smallest residuals in these pieces, for each channel.
pub(super) fn choose(pieces: &[&[u8]], spec: &AudioSpec, layout: Layout) -> Vec<Predictor> {
    (0..usize::from(spec.channels))
        .map(|channel| {
            let differences = if channel > 0 { &[false, true][..] } else { &[false] };
            let candidates = differences.iter().flat_map(|&difference| {
                (0..=ORDER).map(move |order| Predictor { order, difference })
            });
            candidates
                .min_by_key(|predictor| {
                    pieces
                        .iter()
                        .map(|piece| predictor.cost(piece, channel, spec, layout))
                        .sum::<u64>()
                })
                .unwrap_or_default()
        })
        .collect()
}

impl Predictor {
    /// Estimates the cost of a channel's residuals by their lengths in bits, block by block.
    fn cost(self, piece: &[u8], channel: usize, spec: &AudioSpec, layout: Layout) -> u64 {
        let sample_bytes = spec.format.bytes();
        let value = |frame: &[u8], channel: usize| {
            layout.ordered(layout.get(&frame[channel * sample_bytes..]))
        };
        let mut history = [0; 3];
        let mut cost = 0;
        for block in piece.chunks(BLOCK * spec.frame_bytes()) {
            let mut sum = 0u128;
            for frame in block.chunks_exact(spec.frame_bytes()) {
                let mut target = value(frame, channel);
                if self.difference {
                    target = target.wrapping_sub(value(frame, channel - 1));
                }
                let residual = target.wrapping_sub(self.predict(history));
                sum += u128::from(layout.wrap(residual).unsigned_abs());
                history = [target, history[0], history[1]];
            }
            let frames = (block.len() / spec.frame_bytes()) as u128;
            let mean = (sum * 256 / frames).min(u128::from(u64::MAX >> 1)) as u64;
            cost += u64::from(log2(mean + 64)) * frames as u64;
        }
        cost
    }
}

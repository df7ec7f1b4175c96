//! Floats as integers that a model can predict.
//!
//! `scaled/` finds integers times a scale (`factor.rs` guesses a factor, `corrections.rs` codes
//! what is left of products), and `truncated.rs` takes the upper bits of mantissas. Both have
//! `exceptions.rs`, and read floats of 32 and 64 bits by `samples.rs`; `coder.rs` codes what
//! lies beside the integers.

mod coder;
mod corrections;
mod exceptions;
mod factor;
mod samples;
mod scaled;
mod truncated;

pub(super) use samples::{Samples, put};
pub(super) use scaled::Scaled;
pub(super) use truncated::Truncated;

use std::iter;
use std::ops::Range;

use scaled::ScaledFloats;
use truncated::{TruncatedFloats, Unit};

use super::{Numbers, Prepared};
use crate::error::Result;
use crate::memory;
use crate::method::adaptive::fast;

/// Numbers of the pieces of a chunk on which mappings are tried, and of their frames.
const PIECES: usize = 4;
const PIECE: usize = 4096;

/// A mapping, with the integers of each channel.
type Found = (Numbers, Vec<Vec<i32>>);

/// Finds a mapping to integers; `None` if the bits of the floats are as good.
pub(super) fn find(samples: &Samples) -> Result<Option<Found>> {
    let full = Scaled::full_scale(samples)?;
    let mut width = u32::MAX;
    if let Some((scaled, _)) = &full
        && scaled.is_sure()
    {
        width = scaled.bits;
    }
    if width <= 17 {
        return Ok(full.map(found));
    }
    // Products may have been rounded to integers of a full scale.
    let grid = full.as_ref().and_then(|(scaled, _)| scaled.power()).unwrap_or(0);
    let factors = Scaled::factors(samples, grid)?;
    if let Some((scaled, _)) = &factors
        && scaled.is_sure()
        && scaled.bits.saturating_add(2) <= width
    {
        return Ok(factors.map(found));
    }
    let mut best = Best::default();
    for scaled in [full, factors].into_iter().flatten() {
        best.consider(found(scaled))?;
    }
    if width == u32::MAX
        && let Some(found) = truncated(samples)?
    {
        best.consider(found)?;
    }
    Ok(best.found)
}

/// The mapping that makes a chunk the smallest.
#[derive(Default)]
struct Best {
    found: Option<Found>,
    /// Its approximate size, where it had to be known.
    cost: Option<u64>,
}

impl Best {
    fn consider(&mut self, found: Found) -> Result<()> {
        let Some(known) = &self.found else {
            self.found = Some(found);
            return Ok(());
        };
        let least = match self.cost {
            Some(least) => least,
            None => cost(known)?,
        };
        let cost = cost(&found)?;
        self.cost = Some(cost.min(least));
        if cost < least {
            self.found = Some(found);
        }
        Ok(())
    }
}

fn found((scaled, numbers): (Scaled, Vec<Vec<i32>>)) -> Found {
    (Numbers::Scaled(scaled), numbers)
}

/// The most times that the unit of truncated floats is halved.
const HALVINGS: usize = 3;

/// Finds the mapping to truncated floats.
fn truncated(samples: &Samples) -> Result<Option<Found>> {
    let with = |unit, samples: &Samples| -> Result<Option<Found>> {
        let found = Truncated::with(unit, samples)?;
        Ok(found.map(|(truncated, numbers)| (Numbers::Truncated(truncated), numbers)))
    };
    let Some(mut unit) = Unit::find(samples) else { return Ok(None) };
    let pieces = samples.copied(&pieces(samples.frames))?;
    let pieces = samples.of(&pieces);
    let mut least = u64::MAX;
    let mut tried = Some(unit);
    for _ in 0..=HALVINGS {
        let Some(trial) = tried else { break };
        let Some(found) = with(trial, &pieces)? else { break };
        let cost = cost(&found)?;
        if cost >= least {
            break;
        }
        (least, unit) = (cost, trial);
        tried = unit.half();
    }
    with(unit, samples)
}

/// Returns the frames on which mappings are tried.
fn pieces(frames: usize) -> Vec<Range<usize>> {
    if frames <= PIECES * PIECE {
        return iter::once(0..frames).collect();
    }
    let piece = |at: usize| {
        let middle = frames * (2 * at + 1) / (2 * PIECES);
        let start = middle.saturating_sub(PIECE / 2);
        start..(start + PIECE).min(frames)
    };
    (0..PIECES).map(piece).collect()
}

/// Returns the approximate size of a chunk, by coding pieces of it with the fast model.
fn cost((numbers, channels): &Found) -> Result<u64> {
    let frames = channels[0].len();
    let pieces = pieces(frames);
    let mut tried = Vec::new();
    for channel in channels {
        let mut numbers = Vec::new();
        for piece in &pieces {
            memory::append(&mut numbers, &channel[piece.clone()])?;
        }
        tried.push(numbers);
    }
    let count = tried[0].len().max(1) as u64;
    let bits = numbers.float_bits().unwrap_or(32);
    let (tokens, raw) = fast::encode(&mut Prepared::of(tried, bits))?;
    let side = numbers.most_bytes() as u64;
    Ok((tokens.len() + raw.len()) as u64 * frames as u64 / count + side)
}

/// Converts integers to floats.
pub(super) enum Floats<'a> {
    Scaled(ScaledFloats<'a>),
    Truncated(TruncatedFloats<'a>),
}

impl Floats<'_> {
    /// Converts the next number of a channel.
    #[inline(always)]
    pub(super) fn float(&mut self, channel: usize, number: i32) -> f64 {
        match self {
            Floats::Scaled(floats) => floats.float(channel, number),
            Floats::Truncated(floats) => floats.float(channel, number),
        }
    }
}

//! The samples of a chunk as integers for a model.
//!
//! Redundancy that needs no prediction is removed: channels that are constant or follow from
//! others, floats that are integers in some scale, values that never occur.

mod channels;
mod floats;
mod order;
mod tables;

pub(super) use order::Order;
pub(super) use tables::Tables;

use std::sync::Arc;

use channels::{ChannelKind, Opposite, Rule};
use floats::{Floats, Samples, Scaled, Truncated};

use super::past::Past;
use super::values::Values;
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, Result};
use crate::memory;
use crate::planes::Layout;

/// The samples of a chunk, prepared for a model.
pub(super) struct Prepared {
    numbers: Numbers,
    channels: Vec<ChannelKind>,
    /// The values that occur, where many never do.
    tables: Tables,
    pub(super) order: Order,
    /// What the coded channels are taken to have been before the chunk.
    pub(super) pasts: Vec<Past>,
    /// The channels that a model codes, in coding order.
    pub(super) coded: Vec<Vec<i32>>,
    /// The width of the coded numbers.
    pub(super) bits: u32,
    /// The lowest and the highest coded number of channels without a table; a model decodes no
    /// others.
    pub(super) low: i32,
    pub(super) high: i32,
}

/// The meaning of the integers.
enum Numbers {
    /// Integer samples, without their wasted bits.
    Integers,
    /// Floats that are integers times a scale.
    Scaled(Scaled),
    /// The bits of floats, mapped so that they sort like the floats.
    Ordered,
    /// Floats that are rounded towards zero to integers, with the rest of their mantissas.
    Truncated(Truncated),
}

mod flag {
    pub(super) const NUMBERS: u8 = 0b0011;
    pub(super) const CHANNELS: u8 = 0b0100;
    pub(super) const TABLES: u8 = 0b1000;
    pub(super) const ORDER: u8 = 0b1_0000;
    pub(super) const RANGE: u8 = 0b10_0000;
    pub(super) const RESERVED: u8 = 0b1100_0000;
}

impl Prepared {
    /// Prepares the samples of a chunk; `None` if they are doubles that no integers of 32 bits
    /// stand for.
    pub(super) fn from_pcm(pcm: &[u8], spec: &AudioSpec, wasted: u8) -> Result<Option<Self>> {
        let layout = Layout::new(spec.format, wasted);
        let floats = match spec.format.is_float() {
            true => floats::find(&Samples::new(pcm, spec))?,
            false => None,
        };
        let (numbers, mut samples) = match (floats, spec.format) {
            (Some(found), _) => found,
            (None, SampleFormat::F64) => return Ok(None),
            (None, SampleFormat::F32) => (Numbers::Ordered, ordered(pcm, spec, &layout)?),
            _ => (Numbers::Integers, ordered(pcm, spec, &layout)?),
        };
        let bits = numbers.bits(&layout);
        let channels = ChannelKind::find(&samples, full_range(bits), numbers.opposite());
        let mut kinds = channels.iter();
        samples.retain(|_| kinds.next() == Some(&ChannelKind::Coded));

        let order = Order::find(&samples);
        let (low, high) = range_of(&samples).unwrap_or_else(|| full_range(bits));
        let coded = order.arrange(samples);
        Ok(Some(Prepared {
            numbers,
            channels,
            tables: Tables::default(),
            pasts: pasts(&coded, bits),
            coded,
            order,
            bits,
            low,
            high,
        }))
    }

    /// Makes integers of this width, in the usual order.
    pub(super) fn of(coded: Vec<Vec<i32>>, bits: u32) -> Self {
        let order = Order::usual(coded.len());
        let (low, high) = range_of(&coded).unwrap_or_else(|| full_range(bits));
        Prepared {
            numbers: Numbers::Integers,
            channels: vec![ChannelKind::Coded; coded.len()],
            tables: Tables::default(),
            pasts: pasts(&coded, bits),
            coded,
            order,
            bits,
            low,
            high,
        }
    }

    /// Copies frames from the middle of the chunk, for trials.
    pub(super) fn piece(&self, frames: usize) -> Result<Self> {
        let part = |samples: &Vec<i32>| {
            let spare = samples.len().saturating_sub(frames);
            memory::copied(&samples[spare / 2..samples.len() - spare.div_ceil(2)])
        };
        let coded: Vec<_> = self.coded.iter().map(part).collect::<Result<_>>()?;
        Ok(Prepared {
            numbers: Numbers::Integers,
            pasts: pasts(&coded, self.bits),
            coded,
            channels: Vec::new(),
            tables: self.tables.clone(),
            order: self.order.clone(),
            ..*self
        })
    }

    /// Reverses the order of two channels.
    pub(super) fn reverse(&mut self) {
        self.coded.reverse();
        self.pasts.reverse();
        self.order.turns.reverse();
    }

    /// Returns the number of frames.
    pub(super) fn frames(&self) -> usize {
        self.coded.first().map_or(0, Vec::len)
    }

    /// Finds the sets of tables that are worth a trial.
    pub(super) fn find_tables(&self) -> Result<Vec<Tables>> {
        Tables::find(&self.order.in_frames(&self.coded), full_range(self.bits))
    }

    /// Sets the tables of the values that occur.
    pub(super) fn set_tables(&mut self, tables: Tables) {
        self.tables = tables;
    }

    /// Returns the values that occur in a coded channel, by its turn, if it has a table.
    pub(super) fn values(&self, turn: usize) -> Option<Arc<Values>> {
        self.tables.of(self.order.turns[turn])
    }

    /// Returns the lowest and the highest number of a coded channel, by its turn.
    pub(super) fn range(&self, turn: usize) -> (i32, i32) {
        self.values(turn).map_or((self.low, self.high), |values| values.range())
    }

    /// Returns the scale from samples to the unit of the models, in which samples of fewer than
    /// 16 bits are as large as those of 16 bits.
    pub(super) fn unit(&self) -> f64 {
        unit(self.bits)
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(super) fn most_bytes(&self) -> usize {
        self.numbers.most_bytes()
            + channels::MOST_BYTES * self.channels.len()
            + self.tables.most_bytes()
            + self.pasts.len()
            + 64
    }

    /// Writes all that a decoder needs before the model's own bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let plain = self.channels.iter().all(|&channel| channel == ChannelKind::Coded);
        let mut flags = match self.numbers {
            Numbers::Integers => 0,
            Numbers::Scaled(_) => 1,
            Numbers::Ordered => 2,
            Numbers::Truncated(_) => 3,
        };
        flags |= if plain { 0 } else { flag::CHANNELS };
        flags |= if !self.tables.is_empty() { flag::TABLES } else { 0 };
        let usual = self.order == Order::usual(self.coded.len());
        flags |= if usual { 0 } else { flag::ORDER };
        let (least, most) = full_range(self.bits);
        let full = (self.low, self.high) == (least, most) || self.tables.cover_all();
        flags |= if full { 0 } else { flag::RANGE };
        out.push(flags);
        match &self.numbers {
            Numbers::Integers | Numbers::Ordered => {}
            Numbers::Scaled(floats) => floats.write(out),
            Numbers::Truncated(floats) => floats.write(out),
        }
        for channel in self.channels.iter().filter(|_| !plain) {
            channel.write(out);
        }
        if !self.tables.is_empty() {
            self.tables.write(out);
        }
        if !usual {
            self.order.write(out);
        }
        if !full {
            put_varint(out, u64::from(self.low.abs_diff(least)));
            put_varint(out, u64::from(self.high.abs_diff(most)));
        }
        out.extend(self.pasts.iter().map(|past| past.byte()));
    }

    /// Reads what [`write`](Self::write) wrote. The channels are empty.
    pub(super) fn read(
        fields: &mut Fields,
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Self> {
        let flags = fields.u8()?;
        if flags & flag::RESERVED != 0 {
            return Err(Error::unsupported(format!(
                "the flags of an adaptive payload are {flags:#010b}, of which two are unknown"
            )));
        }
        let numbers = match (flags & flag::NUMBERS, spec.format) {
            (0, format) if !format.is_float() => Numbers::Integers,
            (1, format) if format.is_float() && wasted == 0 => {
                let channels = usize::from(spec.channels);
                Numbers::Scaled(Scaled::read(fields, frames, channels, format)?)
            }
            (2, SampleFormat::F32) => Numbers::Ordered,
            (3, format) if format.is_float() && wasted == 0 => {
                let samples = frames as u64 * u64::from(spec.channels);
                Numbers::Truncated(Truncated::read(fields, samples, format)?)
            }
            (kind, _) => {
                return Err(Error::malformed(format!(
                    "the samples are numbers of kind {kind}, which their format does not allow"
                )));
            }
        };
        let mut channels = vec![ChannelKind::Coded; usize::from(spec.channels)];
        if flags & flag::CHANNELS != 0 {
            for (at, channel) in channels.iter_mut().enumerate() {
                *channel = ChannelKind::read(fields, at)?;
            }
        }
        let coded = channels.iter().filter(|&&channel| channel == ChannelKind::Coded).count();
        let bits = numbers.bits(&Layout::new(spec.format, wasted));
        let tables = match flags & flag::TABLES {
            0 => Tables::default(),
            _ => Tables::read(fields, coded, frames, full_range(bits))?,
        };
        let order = match flags & flag::ORDER {
            0 => Order::usual(coded),
            _ => Order::read(fields, coded)?,
        };
        let (mut low, mut high) = full_range(bits);
        if flags & flag::RANGE != 0 {
            let (above, below) = (fields.varint()?, fields.varint()?);
            let span = u64::from(high.abs_diff(low));
            if above.checked_add(below).is_none_or(|both| both > span) {
                return Err(Error::malformed(format!(
                    "the range of samples leaves out the lowest {above} and the highest {below} \
                     values, which is all of them"
                )));
            }
            // Together they are at most the span, so that both ends stay within it.
            low = low.wrapping_add(above as i32);
            high = high.wrapping_sub(below as i32);
        }
        let pasts = fields.take(coded)?.iter().map(|&byte| Past::new(byte)).collect();
        Ok(Prepared {
            numbers,
            channels,
            tables,
            pasts,
            coded: vec![Vec::new(); coded],
            order,
            bits,
            low,
            high,
        })
    }

    /// Makes room for the numbers of this many frames, which a model decodes.
    pub(super) fn make_room(&mut self, frames: usize) -> Result<()> {
        for channel in &mut self.coded {
            *channel = memory::filled(0, frames)?;
        }
        Ok(())
    }

    /// Returns the number of steps of a model. In each it codes a sample of each channel, unless
    /// the channel's delay puts the step before or behind the chunk.
    pub(super) fn steps(&self) -> usize {
        self.frames() + self.lead()
    }

    /// Returns the number of steps by which the last channel is behind.
    pub(super) fn lead(&self) -> usize {
        self.order.delays.iter().copied().max().unwrap_or(0)
    }

    /// Tells whether some frames become PCM without the others.
    pub(super) fn comes_in_pieces(&self) -> bool {
        matches!(self.numbers, Numbers::Integers | Numbers::Ordered)
    }

    /// Converts decoded samples, from a frame on, to as much PCM as there is room for.
    ///
    /// Unless they [come in pieces](Self::comes_in_pieces), it must be all of them.
    pub(super) fn put_pcm(
        &self,
        from: usize,
        spec: &AudioSpec,
        wasted: u8,
        pcm: &mut [u8],
    ) -> Result<()> {
        let layout = Layout::new(spec.format, wasted);
        let range = full_range(self.numbers.bits(&layout));
        let mut coded = self.order.in_frames(&self.coded).into_iter();
        let origins: Vec<Origin> = self
            .channels
            .iter()
            .map(|channel| match channel {
                ChannelKind::Coded => Origin::Coded(coded.next().map_or(&[], |all| &all[from..])),
                ChannelKind::Follows(rule) => Origin::Follows(*rule),
                ChannelKind::Constant(value) => Origin::Constant(*value),
            })
            .collect();
        let mut floats = match &self.numbers {
            Numbers::Integers | Numbers::Ordered => None,
            Numbers::Scaled(scaled) => Some(Floats::Scaled(scaled.floats(origins.len()))),
            Numbers::Truncated(truncated) => {
                Some(Floats::Truncated(truncated.floats(origins.len())?))
            }
        };
        let mut numbers = vec![0; origins.len()];
        let mut fits = true;
        for (at, frame) in pcm.chunks_exact_mut(spec.frame_bytes()).enumerate() {
            let samples = frame.chunks_exact_mut(spec.format.bytes());
            for ((channel, origin), sample) in origins.iter().enumerate().zip(samples) {
                let number = match origin {
                    Origin::Coded(samples) => samples[at],
                    Origin::Follows(rule) => rule.apply(numbers[rule.source], range),
                    Origin::Constant(number) => *number,
                };
                numbers[channel] = number;
                match &mut floats {
                    Some(floats) => floats::put(floats.float(channel, number), sample),
                    None => fits &= layout.put(layout.ordered(i64::from(number)), sample),
                }
            }
        }
        match &self.numbers {
            Numbers::Integers | Numbers::Ordered => {}
            Numbers::Scaled(floats) => floats.put_exceptions(pcm, origins.len()),
            Numbers::Truncated(floats) => floats.put_exceptions(pcm, origins.len()),
        }
        if !fits {
            let bits = layout.value_bits();
            return Err(Error::malformed(format!("a sample does not fit into {bits} bits")));
        }
        Ok(())
    }
}

impl Numbers {
    fn bits(&self, layout: &Layout) -> u32 {
        self.float_bits().unwrap_or(layout.value_bits())
    }

    /// Returns the width of integers that stand for floats.
    fn float_bits(&self) -> Option<u32> {
        match self {
            Numbers::Integers | Numbers::Ordered => None,
            Numbers::Scaled(floats) => Some(floats.bits),
            Numbers::Truncated(floats) => Some(floats.bits),
        }
    }

    /// Returns an upper bound of the bytes that are written for floats.
    fn most_bytes(&self) -> usize {
        match self {
            Numbers::Integers | Numbers::Ordered => 0,
            Numbers::Scaled(floats) => floats.most_bytes(),
            Numbers::Truncated(floats) => floats.most_bytes(),
        }
    }

    fn opposite(&self) -> Opposite {
        match self {
            Numbers::Integers | Numbers::Scaled(_) | Numbers::Truncated(_) => Opposite::Negative,
            Numbers::Ordered => Opposite::Complement,
        }
    }
}

/// The origin of a channel's numbers when PCM is restored.
enum Origin<'a> {
    Coded(&'a [i32]),
    Follows(Rule),
    Constant(i32),
}

/// Returns the values of each channel, where bits of floats sort like the floats.
fn ordered(pcm: &[u8], spec: &AudioSpec, layout: &Layout) -> Result<Vec<Vec<i32>>> {
    let frames = pcm.len() / spec.frame_bytes();
    let mut samples: Vec<Vec<i32>> =
        (0..spec.channels).map(|_| memory::room(frames)).collect::<Result<_>>()?;
    for frame in pcm.chunks_exact(spec.frame_bytes()) {
        let frame = frame.chunks_exact(spec.format.bytes());
        for (channel, sample) in samples.iter_mut().zip(frame) {
            channel.push(layout.ordered(layout.get(sample)) as i32);
        }
    }
    Ok(samples)
}

/// Returns the lowest and the highest value; `None` if there are no samples.
fn range_of(channels: &[Vec<i32>]) -> Option<(i32, i32)> {
    let mut range: Option<(i32, i32)> = None;
    for &value in channels.iter().flatten() {
        let (low, high) = range.unwrap_or((value, value));
        range = Some((low.min(value), high.max(value)));
    }
    range
}

/// Returns the scale from numbers of this width to the unit of the models.
fn unit(bits: u32) -> f64 {
    f64::from(1 << 16u32.saturating_sub(bits))
}

/// Finds what channels are taken to have been before.
fn pasts(coded: &[Vec<i32>], bits: u32) -> Vec<Past> {
    coded.iter().map(|samples| Past::find(samples, unit(bits))).collect()
}

/// Returns the lowest and the highest value of this many bits.
fn full_range(bits: u32) -> (i32, i32) {
    (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits))
}

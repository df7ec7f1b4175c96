//! The samples of a chunk as integers for a model.
//!
//! Redundancy that needs no prediction is removed: channels that are constant or follow from
//! others, floats that are scaled integers, values that never occur.

mod channels;
mod floats;
mod order;

use channels::{ChannelKind, Opposite, Rule};
use floats::Floats;
use order::Order;

use super::ranks::{Ranks, most_span};
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, Result};
use crate::memory;
use crate::planes::{Layout, fold, unfold};

/// The samples of a chunk, prepared for a model.
pub(super) struct Prepared {
    numbers: Numbers,
    channels: Vec<ChannelKind>,
    ranks: Option<Ranks>,
    ranks_table: Vec<u8>,
    order: Order,
    /// The channels that a model codes, in coding order.
    pub(super) coded: Vec<Vec<i32>>,
    /// The partner of each coded channel: the channel whose samples help to predict it, up to
    /// the current one if the partner is coded before, else up to the last one. A channel
    /// without a partner has itself here.
    pub(super) partners: Vec<usize>,
    /// The width of the coded numbers.
    pub(super) bits: u32,
    /// The lowest and the highest coded number; a model decodes no others.
    pub(super) low: i32,
    pub(super) high: i32,
}

/// The meaning of the integers.
enum Numbers {
    /// Integer samples, without their wasted bits.
    Integers,
    /// Floats that are integers times a scale.
    Scaled(Floats),
    /// The bits of floats, mapped so that they sort like the floats.
    Ordered,
}

mod flag {
    pub(super) const NUMBERS: u8 = 0b0011;
    pub(super) const CHANNELS: u8 = 0b0100;
    pub(super) const RANKS: u8 = 0b1000;
    pub(super) const ORDER: u8 = 0b1_0000;
    pub(super) const RANGE: u8 = 0b10_0000;
    pub(super) const RESERVED: u8 = 0b1100_0000;
}

impl Prepared {
    /// Prepares the samples of a chunk.
    pub(super) fn from_pcm(pcm: &[u8], spec: &AudioSpec, wasted: u8) -> Result<Self> {
        let layout = Layout::new(spec.format, wasted);
        let floats = match spec.format {
            SampleFormat::F32 => Floats::find(pcm, spec)?,
            _ => None,
        };
        let (numbers, mut samples) = match floats {
            Some((floats, samples)) => (Numbers::Scaled(floats), samples),
            None if spec.format.is_float() => (Numbers::Ordered, ordered(pcm, spec, &layout)?),
            None => (Numbers::Integers, ordered(pcm, spec, &layout)?),
        };
        let mut bits = numbers.bits(&layout);
        let channels = ChannelKind::find(&samples, full_range(bits), numbers.opposite());
        let mut kinds = channels.iter();
        samples.retain(|_| kinds.next() == Some(&ChannelKind::Coded));

        let (ranks, ranks_table) = Ranks::find(&samples)?.unzip();
        if let Some(ranks) = &ranks {
            ranks.apply(&mut samples);
            bits = ranks.bits();
        }
        let ranks_table = ranks_table.unwrap_or_default();
        let order = Order::find(&samples);
        let (low, high) = range_of(&samples).unwrap_or_else(|| full_range(bits));
        Ok(Prepared {
            numbers,
            channels,
            ranks,
            ranks_table,
            coded: order.arrange(samples),
            partners: order.partners.clone(),
            order,
            bits,
            low,
            high,
        })
    }

    /// Makes integers of this width, in the usual order.
    #[cfg(test)]
    pub(super) fn of(coded: Vec<Vec<i32>>, bits: u32) -> Self {
        let order = Order::usual(coded.len());
        let (low, high) = range_of(&coded).expect("samples");
        Prepared {
            numbers: Numbers::Integers,
            channels: vec![ChannelKind::Coded; coded.len()],
            ranks: None,
            ranks_table: Vec::new(),
            coded,
            partners: order.partners.clone(),
            order,
            bits,
            low,
            high,
        }
    }

    /// Copies frames from the middle of the chunk, for trials.
    pub(super) fn piece(&self, frames: usize) -> Self {
        let part = |samples: &Vec<i32>| {
            let spare = samples.len().saturating_sub(frames);
            samples[spare / 2..samples.len() - spare.div_ceil(2)].to_vec()
        };
        Prepared {
            numbers: Numbers::Integers,
            coded: self.coded.iter().map(part).collect(),
            channels: Vec::new(),
            ranks: None,
            ranks_table: Vec::new(),
            order: self.order.clone(),
            partners: self.partners.clone(),
            ..*self
        }
    }

    /// Reverses the order of two channels.
    pub(super) fn reverse(&mut self) {
        self.coded.reverse();
        self.order.turns.reverse();
    }

    /// Returns the scale from samples to the unit of the models, in which samples of fewer than
    /// 16 bits are as large as those of 16 bits.
    pub(super) fn unit(&self) -> f64 {
        f64::from(1 << 16u32.saturating_sub(self.bits))
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(super) fn most_bytes(&self) -> usize {
        let floats = match &self.numbers {
            Numbers::Scaled(floats) => floats.most_bytes(),
            Numbers::Integers | Numbers::Ordered => 0,
        };
        floats + channels::MOST_BYTES * self.channels.len() + self.ranks_table.len() + 64
    }

    /// Writes all that a decoder needs before the model's own bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let plain = self.channels.iter().all(|&channel| channel == ChannelKind::Coded);
        let mut flags = match self.numbers {
            Numbers::Integers => 0,
            Numbers::Scaled(_) => 1,
            Numbers::Ordered => 2,
        };
        flags |= if plain { 0 } else { flag::CHANNELS };
        flags |= if self.ranks.is_some() { flag::RANKS } else { 0 };
        let usual = self.order == Order::usual(self.coded.len());
        flags |= if usual { 0 } else { flag::ORDER };
        let (least, most) = full_range(self.bits);
        let full = (self.low, self.high) == (least, most);
        flags |= if full { 0 } else { flag::RANGE };
        out.push(flags);
        if let Numbers::Scaled(floats) = &self.numbers {
            floats.write(out);
        }
        for channel in self.channels.iter().filter(|_| !plain) {
            channel.write(out);
        }
        if let Some(ranks) = &self.ranks {
            put_varint(out, fold(i64::from(ranks.low)));
            put_varint(out, ranks.span() as u64);
            put_varint(out, self.ranks_table.len() as u64);
            out.extend(&self.ranks_table);
        }
        if !usual {
            self.order.write(out);
        }
        if !full {
            put_varint(out, u64::from(self.low.abs_diff(least)));
            put_varint(out, u64::from(self.high.abs_diff(most)));
        }
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
        let numbers = match (flags & flag::NUMBERS, spec.format == SampleFormat::F32) {
            (0, false) => Numbers::Integers,
            (1, true) if wasted == 0 => {
                let samples = frames as u64 * u64::from(spec.channels);
                Numbers::Scaled(Floats::read(fields, samples)?)
            }
            (2, true) => Numbers::Ordered,
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
        let mut bits = numbers.bits(&Layout::new(spec.format, wasted));
        let mut ranks = None;
        if flags & flag::RANKS != 0 {
            let (low, span) = (unfold(fields.varint()?), fields.varint()?);
            let length = usize::try_from(fields.varint()?);
            let table = fields.take(length.unwrap_or(usize::MAX))?;
            let end = i64::try_from(span).ok().and_then(|span| low.checked_add(span));
            let most = most_span((frames * coded) as u64);
            match (i32::try_from(low), end) {
                (Ok(low), Some(end)) if span <= most && end <= 1 << 31 => {
                    let read = Ranks::read(low, span as usize, table);
                    bits = read.bits();
                    ranks = Some(read);
                }
                _ => {
                    return Err(Error::malformed(format!(
                        "ranks are of {span} values from {low} on; they must be at most {most} \
                         values, of 32 bits"
                    )));
                }
            }
        }
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
        Ok(Prepared {
            numbers,
            channels,
            ranks,
            ranks_table: Vec::new(),
            coded: vec![Vec::new(); coded],
            partners: order.partners.clone(),
            order,
            bits,
            low,
            high,
        })
    }

    /// Converts decoded samples to PCM.
    pub(super) fn into_pcm(
        mut self,
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Vec<u8>> {
        if let Some(ranks) = &self.ranks
            && !ranks.undo(&mut self.coded)
        {
            return Err(Error::malformed("a sample has a rank that no value has"));
        }
        let layout = Layout::new(spec.format, wasted);
        let range = full_range(self.numbers.bits(&layout));
        let coded = self.order.restore(&mut self.coded);
        let mut coded = coded.iter();
        let origins: Vec<Origin> = self
            .channels
            .iter()
            .map(|channel| match channel {
                ChannelKind::Coded => Origin::Coded(coded.next().map_or(&[], |samples| samples)),
                ChannelKind::Follows(rule) => Origin::Follows(*rule),
                ChannelKind::Constant(value) => Origin::Constant(*value),
            })
            .collect();
        let mut signed = match &self.numbers {
            Numbers::Scaled(floats) => Some(floats.signed(origins.len())),
            Numbers::Integers | Numbers::Ordered => None,
        };
        let mut numbers = vec![0; origins.len()];
        let mut pcm = memory::filled(0, frames * spec.frame_bytes())?;
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
                match &mut signed {
                    Some(signed) => {
                        sample.copy_from_slice(&signed.float(channel, number).to_le_bytes());
                    }
                    None => fits &= layout.put(layout.ordered(i64::from(number)), sample),
                }
            }
        }
        if let Numbers::Scaled(floats) = &self.numbers {
            floats.put_exceptions(&mut pcm, origins.len());
        }
        if !fits {
            let bits = layout.value_bits();
            return Err(Error::malformed(format!("a sample does not fit into {bits} bits")));
        }
        Ok(pcm)
    }
}

impl Numbers {
    fn bits(&self, layout: &Layout) -> u32 {
        match self {
            Numbers::Integers | Numbers::Ordered => layout.value_bits(),
            Numbers::Scaled(floats) => floats.bits,
        }
    }

    fn opposite(&self) -> Opposite {
        match self {
            Numbers::Integers | Numbers::Scaled(_) => Opposite::Negative,
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

/// Returns the lowest and the highest value of this many bits.
fn full_range(bits: u32) -> (i32, i32) {
    (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits))
}

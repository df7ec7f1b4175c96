//! A chunk's samples as integers, and what needs no model: equal channels, constant ones,
//! floats that are scaled integers, values that never occur.

mod order;

use order::Order;

use super::ranks::{Ranks, most_span};
use crate::audio::{AudioSpec, SampleFormat};
use crate::container::fields::{Fields, put_u32, put_varint};
use crate::error::{Error, Result};
use crate::planes::{Layout, fold, unfold};

/// Samples that are ready for a model.
pub(super) struct Prepared {
    numbers: Numbers,
    channels: Vec<Channel>,
    ranks: Option<Ranks>,
    ranks_table: Vec<u8>,
    order: Order,
    /// The channels that a model codes, in the order in which it does.
    pub(super) coded: Vec<Vec<i32>>,
    /// Which other one each of them sees: its current sample where it is coded before, its
    /// past ones where it is coded after; itself, and so none, where it is alone.
    pub(super) partners: Vec<usize>,
    /// Their width.
    pub(super) bits: u32,
    /// Their lowest and highest value; a model decodes no others.
    pub(super) low: i32,
    pub(super) high: i32,
}

/// What the integers stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// Themselves, without their wasted bits.
    Integers,
    /// Floats: an integer of so many bits, divided by two to this power.
    Scaled { power: u8, bits: u8 },
    /// Floats by their bits, made to sort like the floats.
    Ordered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Coded,
    /// The same as the channel before.
    Repeated,
    Constant(i32),
}

mod flag {
    pub(super) const NUMBERS: u8 = 0b0011;
    pub(super) const CHANNELS: u8 = 0b0100;
    pub(super) const RANKS: u8 = 0b1000;
    pub(super) const ORDER: u8 = 0b1_0000;
    pub(super) const RANGE: u8 = 0b10_0000;
    pub(super) const RESERVED: u8 = 0b1100_0000;
}

/// The highest power of two that scales floats.
const MOST_POWER: u8 = 60;

impl Prepared {
    /// The samples of a chunk, taken apart.
    pub(super) fn from_pcm(pcm: &[u8], spec: &AudioSpec, wasted: u8) -> Self {
        let numbers = match spec.format {
            SampleFormat::F32 => scale_of(pcm).unwrap_or(Numbers::Ordered),
            _ => Numbers::Integers,
        };
        let layout = Layout::new(spec.format, wasted);
        let size = spec.format.bytes();
        let integer = |sample: &[u8]| match numbers {
            Numbers::Scaled { power, .. } => scaled(sample, power).unwrap_or(0),
            Numbers::Integers | Numbers::Ordered => layout.ordered(layout.get(sample)) as i32,
        };
        let mut samples = vec![Vec::new(); usize::from(spec.channels)];
        for frame in pcm.chunks_exact(spec.frame_bytes()) {
            for (channel, sample) in samples.iter_mut().zip(frame.chunks_exact(size)) {
                channel.push(integer(sample));
            }
        }

        let channels: Vec<Channel> = (0..samples.len())
            .map(|at| match &samples[at][..] {
                own if at > 0 && *own == samples[at - 1] => Channel::Repeated,
                [first, rest @ ..] if rest.iter().all(|value| value == first) => {
                    Channel::Constant(*first)
                }
                _ => Channel::Coded,
            })
            .collect();
        let mut kinds = channels.iter();
        samples.retain(|_| kinds.next() == Some(&Channel::Coded));

        let mut bits = numbers.bits(&layout);
        let (ranks, ranks_table) = Ranks::find(&samples).unzip();
        if let Some(ranks) = &ranks {
            ranks.apply(&mut samples);
            bits = ranks.bits();
        }
        let ranks_table = ranks_table.unwrap_or_default();
        let order = Order::find(&samples);
        let (low, high) = range_of(&samples).unwrap_or_else(|| full_range(bits));
        Prepared {
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
        }
    }

    /// Integers of this width, in the usual order.
    #[cfg(test)]
    pub(super) fn of(coded: Vec<Vec<i32>>, bits: u32) -> Self {
        let order = Order::usual(coded.len());
        let (low, high) = range_of(&coded).expect("samples");
        Prepared {
            numbers: Numbers::Integers,
            channels: vec![Channel::Coded; coded.len()],
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

    /// What a decoder has to know before it meets the model.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let plain = self.channels.iter().all(|&channel| channel == Channel::Coded);
        let mut flags = match self.numbers {
            Numbers::Integers => 0,
            Numbers::Scaled { .. } => 1,
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
        if let Numbers::Scaled { power, bits } = self.numbers {
            out.extend([power, bits]);
        }
        for channel in self.channels.iter().filter(|_| !plain) {
            match channel {
                Channel::Coded => out.push(0),
                Channel::Repeated => out.push(1),
                Channel::Constant(value) => {
                    out.push(2);
                    put_u32(out, *value as u32);
                }
            }
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

    /// The inverse of [`write`](Self::write). The channels are empty.
    pub(super) fn read(
        fields: &mut Fields,
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Self> {
        let flags = fields.u8()?;
        if flags & flag::RESERVED != 0 {
            return Err(Error::unsupported("an unknown flag of the adaptive method"));
        }
        let numbers = match (flags & flag::NUMBERS, spec.format == SampleFormat::F32) {
            (0, false) => Numbers::Integers,
            (1, true) => Numbers::Scaled { power: fields.u8()?, bits: fields.u8()? },
            (2, true) => Numbers::Ordered,
            _ => return Err(Error::malformed("numbers that do not fit the format")),
        };
        match numbers {
            Numbers::Scaled { power, bits }
                if power > MOST_POWER || !(1..=32).contains(&bits) || wasted > 0 =>
            {
                return Err(Error::malformed("floats that cannot be scaled like this"));
            }
            _ => {}
        }
        let mut channels = vec![Channel::Coded; usize::from(spec.channels)];
        if flags & flag::CHANNELS != 0 {
            for (at, channel) in channels.iter_mut().enumerate() {
                *channel = match fields.u8()? {
                    0 => Channel::Coded,
                    1 if at > 0 => Channel::Repeated,
                    2 => Channel::Constant(fields.u32()? as i32),
                    kind => {
                        return Err(Error::malformed(format!("the kind {kind} of channel {at}")));
                    }
                };
            }
        }
        let coded = channels.iter().filter(|&&channel| channel == Channel::Coded).count();
        let mut bits = numbers.bits(&Layout::new(spec.format, wasted));
        let mut ranks = None;
        if flags & flag::RANKS != 0 {
            let (low, span) = (unfold(fields.varint()?), fields.varint()?);
            let length = usize::try_from(fields.varint()?);
            let table = fields.take(length.unwrap_or(usize::MAX))?;
            let end = i64::try_from(span).ok().and_then(|span| low.checked_add(span));
            match (i32::try_from(low), end) {
                (Ok(low), Some(end))
                    if span <= most_span((frames * coded) as u64) && end <= 1 << 31 =>
                {
                    let read = Ranks::read(low, span as usize, table);
                    bits = read.bits();
                    ranks = Some(read);
                }
                _ => return Err(Error::malformed("ranks of values that do not exist")),
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
                return Err(Error::malformed("a range without a value"));
            }
            // Both are at most the span, and so the sums are between its ends.
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

    /// The PCM of samples that came out of a model.
    pub(super) fn into_pcm(
        mut self,
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
    ) -> Result<Vec<u8>> {
        if let Some(ranks) = &self.ranks
            && !ranks.undo(&mut self.coded)
        {
            return Err(Error::malformed("a rank without a value"));
        }
        let layout = Layout::new(spec.format, wasted);
        let coded = self.order.restore(&mut self.coded);
        let mut coded = coded.iter();
        let mut last: Option<&Vec<i32>> = None;
        let mut constant = 0;
        // Of each channel: its samples, or the one that they all are.
        let mut sources = Vec::new();
        for channel in &self.channels {
            match channel {
                Channel::Coded => last = coded.next(),
                Channel::Repeated => {}
                Channel::Constant(value) => (last, constant) = (None, *value),
            }
            sources.push((last, constant));
        }
        let mut pcm = vec![0; frames * spec.frame_bytes()];
        let mut fits = true;
        for (at, frame) in pcm.chunks_exact_mut(spec.frame_bytes()).enumerate() {
            for ((samples, constant), sample) in
                sources.iter().zip(frame.chunks_exact_mut(spec.format.bytes()))
            {
                let value = samples.map_or(*constant, |samples| samples[at]);
                match self.numbers {
                    Numbers::Scaled { power, .. } => {
                        let float = f64::from(value) / (1u64 << power) as f64;
                        sample.copy_from_slice(&(float as f32).to_le_bytes());
                    }
                    Numbers::Integers | Numbers::Ordered => {
                        fits &= layout.put(layout.ordered(i64::from(value)), sample);
                    }
                }
            }
        }
        if !fits {
            return Err(Error::malformed("a sample that is too large"));
        }
        Ok(pcm)
    }
}

impl Numbers {
    fn bits(self, layout: &Layout) -> u32 {
        match self {
            Numbers::Integers | Numbers::Ordered => layout.value_bits(),
            Numbers::Scaled { bits, .. } => u32::from(bits),
        }
    }
}

/// The lowest and the highest value, where there is one.
fn range_of(channels: &[Vec<i32>]) -> Option<(i32, i32)> {
    let mut range: Option<(i32, i32)> = None;
    for &value in channels.iter().flatten() {
        let (low, high) = range.unwrap_or((value, value));
        range = Some((low.min(value), high.max(value)));
    }
    range
}

/// The values that this many bits hold.
fn full_range(bits: u32) -> (i32, i32) {
    (i32::MIN >> (32 - bits), i32::MAX >> (32 - bits))
}

/// The integer that a float is, times two to this power.
fn scaled(sample: &[u8], power: u8) -> Option<i32> {
    let float = f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]);
    let scaled = f64::from(float) * (1u64 << power) as f64;
    let integer = scaled as i32;
    // Neither a special value nor the sign of a zero gets lost.
    let exact = f64::from(integer) == scaled && (float != 0.0 || float.is_sign_positive());
    exact.then_some(integer)
}

/// How floats are scaled integers, if all of them are: with the smallest power of two.
fn scale_of(pcm: &[u8]) -> Option<Numbers> {
    let mut power = 0;
    let mut magnitudes = 0;
    for sample in pcm.chunks_exact(4) {
        while scaled(sample, power).is_none() {
            power += 1;
            if power > MOST_POWER {
                return None;
            }
        }
    }
    for sample in pcm.chunks_exact(4) {
        let value = scaled(sample, power)?;
        magnitudes |= value ^ (value >> 31);
    }
    let bits = 33 - magnitudes.leading_zeros();
    Some(Numbers::Scaled { power, bits: bits as u8 })
}

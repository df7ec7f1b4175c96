//! Access to the floats of a chunk, in single or in double precision.

use std::ops::Range;

use crate::audio::{AudioSpec, SampleFormat};
use crate::container::fields::Fields;
use crate::error::{Error, Result};
use crate::memory;

/// The precision of floats. Singles may be stored as doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Precision {
    Single,
    Double,
}

impl Precision {
    /// Bits of a mantissa, with the one that is not stored.
    pub(super) fn digits(self) -> u32 {
        match self {
            Precision::Single => 24,
            Precision::Double => 53,
        }
    }

    /// The exponent field of 1.
    pub(super) fn bias(self) -> i32 {
        match self {
            Precision::Single => 127,
            Precision::Double => 1023,
        }
    }

    /// The exponent field of infinities and NaN.
    pub(super) fn special(self) -> i32 {
        2 * self.bias() + 1
    }

    /// Rounds a double to this precision.
    #[inline(always)]
    pub(super) fn round(self, value: f64) -> f64 {
        match self {
            Precision::Single => f64::from(value as f32),
            Precision::Double => value,
        }
    }

    /// Returns the bits of a value of this precision.
    #[inline(always)]
    pub(super) fn bits(self, value: f64) -> u64 {
        match self {
            Precision::Single => u64::from((value as f32).to_bits()),
            Precision::Double => value.to_bits(),
        }
    }

    #[inline(always)]
    pub(super) fn value(self, bits: u64) -> f64 {
        match self {
            Precision::Single => f64::from(f32::from_bits(bits as u32)),
            Precision::Double => f64::from_bits(bits),
        }
    }

    /// Returns the bits as an integer that sorts like the floats.
    #[inline(always)]
    pub(super) fn ordered(self, value: f64) -> i64 {
        match self {
            Precision::Single => {
                let bits = (value as f32).to_bits() as i32;
                i64::from(if bits < 0 { bits ^ i32::MAX } else { bits })
            }
            Precision::Double => {
                let bits = value.to_bits() as i64;
                if bits < 0 { bits ^ i64::MAX } else { bits }
            }
        }
    }

    /// Inverts [`ordered`](Self::ordered), modulo the width of the floats.
    #[inline(always)]
    pub(super) fn at_place(self, place: i64) -> f64 {
        match self {
            Precision::Single => {
                let place = place as i32;
                let bits = if place < 0 { place ^ i32::MAX } else { place };
                f64::from(f32::from_bits(bits as u32))
            }
            Precision::Double => {
                let bits = if place < 0 { place ^ i64::MAX } else { place };
                f64::from_bits(bits as u64)
            }
        }
    }

    /// Writes the byte that says which precision 64-bit floats have. Others are singles.
    pub(super) fn write(self, format: SampleFormat, out: &mut Vec<u8>) {
        if format == SampleFormat::F64 {
            out.push(self.digits() as u8);
        }
    }

    pub(super) fn read(fields: &mut Fields, format: SampleFormat) -> Result<Self> {
        match format {
            SampleFormat::F64 => match fields.u8()? {
                24 => Ok(Precision::Single),
                53 => Ok(Precision::Double),
                other => Err(Error::malformed(format!(
                    "floats have a precision of {other} bits; it must be 24 or 53"
                ))),
            },
            _ => Ok(Precision::Single),
        }
    }
}

/// The floats of a chunk.
#[derive(Clone, Copy)]
pub(in super::super) struct Samples<'a> {
    pcm: &'a [u8],
    pub(super) format: SampleFormat,
    pub(super) channels: usize,
    pub(super) frames: usize,
}

impl<'a> Samples<'a> {
    pub(in super::super) fn new(pcm: &'a [u8], spec: &AudioSpec) -> Self {
        Samples {
            pcm,
            format: spec.format,
            channels: usize::from(spec.channels),
            frames: pcm.len() / spec.frame_bytes(),
        }
    }

    /// Returns the samples of other bytes that have the same format.
    pub(super) fn of(self, pcm: &[u8]) -> Samples<'_> {
        let frames = pcm.len() / (self.channels * self.format.bytes());
        Samples { pcm, frames, ..self }
    }

    /// Copies the frames of these ranges, one after the other.
    pub(super) fn copied(&self, ranges: &[Range<usize>]) -> Result<Vec<u8>> {
        let bytes = self.channels * self.format.bytes();
        let frames: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        let mut copy = memory::room(frames * bytes)?;
        for range in ranges {
            copy.extend_from_slice(&self.pcm[range.start * bytes..range.end * bytes]);
        }
        Ok(copy)
    }

    pub(super) fn count(&self) -> u64 {
        (self.channels * self.frames) as u64
    }

    /// Returns the bits of a float as they are stored.
    #[inline(always)]
    pub(super) fn bits(&self, channel: usize, frame: usize) -> u64 {
        let at = frame * self.channels + channel;
        match self.format {
            SampleFormat::F64 => self.format.get(&self.pcm[8 * at..]) as u64,
            _ => u64::from(self.format.get(&self.pcm[4 * at..]) as u32),
        }
    }

    /// Returns a float as a double.
    #[inline(always)]
    pub(super) fn value(&self, channel: usize, frame: usize) -> f64 {
        let bits = self.bits(channel, frame);
        match self.format {
            SampleFormat::F64 => f64::from_bits(bits),
            _ => f64::from(f32::from_bits(bits as u32)),
        }
    }

    /// Returns the values of a channel.
    pub(super) fn channel(self, channel: usize) -> impl Iterator<Item = f64> {
        (0..self.frames).map(move |frame| self.value(channel, frame))
    }

    /// Returns all values, frame by frame.
    pub(super) fn values(self) -> impl Iterator<Item = f64> {
        (0..self.frames).flat_map(move |frame| {
            (0..self.channels).map(move |channel| self.value(channel, frame))
        })
    }

    /// Returns single precision if all finite samples, but for few, are singles.
    pub(super) fn precision(&self) -> Precision {
        if self.format != SampleFormat::F64 {
            return Precision::Single;
        }
        let single = |value: &f64| f64::from(*value as f32) == *value || !value.is_finite();
        let others = self.values().filter(|value| !single(value)).take(self.frames / 64 + 1);
        if others.count() <= self.frames / 64 { Precision::Single } else { Precision::Double }
    }
}

/// Writes a value into a sample of 32 or 64 bits.
#[inline(always)]
pub(in super::super) fn put(value: f64, sample: &mut [u8]) {
    match sample.len() {
        4 => sample.copy_from_slice(&(value as f32).to_le_bytes()),
        _ => sample.copy_from_slice(&value.to_le_bytes()),
    }
}

//! Samples with bits of their own, whatever their number.

use crate::audio::SampleFormat;
use crate::container::fields::{Fields, put_varint};
use crate::error::{Error, Result};
use crate::memory;

/// A run of equal samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// Number of samples since the run before, with channels one after the other.
    gap: u32,
    length: u32,
    bits: u64,
}

/// Runs of samples that no number gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Exceptions {
    runs: Vec<Run>,
    /// The place behind the last run.
    next: u32,
}

/// The bit of the byte before the exceptions that says that there are any.
pub(super) const PRESENT: u8 = 0b0100_0000;

/// The most bytes of a run in a payload.
const MOST_RUN_BYTES: usize = 18;

/// Returns the most runs of exceptions that this many samples may have.
pub(super) fn most_runs(samples: u64) -> u64 {
    samples / 32 + 8
}

impl Exceptions {
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the number of runs.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// Adds the sample at this place, which no earlier one is behind.
    pub(super) fn add(&mut self, at: usize, bits: u64) -> Result<()> {
        let at = at as u32;
        match self.runs.last_mut() {
            Some(run) if self.next == at && run.bits == bits => run.length += 1,
            _ => memory::append(&mut self.runs, &[Run { gap: at - self.next, length: 1, bits }])?,
        }
        self.next = at + 1;
        Ok(())
    }

    /// Returns an upper bound of the bytes that [`write`](Self::write) appends.
    pub(super) fn most_bytes(&self) -> usize {
        10 + MOST_RUN_BYTES * self.runs.len()
    }

    pub(super) fn write(&self, format: SampleFormat, out: &mut Vec<u8>) {
        if self.runs.is_empty() {
            return;
        }
        put_varint(out, self.runs.len() as u64);
        for run in &self.runs {
            put_varint(out, u64::from(run.gap));
            put_varint(out, u64::from(run.length - 1));
            out.extend(&run.bits.to_le_bytes()[..format.bytes()]);
        }
    }

    /// Returns the bit that the byte before the exceptions has where there are any.
    pub(super) fn flag(&self) -> u8 {
        if self.runs.is_empty() { 0 } else { PRESENT }
    }

    /// Reads what [`write`](Self::write) wrote in a chunk of this many samples, if the byte
    /// before says that there are any.
    pub(super) fn read(
        fields: &mut Fields,
        byte: u8,
        samples: u64,
        format: SampleFormat,
    ) -> Result<Self> {
        if byte & PRESENT == 0 {
            return Ok(Exceptions::default());
        }
        let behind = || Error::malformed("an exception is behind the last sample");
        let count = fields.varint()?;
        let most = most_runs(samples);
        if !(1..=most).contains(&count) {
            return Err(Error::malformed(format!(
                "there are {count} runs of exceptions; it must be 1 to {most}"
            )));
        }
        let mut exceptions = Exceptions::default();
        let mut left = samples;
        for _ in 0..count {
            let (gap, more) = (fields.varint()?, fields.varint()?);
            let mut bits = [0; 8];
            bits[..format.bytes()].copy_from_slice(fields.take(format.bytes())?);
            left = left
                .checked_sub(gap)
                .and_then(|left| left.checked_sub(more))
                .and_then(|left| left.checked_sub(1))
                .ok_or_else(behind)?;
            // Both are less than the number of samples of a chunk.
            let (gap, length) = (gap as u32, more as u32 + 1);
            let run = Run { gap, length, bits: u64::from_le_bytes(bits) };
            memory::append(&mut exceptions.runs, &[run])?;
        }
        exceptions.next = (samples - left) as u32;
        Ok(exceptions)
    }

    /// Writes the exceptions over the PCM.
    pub(super) fn put(&self, pcm: &mut [u8], channels: usize, format: SampleFormat) {
        let bytes = format.bytes();
        let frames = pcm.len() / (bytes * channels);
        let mut next = 0;
        for run in &self.runs {
            let start = next + run.gap as usize;
            next = start + run.length as usize;
            for at in start..next {
                let place = bytes * (at % frames * channels + at / frames);
                pcm[place..place + bytes].copy_from_slice(&run.bits.to_le_bytes()[..bytes]);
            }
        }
    }
}

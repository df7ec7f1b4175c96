//! Going on behind damage.

use std::io::Read;
use std::sync::Arc;

use super::{Decoder, Job, Step};
use crate::container::MAX_CHUNK_PCM;
use crate::container::header::Sealed;
use crate::container::item::{ITEM_CRC, ItemHeader, MIN_CHUNK, checksum_holds};
use crate::container::repair::{SEARCHED, repaired};
use crate::container::trailer::Trailer;
use crate::error::{Error, Place, Result};
use crate::stream::input::Input;
use crate::stream::options::DecodeOptions;

/// Bytes of items that may be tried for each byte that is looked at.
const TRIALS_A_BYTE: u64 = 64;

impl<R: Read> Decoder<R> {
    /// A decoder of a stream whose header has an error, if that is in one byte alone.
    pub(super) fn with_repaired_header(
        mut input: Input<R>,
        error: Error,
        options: DecodeOptions,
    ) -> Result<Self> {
        input.fill(SEARCHED)?;
        let Some(stream) = repaired(input.window()).filter(|_| error.is_damage()) else {
            return Err(error);
        };
        input.consume(stream.bytes.len());
        let mut decoder = Self::with_header(input, stream, options)?;
        decoder.damage.header_repaired = true;
        decoder.starts_damaged(error);
        Ok(decoder)
    }

    /// Keeps what is wrong with the header for every pass through the stream.
    pub(super) fn starts_damaged(&mut self, error: Error) {
        self.damage.first_error = Some(error.at(Place::Header).to_string());
        self.damage_before = self.damage.clone();
    }

    /// Looks for the next whole item behind damage, and takes it.
    pub(super) fn resynchronise(&mut self) -> Result<()> {
        self.index = None;
        let stream = Arc::clone(&self.stream);
        let found = find_item(&mut self.input, &stream, &mut self.trials)?;
        self.damage.skipped_bytes += self.input.offset().saturating_sub(self.whole_to);
        self.whole_to = self.input.offset();
        if found {
            let item = self.read_item()?;
            return self.take_item(item);
        }
        self.take_held();
        self.damage.truncated = true;
        self.ahead.push_back(Step::End);
        self.read_all = true;
        Ok(())
    }

    /// Goes to the first whole item, where the head of the source file should be. `false`
    /// where it is not there.
    pub(super) fn find_head(&mut self) -> Result<bool> {
        let start = self.input.offset();
        let stream = Arc::clone(&self.stream);
        find_item(&mut self.input, &stream, &mut self.trials)?;
        let skipped = self.input.offset() - start;
        if skipped > 0 {
            self.damage.note(&Error::malformed("no head where one is due").at(Place::Block(0)));
            self.damage.skipped_bytes += skipped;
        }
        Ok(skipped == 0)
    }

    /// Takes back a tail of the source file that stands before a chunk: it does not end the
    /// audio.
    pub(super) fn leave_tail(&mut self) {
        self.ahead.retain(|step| !matches!(step, Step::Tail(_)));
        self.in_tail = false;
        self.tail_length = 0;
        self.damage.tail_lost = true;
    }

    /// Takes a chunk, wherever it belongs. One that comes too early is held back until it
    /// is known whether what is missing before it follows.
    pub(super) fn sort_in(&mut self, job: Job) {
        if job.chunk.first_frame != self.frames {
            self.index = None;
            let error = self.out_of_place(&job.chunk);
            self.damage.note(&error);
        }
        if let Some(held) = self.held.take_if(|held| held.first_frame() < job.first_frame()) {
            self.take_behind_gap(held);
        }
        let first = job.first_frame();
        match &self.held {
            _ if first == self.frames => self.submit(job),
            _ if first < self.frames => self.damage.dropped_chunks += 1,
            None => self.held = Some(job),
            Some(held) if held.first_frame() == first => self.damage.dropped_chunks += 1,
            Some(_) => self.take_behind_gap(job),
        }
        if let Some(held) = self.held.take_if(|held| held.first_frame() <= self.frames) {
            self.take_behind_gap(held);
        }
    }

    /// Takes the chunk that was held back: nothing comes any more that belongs before it.
    pub(super) fn take_held(&mut self) {
        if let Some(held) = self.held.take() {
            self.take_behind_gap(held);
        }
    }

    /// Takes a chunk, with silence before it where something is missing.
    fn take_behind_gap(&mut self, job: Job) {
        match self.bridge(job.first_frame()) {
            true => self.submit(job),
            false => self.damage.dropped_chunks += 1,
        }
    }

    /// Fills the frames up to this one with silence; `false` where that cannot be right.
    pub(super) fn bridge(&mut self, to: u64) -> bool {
        let Some(frames) = to.checked_sub(self.frames) else {
            return false;
        };
        if frames == 0 {
            return true;
        }
        // As much as one chunk can have, or as far as a stream of so many bytes could get.
        let bytes = frames.saturating_mul(self.info.spec.frame_bytes() as u64);
        let chunks = to.div_ceil(self.info.chunk_frames);
        if bytes > MAX_CHUNK_PCM && chunks.saturating_mul(MIN_CHUNK) > self.input.offset() {
            return false;
        }
        // What turns out to be missing at the end is missing before the file's tail.
        let tail = self.ahead.iter().position(|step| matches!(step, Step::Tail(_)));
        self.ahead.insert(tail.unwrap_or(self.ahead.len()), Step::Gap { frames });
        self.frames = to;
        self.index = None;
        true
    }
}

impl Job {
    fn first_frame(&self) -> u64 {
        self.chunk.first_frame
    }
}

/// Goes to the next whole item or trailer; `false` where there is none.
pub(super) fn find_item<R: Read>(
    input: &mut Input<R>,
    stream: &Sealed,
    trials: &mut u64,
) -> Result<bool> {
    loop {
        if !input.fill(1)? {
            return Ok(false);
        }
        if begins_item(input, stream, trials)? {
            return Ok(true);
        }
        input.consume(1);
        *trials = trials.saturating_add(TRIALS_A_BYTE);
    }
}

/// Whether a whole item or a trailer begins here. Of items that are not whole there may be
/// tried so many bytes: a stream that is made of nothing but starts of long items would take
/// for ever.
pub(super) fn begins_item<R: Read>(
    input: &mut Input<R>,
    stream: &Sealed,
    trials: &mut u64,
) -> Result<bool> {
    match tries_item(input, stream, trials) {
        Err(error) if error.is_damage() => Ok(false),
        tried => tried,
    }
}

fn tries_item<R: Read>(input: &mut Input<R>, stream: &Sealed, trials: &mut u64) -> Result<bool> {
    input.fill(2)?;
    let start = &input.window()[..input.window().len().min(2)];
    if !start.is_empty() && Trailer::looks_like(start) {
        return input.parse(|bytes| Trailer::parse(bytes, stream)).map(|_| true);
    }
    if start.is_empty() || !ItemHeader::looks_like(start) {
        return Ok(false);
    }
    let parsed = input.parse(|bytes| ItemHeader::parse(bytes, &stream.header))?;
    let Some(left) = trials.checked_sub(parsed.item.body_length()) else {
        return Ok(false);
    };
    *trials = left;
    let length = parsed.length + parsed.item.body_length() as usize + ITEM_CRC;
    let whole = input.fill(length)?
        && parsed.fault.is_none()
        && checksum_holds(&input.window()[..length], stream.id);
    if whole {
        *trials += parsed.item.body_length();
    }
    Ok(whole)
}

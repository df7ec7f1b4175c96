//! Recovery: going on after damage.

use std::io::Read;
use std::sync::Arc;

use super::intake::{Intake, Job, Step};
use super::output::Verification;
use super::search::{begins_item, find_item};
use crate::container::MAX_CHUNK_PCM;
use crate::container::header::Sealed;
use crate::container::item::{MIN_CHUNK, block};
use crate::container::repair::{SEARCHED, repaired};
use crate::container::source::SourceKind;
use crate::container::trailer::Trailer;
use crate::error::{Error, Place, Result};
use crate::formats;
use crate::stream::damage::Damage;
use crate::stream::input::Input;
use crate::stream::items::{Item, Items};

/// Bytes of items that are not whole that recovery may try at first.
pub(super) const TRIALS: u64 = MAX_CHUNK_PCM;

/// What a decoder knows about damage. It steps in where reading would fail.
pub(super) struct Recovery {
    pub(super) damage: Damage,
    /// The damage before the first item, which every pass through the stream has.
    before: Damage,
    /// A chunk that came too early.
    held: Option<Job>,
}

impl Recovery {
    /// Recovery of a stream with this damage in its header.
    pub(super) fn new(damage: Damage) -> Self {
        Recovery { before: damage.clone(), damage, held: None }
    }

    /// Reads the source file's head as [`Items::read_head`] does, and notes whether it is lost.
    pub(super) fn read_head<R: Read>(
        &mut self,
        items: &mut Items<R>,
        head: &mut Vec<u8>,
        mut take: impl FnMut(&mut Vec<u8>, &[u8]) -> Result<()>,
    ) -> Result<()> {
        if !items.header().source.keeps_head() {
            return Ok(());
        }
        let start = items.input.offset();
        find(items)?;
        let skipped = items.input.offset() - start;
        if skipped > 0 {
            let error = Error::malformed("the head of the source file is missing");
            self.damage.note(&error.at(Place::Block(0)));
            self.damage.skipped_bytes += skipped;
        }
        let followed = match items.read_head(|data| take(head, data)) {
            Err(error) if error.is_damage() => false,
            read => read?,
        };
        // A FLAC file that is kept as it is has no head.
        let none = head.is_empty() && items.header().source == SourceKind::Flac;
        // Another item must follow, or the bytes must be those of a whole head.
        let stream = Arc::clone(&items.stream);
        let whole = skipped == 0
            && (followed || none)
            && begins_item(&mut items.input, &stream, &mut items.trials)?;
        self.damage.head_lost = !whole && !formats::is_whole_head(head);
        self.before = self.damage.clone();
        Ok(())
    }

    /// Reads one item and takes it, or the next whole item behind damage.
    pub(super) fn step<R: Read>(&mut self, intake: &mut Intake<R>) -> Result<()> {
        let start = intake.items.input.offset();
        let mut done = self.read(intake);
        if intake.items.input.offset() == start && !intake.items.input.window().is_empty() {
            // No item begins here; one may begin at the next byte.
            intake.items.input.consume(1);
        }
        while let Err(error) = done {
            if !error.is_damage() {
                self.take_held(intake);
                return Err(error);
            }
            self.damage.note(&error);
            done = self.resynchronise(intake);
        }
        Ok(())
    }

    fn read<R: Read>(&mut self, intake: &mut Intake<R>) -> Result<()> {
        match intake.items.read()? {
            Item::Chunk(chunk, payload) => {
                if let Err(error) = intake.check_before_tail() {
                    self.damage.note(&error);
                    self.leave_tail(intake);
                }
                self.sort_in(intake, Job { chunk, payload });
            }
            Item::Block(block) => {
                if block.header.kind == block::TAIL
                    && intake.items.header().source != SourceKind::Samples
                {
                    self.end_audio(intake);
                }
                intake.take_block(block)?;
            }
            Item::Trailer(trailer) => self.end(intake, trailer),
        }
        intake.whole_to = intake.items.input.offset();
        Ok(())
    }

    /// Looks for the next whole item behind damage, and takes it.
    fn resynchronise<R: Read>(&mut self, intake: &mut Intake<R>) -> Result<()> {
        intake.sequence.index = None;
        let found = find(&mut intake.items)?;
        let here = intake.items.input.offset();
        self.damage.skipped_bytes += here.saturating_sub(intake.whole_to);
        intake.whole_to = here;
        if found {
            return self.read(intake);
        }
        self.take_held(intake);
        self.damage.truncated = true;
        intake.stop(Step::End);
        Ok(())
    }

    /// Takes a chunk, wherever it belongs. A chunk that comes too early is held until it is
    /// known whether the missing frames before it follow.
    fn sort_in<R: Read>(&mut self, intake: &mut Intake<R>, job: Job) {
        if let Err(error) = intake.items.check_in_place(&job.chunk) {
            intake.sequence.index = None;
            self.damage.note(&error);
        }
        let first = job.chunk.first_frame;
        if let Some(held) = self.held.take_if(|held| held.chunk.first_frame < first) {
            self.take_behind_gap(intake, held);
        }
        let due = intake.items.frames;
        match &self.held {
            _ if first == due => intake.submit(job),
            _ if first < due => self.damage.dropped_chunks += 1,
            None => self.held = Some(job),
            Some(held) if held.chunk.first_frame == first => self.damage.dropped_chunks += 1,
            Some(_) => self.take_behind_gap(intake, job),
        }
        let due = intake.items.frames;
        if let Some(held) = self.held.take_if(|held| held.chunk.first_frame <= due) {
            self.take_behind_gap(intake, held);
        }
    }

    /// Takes the chunk that was held: nothing that belongs before it comes any more.
    fn take_held<R: Read>(&mut self, intake: &mut Intake<R>) {
        if let Some(held) = self.held.take() {
            self.take_behind_gap(intake, held);
        }
    }

    /// Takes a chunk, with a gap before it for missing frames.
    fn take_behind_gap<R: Read>(&mut self, intake: &mut Intake<R>, job: Job) {
        match bridge(intake, job.chunk.first_frame) {
            true => intake.submit(job),
            false => self.damage.dropped_chunks += 1,
        }
    }

    /// Completes the audio before the source file's tail. Missing frames are missing there.
    fn end_audio<R: Read>(&mut self, intake: &mut Intake<R>) {
        self.take_held(intake);
        let total = intake.items.trailer.as_ref().map(|trailer| trailer.total_frames);
        if let Some(total) = total {
            bridge(intake, total);
        }
    }

    /// Takes back a tail of the source file that stands before a chunk: it does not end the
    /// audio.
    fn leave_tail<R: Read>(&mut self, intake: &mut Intake<R>) {
        intake.ahead.retain(|step| !matches!(step, Step::Tail(_)));
        intake.sequence.tail = None;
        self.damage.tail_lost = true;
    }

    fn end<R: Read>(&mut self, intake: &mut Intake<R>, trailer: Trailer) {
        self.take_held(intake);
        if let Err(error) = intake.check_trailer(&trailer) {
            self.damage.note(&error);
            self.damage.wrong_total |= !bridge(intake, trailer.total_frames);
            self.damage.tail_lost |= trailer.tail_length != intake.sequence.tail.unwrap_or(0);
        }
        intake.end(trailer);
    }

    /// How far the audio was checked, given the comparison with the trailer's MD5.
    pub(super) fn judge(&mut self, verified: Result<Verification>) -> Verification {
        if !self.damage.any() {
            match verified {
                Ok(verification) => return verification,
                Err(_) => self.damage.wrong_md5 = true,
            }
        }
        Verification::Damaged
    }

    /// Drops everything that belongs to another place of the stream.
    pub(super) fn forget(&mut self) {
        self.held = None;
        self.damage = self.before.clone();
    }
}

/// Goes to the next whole item.
fn find<R: Read>(items: &mut Items<R>) -> Result<bool> {
    let stream = Arc::clone(&items.stream);
    find_item(&mut items.input, &stream, &mut items.trials)
}

/// Puts a gap up to this frame; `false` if the gap is longer than the stream can have.
fn bridge<R: Read>(intake: &mut Intake<R>, to: u64) -> bool {
    let first_frame = intake.items.frames;
    let Some(frames) = to.checked_sub(first_frame) else {
        return false;
    };
    if frames == 0 {
        return true;
    }
    // One chunk may be that long, or the bytes up to here may have held that many chunks.
    let header = intake.items.header();
    let bytes = frames.saturating_mul(header.spec.frame_bytes() as u64);
    let chunks = to.div_ceil(header.chunk_frames);
    if bytes > MAX_CHUNK_PCM && chunks.saturating_mul(MIN_CHUNK) > intake.items.input.offset() {
        return false;
    }
    // Frames that turn out to be missing at the end are missing before the file's tail.
    let tail = intake.ahead.iter().position(|step| matches!(step, Step::Tail(_)));
    let at = tail.unwrap_or(intake.ahead.len());
    intake.ahead.insert(at, Step::Gap { first_frame, frames });
    intake.items.frames = to;
    intake.sequence.index = None;
    true
}

/// The header at the start of a stream if only one byte of it is wrong, and the damage that
/// this is.
pub(super) fn repaired_header<R: Read>(
    input: &mut Input<R>,
    error: Error,
) -> Result<(Sealed, Damage)> {
    input.fill(SEARCHED)?;
    let Some(stream) = repaired(input.window()).filter(|_| error.is_damage()) else {
        return Err(error);
    };
    let mut damage = Damage { header_repaired: true, ..Damage::default() };
    damage.note(&error.at(Place::Header));
    Ok((stream, damage))
}

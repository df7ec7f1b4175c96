//! Going to another place of the stream, by its trailer.

use std::io::{Read, Seek};
use std::sync::Arc;

use super::Decoder;
use super::output::Output;
use super::recovery::TRIALS;
use super::search::begins_item;
use crate::container::item::{ItemHeader, Parsed};
use crate::container::trailer::{Index, IndexEntry};
use crate::error::Result;
use crate::stream::items::Items;
use crate::tags::Tags;

/// The bytes of trials that looking at another place costs.
const TRIALS_PER_SEEK: u64 = 1 << 18;

impl<R: Read + Seek> Decoder<R> {
    /// Goes to a frame: the next audio that comes out begins with it.
    ///
    /// The end of the stream is allowed; a frame behind it is refused.
    ///
    /// Reads one chunk, or a few if the index is thinned out; without a trailer, the headers
    /// of all chunks before the frame.
    pub fn seek(&mut self, frame: u64) -> Result<u64> {
        let items = &mut self.intake.items;
        items.load_trailer()?;
        items.check_not_beyond(frame)?;
        self.intake.forget();
        self.begun = None;
        if let Some(recovery) = &mut self.recovery {
            recovery.forget();
        }
        // Until the place is found, there is nothing to go on from.
        self.output = Output::new(&self.info);
        self.failed = true;
        let items = &mut self.intake.items;
        match self.recovery {
            None => items.go_to_frame(frame)?,
            Some(_) => go_to_chunk_before(items, frame)?,
        }
        self.intake.whole_to = items.input.offset();
        self.output = Output::from(&self.info, items.frames, frame);
        if frame == 0 {
            self.intake.sequence.index = Some(Index::default());
        }
        self.failed = false;
        Ok(frame)
    }

    /// Returns the length of the stream in frames; `None` if its trailer is missing.
    ///
    /// The position stays.
    ///
    /// The trailer is looked for at the end of the reader, and then behind the last chunk,
    /// going from chunk to chunk by their headers.
    pub fn find_length(&mut self) -> Result<Option<u64>> {
        if let Err(error) = self.intake.items.find_trailer() {
            // The reader may be anywhere now.
            self.failed = true;
            return Err(error);
        }
        Ok(self.total_frames())
    }

    /// Returns the stream's own tags, or else those in its source file's head and tail.
    ///
    /// The position stays. Without a trailer, the tail is not found.
    pub fn find_tags(&mut self) -> Result<Tags> {
        if let Some(tags) = self.tags.parse()? {
            return Ok(tags);
        }
        let found = self.intake.items.source_tags(&self.head, self.options.limits.memory);
        // After an error, the reader may be anywhere.
        self.failed |= found.is_err();
        found
    }
}

/// Goes to the last listed chunk that begins at or before this frame and is where the index has
/// it.
fn go_to_chunk_before<R: Read + Seek>(items: &mut Items<R>, frame: u64) -> Result<()> {
    let Some(trailer) = items.trailer.take() else { return items.go_to(items.body, 0, 0) };
    let mut trials = TRIALS;
    let mut entries = trailer.index.up_to(frame).take_while(|&(number, _)| number > 0);
    let found = entries
        .find_map(|(number, entry)| match is_there(items, &entry, &mut trials) {
            Ok(there) => there.then_some(Ok((number, entry))),
            Err(error) => Some(Err(error)),
        })
        .transpose();
    drop(entries);
    items.trailer = Some(trailer);
    items.go_to_entry(found?)
}

/// Whether the chunk of an index entry is where the entry says. All entries of a search share
/// these trials.
fn is_there<R: Read + Seek>(
    items: &mut Items<R>,
    entry: &IndexEntry,
    trials: &mut u64,
) -> Result<bool> {
    let Some(left) = trials.checked_sub(TRIALS_PER_SEEK) else { return Ok(false) };
    *trials = left;
    let stream = Arc::clone(&items.stream);
    items.input.seek(entry.offset)?;
    if !begins_item(&mut items.input, &stream, trials)? {
        return Ok(false);
    }
    let parsed = items.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header));
    Ok(matches!(parsed, Ok(Parsed { item: ItemHeader::Chunk(chunk), .. })
        if chunk.first_frame == entry.first_frame))
}

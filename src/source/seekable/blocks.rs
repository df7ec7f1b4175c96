//! The blocks of a stream that hold parts of its file: decisions of FLAC frames, and the tail.

use std::io::{Read, Seek};

use bytes::Bytes;

use crate::container::item::block;
use crate::error::{Error, Place, Result};
use crate::source::flac::BlockHead;
use crate::stream::items::Items;

/// Finds blocks of one type by the bytes of the file that they hold.
#[derive(Default)]
pub(super) struct Blocks {
    /// Where the block behind the last one that was found begins, for those who read on.
    next: Option<Next>,
}

#[derive(Clone, Copy)]
struct Next {
    /// The byte of the file.
    start: u64,
    /// The place in the stream, and chunks and frames before it.
    offset: u64,
    chunks: u64,
    frames: u64,
}

/// A block, and the bytes of the file that it holds.
pub(super) struct Found {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) data: Bytes,
    pub(super) place: Place,
}

impl Blocks {
    /// Finds the block with this byte: of the FLAC frames, or of the tail.
    pub(super) fn find<R: Read + Seek>(
        &mut self,
        items: &mut Items<R>,
        kind: u64,
        at: u64,
    ) -> Result<Found> {
        let mut start = match self.next.filter(|next| next.start == at) {
            Some(next) => {
                items.go_to(next.offset, next.chunks, next.frames)?;
                next.start
            }
            None => {
                match kind {
                    block::DECISIONS => go_before(items, at)?,
                    _ => go_to_last_chunk(items)?,
                }
                0
            }
        };
        self.next = None;
        while let Some(found) = next(items, kind, start)? {
            if at >= found.start && at - found.start < found.length {
                self.next = Some(Next {
                    start: found.start.saturating_add(found.length),
                    offset: items.input.offset(),
                    chunks: items.chunks,
                    frames: items.frames,
                });
                return Ok(found);
            }
            start = found.start.saturating_add(found.length);
            if found.start > at {
                break;
            }
        }
        let what = if kind == block::TAIL { "tail" } else { "FLAC frames" };
        Err(Error::malformed(format!("no block has byte {at} of the {what}")).at(items.place()))
    }

    /// Bytes of all FLAC frames.
    pub(super) fn end<R: Read + Seek>(&mut self, items: &mut Items<R>) -> Result<u64> {
        go_before(items, u64::MAX)?;
        let mut end = 0;
        while let Some(found) = next(items, block::DECISIONS, end)? {
            end = found.start.checked_add(found.length).ok_or_else(|| {
                Error::malformed("its FLAC frames have 2^64 bytes or more").at(found.place)
            })?;
        }
        Ok(end)
    }
}

/// Reads the next block of this type. `start` is where it begins, if it does not say so itself.
fn next<R: Read + Seek>(items: &mut Items<R>, kind: u64, start: u64) -> Result<Option<Found>> {
    let place = Place::Block(items.chunks);
    let Some(data) = items.next_block(kind)? else { return Ok(None) };
    let (start, length) = match kind {
        block::DECISIONS => {
            let (head, _) = BlockHead::parse(&data).map_err(|error| error.at(place))?;
            (head.position, head.length)
        }
        _ => (start, data.len() as u64),
    };
    Ok(Some(Found { start, length, data, place }))
}

/// Goes to a place from which the block of decisions with this byte is near.
fn go_before<R: Read + Seek>(items: &mut Items<R>, at: u64) -> Result<()> {
    let count = items.trailer.as_ref().map_or(0, |trailer| trailer.index.entries.len());
    // The block is behind the listed chunk before `from`, and not behind the one before `to`.
    let (mut from, mut to) = (0, count + 1);
    while to - from > 1 {
        let middle = from + (to - from) / 2;
        go_behind(items, middle)?;
        let found = next(items, block::DECISIONS, 0)?;
        match found.is_some_and(|found| found.start <= at) {
            true => from = middle,
            false => to = middle,
        }
    }
    go_behind(items, from)
}

/// Goes behind the chunk that is the `count`th in the index, or to the first item.
fn go_behind<R: Read + Seek>(items: &mut Items<R>, count: usize) -> Result<()> {
    let index = items.trailer.as_ref().map(|trailer| &trailer.index);
    let entry = count.checked_sub(1).and_then(|at| index?.listed().nth(at));
    let Some((number, entry)) = entry else { return items.go_to_entry(None) };
    items.go_to(entry.offset, number, entry.first_frame)?;
    if let Some((chunk, length)) = items.next_chunk_header()? {
        items.skip_chunk(&chunk, length)?;
    }
    Ok(())
}

fn go_to_last_chunk<R: Read + Seek>(items: &mut Items<R>) -> Result<()> {
    let last = items.trailer.as_ref().and_then(|trailer| trailer.index.up_to(u64::MAX).next());
    items.go_to_entry(last)
}

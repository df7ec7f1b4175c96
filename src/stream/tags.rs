//! The tags of a stream: its own, or those in the head and tail of its source file.

use std::io::{Read, Seek};
use std::sync::Arc;

use bytes::Bytes;

use crate::container::MAX_TAGS;
use crate::container::item::{BlockHeader, ItemHeader, block};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::stream::items::{Item, Items};
use crate::tags::{self, Tags};

/// The share of the memory limit that tags may take while they are read.
const SHARE: u64 = 8;

/// Where tags blocks stand, for errors.
const PLACE: Place = Place::Block(0);

/// The tags blocks of a stream, as they were read when it was opened. Faults in them count only
/// when tags are asked for.
#[derive(Default)]
pub(crate) struct StoredTags {
    /// The joined data of the blocks, if there are any.
    run: Option<Bytes>,
    fault: Option<Fault>,
}

enum Fault {
    /// A block is not whole.
    Damaged,
    /// The blocks hold more bytes than are allowed.
    TooLong,
    /// The memory limit does not allow them.
    Memory { needed: u64, allowed: u64 },
}

impl StoredTags {
    /// Bytes of memory that they take.
    pub(crate) fn bytes(&self) -> u64 {
        self.run.as_ref().map_or(0, |run| run.len() as u64)
    }

    pub(crate) fn are_damaged(&self) -> bool {
        matches!(self.fault, Some(Fault::Damaged))
    }

    /// The stream's own tags; `None` if it has no tags blocks.
    pub(crate) fn parse(&self) -> Result<Option<Tags>> {
        match self.fault {
            None => {}
            Some(Fault::Damaged) => {
                return Err(Error::new(ErrorKind::Checksum("tags")).at(PLACE));
            }
            Some(Fault::TooLong) => {
                let message =
                    format!("the tags blocks hold more than {MAX_TAGS} bytes, the most allowed");
                return Err(Error::malformed(message).at(PLACE));
            }
            Some(Fault::Memory { needed, allowed }) => {
                return Err(Error::new(ErrorKind::Limit { needed, allowed }).at(PLACE));
            }
        }
        let parsed = self.run.as_ref().map(|run| tags::parse(run));
        parsed.transpose().map_err(|error| error.at(PLACE))
    }
}

impl<R: Read> Items<R> {
    /// Reads the tags blocks that follow. They may take a share of `memory` bytes.
    pub(crate) fn read_tags(&mut self, memory: u64) -> Result<StoredTags> {
        let mut run = Vec::new();
        let mut stored = StoredTags::default();
        let mut any = false;
        while self.tags_header()?.is_some() {
            let block = match self.read() {
                Ok(Item::Block(block)) => block,
                Ok(_) => break,
                Err(error) if error.is_damage() => {
                    // Whoever reads on meets the same error.
                    stored.fault = Some(Fault::Damaged);
                    break;
                }
                Err(error) => return Err(error),
            };
            any = true;
            self.body = self.input.offset();
            let length = run.len() + block.data.len();
            // The buffer is copied while it grows.
            let (needed, allowed) = (3 * length as u64, memory / SHARE);
            if length > MAX_TAGS {
                stored.fault = Some(Fault::TooLong);
            } else if needed > allowed {
                stored.fault = Some(Fault::Memory { needed, allowed });
            }
            match stored.fault {
                None => memory::append(&mut run, &block.data)?,
                Some(_) => run = Vec::new(),
            }
        }
        if any && stored.fault.is_none() {
            stored.run = Some(memory::copied(&run)?.into());
        }
        Ok(stored)
    }

    /// The header of the tags block that begins here, and all bytes of the block.
    pub(crate) fn tags_header(&mut self) -> Result<Option<(BlockHeader, u64)>> {
        let stream = Arc::clone(&self.stream);
        match self.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header)) {
            Ok(parsed) => {
                let whole = parsed.whole_length() as u64;
                Ok(match parsed.item {
                    ItemHeader::Block(header) if header.kind == block::TAGS && !header.critical => {
                        Some((header, whole))
                    }
                    _ => None,
                })
            }
            Err(error) if error.is_damage() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<R: Read + Seek> Items<R> {
    /// The tags in the head and tail of the source file; of the head alone, if the stream has no
    /// trailer.
    pub(crate) fn source_tags(&mut self, head: &[u8], memory: u64) -> Result<Tags> {
        let here = (self.input.offset(), self.chunks, self.frames);
        let tail = self.read_tail(memory);
        self.go_to(here.0, here.1, here.2)?;
        let header = self.header();
        let frames = self.trailer.as_ref().map(|trailer| trailer.total_frames);
        let audio = frames.map(|frames| frames.saturating_mul(header.spec.frame_bytes() as u64));
        tags::from_source(header.source, head, &tail?, audio)
    }

    /// The tail of the source file. It is empty if the stream has none, is damaged or has no
    /// trailer, or if the tail is too long for tags.
    fn read_tail(&mut self, memory: u64) -> Result<Vec<u8>> {
        self.load_trailer()?;
        let mut tail = Vec::new();
        let Some(trailer) = &self.trailer else { return Ok(tail) };
        let most = (MAX_TAGS as u64).min(memory / SHARE / 3);
        if trailer.tail_length == 0 || trailer.tail_length > most {
            return Ok(tail);
        }
        let last = trailer.index.up_to(u64::MAX).next();
        let start = last.map_or(self.body, |(_, entry)| entry.offset);
        self.go_to(start, 0, 0)?;
        let stream = Arc::clone(&self.stream);
        loop {
            let parsed = self.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header));
            let parsed = match parsed {
                Ok(parsed) => parsed,
                Err(error) if error.is_damage() => return Ok(tail),
                Err(error) => return Err(error),
            };
            if matches!(&parsed.item, ItemHeader::Block(header) if header.kind == block::TAIL) {
                match self.read() {
                    Ok(Item::Block(block)) if (tail.len() + block.data.len()) as u64 <= most => {
                        memory::append(&mut tail, &block.data)?;
                    }
                    Err(error) if !error.is_damage() => return Err(error),
                    _ => return Ok(Vec::new()),
                }
                continue;
            }
            self.input.seek(self.input.offset() + parsed.whole_length() as u64)?;
        }
    }
}

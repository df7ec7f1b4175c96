//! The reading side of a decoder: takes items in and hands chunks to the threads.

use std::collections::VecDeque;
use std::io::Read;

use bytes::Bytes;

use crate::container::item::ChunkHeader;
use crate::container::trailer::{IndexEntry, Trailer};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::stream::items::{Block, Item, Items};
use crate::stream::packets::ChunkDecoding;
use crate::stream::parallel::Ordered;
use crate::stream::sequence::{BlockUse, Sequence};

/// A chunk to decode.
pub(super) struct Job {
    pub(super) chunk: ChunkHeader,
    pub(super) payload: Bytes,
}

/// The result of the pool.
pub(super) enum Decoded {
    Whole(Bytes),
    /// Its audio is handed out while it is decoded.
    Begun(Box<ChunkDecoding>),
}

/// What was read, in order.
pub(super) enum Step {
    /// The next result of the pool.
    Chunk {
        number: u64,
        first_frame: u64,
        frames: u64,
    },
    /// Frames that are lost. Only recovery has them.
    Gap {
        first_frame: u64,
        frames: u64,
    },
    /// Decisions of the encoder of a FLAC file.
    Decisions(Bytes),
    /// Bytes of the source file after the audio.
    Tail(Bytes),
    End,
    Failed(Error),
}

pub(super) struct Intake<R> {
    pub(super) items: Items<R>,
    /// Threads that decode, from the first chunk on.
    pub(super) pool: Option<Ordered<Job, Result<Decoded>>>,
    /// What was read and not handed out. The pool has the chunks in it.
    pub(super) ahead: VecDeque<Step>,
    /// Whether nothing more is read.
    pub(super) ended: bool,
    /// Offset behind the last whole item.
    pub(super) whole_to: u64,
    pub(super) sequence: Sequence,
}

impl<R: Read> Intake<R> {
    pub(super) fn new(items: Items<R>) -> Self {
        Intake {
            whole_to: items.body,
            items,
            pool: None,
            ahead: VecDeque::new(),
            ended: false,
            sequence: Sequence::from_body(),
        }
    }

    /// Whether the pool has too little to do and the stream goes on. Of the source file's tail,
    /// and of decisions behind each other, one block is read, and the item after it.
    pub(super) fn wants_more(&self) -> bool {
        let mut latest = self.ahead.iter().rev();
        let enough = matches!(
            (latest.next(), latest.next()),
            (_, Some(Step::Tail(_))) | (Some(Step::Decisions(_)), Some(Step::Decisions(_)))
        );
        let idle = || self.pool.as_ref().is_some_and(|pool| pool.pending() < pool.capacity());
        !self.ended && !enough && idle()
    }

    /// Reads one item and takes it.
    pub(super) fn step(&mut self) -> Result<()> {
        let item = self.items.read()?;
        match item {
            Item::Chunk(chunk, payload) => {
                self.check_before_tail()?;
                self.items.check_in_place(&chunk)?;
                self.submit(Job { chunk, payload });
            }
            Item::Block(block) => self.take_block(block)?,
            Item::Trailer(trailer) => {
                self.check_trailer(&trailer)?;
                self.end(trailer);
            }
        }
        self.whole_to = self.items.input.offset();
        Ok(())
    }

    /// Fails if a chunk comes after the source file's tail.
    pub(super) fn check_before_tail(&self) -> Result<()> {
        self.sequence.check_chunk().map_err(|error| error.at(self.items.place()))
    }

    /// Hands the chunk that is due to the threads.
    pub(super) fn submit(&mut self, job: Job) {
        let chunk = &job.chunk;
        let first_frame = chunk.first_frame;
        self.sequence.count(IndexEntry { first_frame, offset: self.whole_to });
        let (number, frames) = (self.items.chunks, chunk.frames);
        self.ahead.push_back(Step::Chunk { number, first_frame, frames });
        self.items.count(chunk);
        if let Some(pool) = &mut self.pool {
            pool.submit(job);
        }
    }

    pub(super) fn take_block(&mut self, block: Block) -> Result<()> {
        let found = self.sequence.block(&block.header, block.data.len(), self.items.header());
        match found.map_err(|error| error.at(Place::Block(self.items.chunks)))? {
            BlockUse::Tail => self.ahead.push_back(Step::Tail(block.data)),
            BlockUse::Decisions => self.ahead.push_back(Step::Decisions(block.data)),
            BlockUse::Head | BlockUse::Tags | BlockUse::Nothing => {}
        }
        Ok(())
    }

    /// Checks a trailer against what came before it.
    pub(super) fn check_trailer(&self, trailer: &Trailer) -> Result<()> {
        self.sequence.check_trailer(trailer, self.items.header(), self.items.frames)
    }

    /// Takes the trailer, which ends the stream.
    pub(super) fn end(&mut self, trailer: Trailer) {
        if trailer.pad {
            self.ahead.push_back(Step::Tail(Bytes::from_static(&[0])));
        }
        self.items.trailer = Some(trailer);
        self.stop(Step::End);
    }

    /// Reads nothing more.
    pub(super) fn stop(&mut self, last: Step) {
        self.ahead.push_back(last);
        self.ended = true;
    }

    /// The next thing to hand out; `None` behind the end.
    pub(super) fn next(&mut self) -> Option<Step> {
        loop {
            let step = self.ahead.pop_front()?;
            // Bytes of the tail are wrong here if audio before them is missing.
            let missing = matches!(self.ahead.front(), Some(Step::Failed(_)));
            if !missing || !matches!(step, Step::Tail(_) | Step::Decisions(_)) {
                return Some(step);
            }
        }
    }

    /// The chunk that is due.
    pub(super) fn decoded(&mut self, number: u64) -> Result<Decoded> {
        let decoded = self.pool.as_mut().and_then(Ordered::next);
        decoded
            .unwrap_or_else(|| Err(Error::new(ErrorKind::Worker)))
            .and_then(|decoded| decoded)
            .map_err(|error| error.at(Place::Chunk(number)))
    }

    /// Drops everything that belongs to another place of the stream.
    pub(super) fn forget(&mut self) {
        self.ahead.clear();
        while self.pool.as_mut().and_then(Ordered::next).is_some() {}
        self.sequence = Sequence::from_chunk();
        self.ended = false;
    }
}

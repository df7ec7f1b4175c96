//! The reading side: items come in, and chunks go to the threads that decode them.

use std::io::Read;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::recovery::begins_item;
use super::{Decoder, Job, Step};
use crate::chunk_codec;
use crate::container::MAX_HEAD;
use crate::container::header::{Sealed, SourceKind};
use crate::container::item::{ChunkHeader, ITEM_CRC, ItemHeader, Parsed, block, checksum_holds};
use crate::container::trailer::{IndexEntry, Trailer};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::method::model::ModelCoder;
use crate::source::is_whole_head;
use crate::stream::parallel::{self, Ordered};

/// A whole item with a right checksum.
pub(crate) enum Item {
    Chunk(ChunkHeader, Bytes),
    Block { kind: u64, data: Bytes, critical: bool },
    Trailer(Trailer),
}

impl<R: Read> Decoder<R> {
    /// Reads until the pool has enough to do or the stream ends; of the file's tail one
    /// block, and what follows it.
    pub(super) fn read_ahead(&mut self) -> Result<()> {
        self.start_pool()?;
        while !self.read_all
            && self.pool.as_ref().is_some_and(|pool| pool.pending() < pool.capacity())
            && !matches!(self.ahead.iter().nth_back(1), Some(Step::Tail(_)))
        {
            if let Err(error) = self.read_step() {
                self.take_held();
                self.ahead.push_back(Step::Failed(error));
                self.read_all = true;
            }
        }
        Ok(())
    }

    /// Starts the threads, once it is known that there is memory for a chunk.
    fn start_pool(&mut self) -> Result<()> {
        if self.pool.is_some() {
            return Ok(());
        }
        self.find_model()?;
        let chunk = self.chunk_memory()?;
        // Two chunks a thread are under way, as long as there is memory for them. The
        // segments of one chunk keep all threads busy where there is a model.
        let room = usize::try_from(self.options.limits.memory / chunk).unwrap_or(usize::MAX);
        let threads = match self.coder {
            Some(_) => 1,
            None => parallel::threads(self.options.threads).min(room / 2),
        };
        let (stream, coder) = (Arc::clone(&self.stream), self.coder.clone());
        self.pool = Some(Ordered::new(threads, move |job: Job| {
            decode_chunk(&job, &stream, coder.as_deref())
        }));
        Ok(())
    }

    /// Bytes of memory that a chunk may take while it is decoded, where there are as many.
    fn chunk_memory(&self) -> Result<u64> {
        let needed = self.memory_with(self.coder.as_ref().map_or(0, |coder| coder.memory()));
        let allowed = self.options.limits.memory;
        if needed > allowed {
            return Err(Error::new(ErrorKind::Limit { needed, allowed }));
        }
        Ok(needed)
    }

    /// Bytes of memory that a chunk may take while it is decoded, with a language model that
    /// takes so many.
    pub(super) fn memory_with(&self, model: u64) -> u64 {
        let info = &self.info;
        let pcm = info.chunk_frames * info.spec.frame_bytes() as u64;
        let samples = info.chunk_frames * u64::from(info.spec.channels);
        // The payload while it is read and after, the audio as bytes, as samples of the
        // caller and of a model, and the memory of the method and of the head.
        let method = chunk_codec::decoding_memory(&info.spec);
        // Recovery may hold one chunk back, and then decode two at once.
        let copies = if self.options.recover { 5 } else { 3 };
        copies * pcm + 8 * samples + method + model + info.head_bytes
    }

    /// Reads one item, or finds out that there is none.
    fn read_step(&mut self) -> Result<()> {
        let start = self.input.offset();
        let mut done = self.read_item().and_then(|item| self.take_item(item));
        if self.options.recover && self.input.offset() == start {
            // No item begins here; one may begin at the next byte.
            self.input.skip(1.min(self.input.window().len() as u64))?;
        }
        while let Err(error) = done {
            if !self.options.recover || !error.is_damage() {
                return Err(error);
            }
            self.damage.note(&error);
            done = self.resynchronise();
        }
        Ok(())
    }

    pub(super) fn place(&self) -> Place {
        Place::Chunk(self.chunks)
    }

    /// Reads the item at the start of the window and goes past it if all is well.
    pub(super) fn read_item(&mut self) -> Result<Item> {
        let stream = Arc::clone(&self.stream);
        if !self.input.fill(1)? {
            return Err(Error::new(ErrorKind::Truncated).at(self.place()));
        }
        if !ItemHeader::looks_like(&self.input.window()[..1]) {
            let (trailer, length) = self.input.parse(|bytes| Trailer::parse(bytes, &stream))?;
            self.input.consume(length);
            return Ok(Item::Trailer(trailer));
        }
        let Parsed { item, length: header_length, fault } = self
            .input
            .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
            .map_err(|error| error.at(self.place()))?;
        let place = match item {
            ItemHeader::Chunk(_) => self.place(),
            ItemHeader::Block(_) => Place::Block(self.chunks),
        };
        // At most a chunk's PCM, which the limits allow.
        let length = header_length + item.body_length() as usize + ITEM_CRC;
        if self.options.recover {
            // Given back where the item is whole.
            let left = self.trials.checked_sub(item.body_length());
            let none_left = || Error::malformed("too much that is no item").at(place);
            self.trials = left.ok_or_else(none_left)?;
        }
        if !self.input.fill(length)? {
            return Err(Error::new(ErrorKind::Truncated).at(place));
        }
        if !checksum_holds(&self.input.window()[..length], stream.id) {
            return Err(Error::new(ErrorKind::Checksum("stored bytes")).at(place));
        }
        if self.options.recover {
            self.trials += item.body_length();
        }
        if let Some(fault) = fault {
            return Err(fault.at(place));
        }
        let mut whole = self.input.take(length);
        whole.advance(header_length);
        whole.truncate(item.body_length() as usize);
        Ok(match item {
            ItemHeader::Chunk(chunk) => Item::Chunk(chunk, whole),
            ItemHeader::Block(header) => {
                Item::Block { kind: header.kind, data: whole, critical: header.critical }
            }
        })
    }

    /// Goes past an item and only counts it.
    pub(crate) fn pass_item(&mut self) -> Result<Item> {
        if self.chunks == 0 {
            self.chunk_memory()?;
        }
        self.index = None;
        let item = self.read_item()?;
        match &item {
            Item::Chunk(chunk, _) if chunk.first_frame != self.frames => {
                return Err(self.out_of_place(chunk));
            }
            Item::Chunk(chunk, _) => {
                self.chunks += 1;
                self.frames += chunk.frames;
                self.handed = self.frames;
            }
            Item::Block { .. } => {}
            Item::Trailer(trailer) => {
                self.trailer = Some(trailer.clone());
                self.read_all = true;
            }
        }
        Ok(item)
    }

    pub(super) fn out_of_place(&self, chunk: &ChunkHeader) -> Error {
        let (first, due) = (chunk.first_frame, self.frames);
        Error::malformed(format!("it begins at frame {first} where {due} is due")).at(self.place())
    }

    pub(super) fn take_item(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Chunk(chunk, payload) => self.take_chunk(chunk, payload)?,
            Item::Block { kind, data, critical } => self
                .take_block(kind, data, critical)
                .map_err(|error| error.at(Place::Block(self.chunks)))?,
            Item::Trailer(trailer) => {
                self.take_trailer(trailer).map_err(|error| error.at(Place::Trailer))?;
            }
        }
        self.whole_to = self.input.offset();
        Ok(())
    }

    fn take_chunk(&mut self, chunk: ChunkHeader, payload: Bytes) -> Result<()> {
        if self.in_tail {
            let error = Error::malformed("a chunk behind the file's tail").at(self.place());
            if !self.options.recover {
                return Err(error);
            }
            self.damage.note(&error);
            self.leave_tail();
        }
        let in_place = chunk.first_frame == self.frames;
        match self.options.recover {
            true => self.sort_in(Job { chunk, payload }),
            false if in_place => self.submit(Job { chunk, payload }),
            false => return Err(self.out_of_place(&chunk)),
        }
        Ok(())
    }

    /// Hands the chunk that is due to the threads.
    pub(super) fn submit(&mut self, job: Job) {
        let Job { chunk, .. } = &job;
        if let Some(index) = &mut self.index {
            let offset = self.whole_to;
            index.push(IndexEntry { first_frame: chunk.first_frame, offset });
        }
        self.ahead.push_back(Step::Chunk { number: self.chunks, frames: chunk.frames });
        self.chunks += 1;
        self.frames += chunk.frames;
        if let Some(pool) = &mut self.pool {
            pool.submit(job);
        }
    }

    fn take_block(&mut self, kind: u64, data: Bytes, critical: bool) -> Result<()> {
        match kind {
            block::HEAD => Err(Error::malformed("a head block that is out of place")),
            block::TAIL if self.info.source == SourceKind::Samples => {
                Err(Error::malformed("a tail block without a source file"))
            }
            block::TAIL => {
                self.take_held();
                let total = self.trailer.as_ref().map(|trailer| trailer.total_frames);
                if let Some(total) = total.filter(|_| self.options.recover) {
                    // What is missing is missing before the tail.
                    self.bridge(total);
                }
                self.in_tail = true;
                self.tail_length += data.len() as u64;
                self.ahead.push_back(Step::Tail(data));
                Ok(())
            }
            _ if critical => Err(Error::unsupported(format!("a critical block of type {kind}"))),
            _ => Ok(()),
        }
    }

    fn take_trailer(&mut self, trailer: Trailer) -> Result<()> {
        self.take_held();
        match self.check_trailer(&trailer) {
            Err(error) if self.options.recover => {
                self.damage.note(&error.at(Place::Trailer));
                self.damage.wrong_total |= !self.bridge(trailer.total_frames);
                self.damage.tail_lost |= trailer.tail_length != self.tail_length;
            }
            checked => checked?,
        }
        if trailer.pad {
            self.ahead.push_back(Step::Tail(Bytes::from_static(&[0])));
        }
        self.trailer = Some(trailer);
        self.ahead.push_back(Step::End);
        self.read_all = true;
        Ok(())
    }

    fn check_trailer(&self, trailer: &Trailer) -> Result<()> {
        let wav = matches!(self.info.source, SourceKind::CanonicalWav | SourceKind::Wav);
        let wrong = if trailer.total_frames != self.frames {
            "another number of frames than the chunks have"
        } else if trailer.tail_length != self.tail_length {
            "another length than the tail blocks have"
        } else if trailer.pad && (!wav || self.in_tail) {
            "a pad where none can be"
        } else if self.index.as_ref().is_some_and(|index| !index.fits(&trailer.index)) {
            "an index that does not fit the chunks"
        } else {
            return Ok(());
        };
        Err(Error::malformed(wrong))
    }

    /// Reads the blocks before the first chunk that belong to the source file.
    pub(super) fn read_head(&mut self) -> Result<()> {
        if self.info.source != SourceKind::Wav {
            return Ok(());
        }
        let mut head = Vec::new();
        let recover = self.options.recover;
        let from_start = !recover || self.find_head()?;
        let followed = match self.read_head_blocks(&mut head) {
            Err(error) if recover && error.is_damage() => false,
            read => read?,
        };
        if recover {
            // Some other item must follow, or the head must be one that can be whole.
            let stream = Arc::clone(&self.stream);
            let whole =
                from_start && followed && begins_item(&mut self.input, &stream, &mut self.trials)?
                    || is_whole_head(&head);
            self.damage.head_lost = !whole;
        }
        self.body = self.input.offset();
        self.whole_to = self.body;
        self.info.head_bytes = head.len() as u64;
        self.head = memory::copied(&head)?.into();
        Ok(())
    }

    /// Whether there were head blocks, with an item behind them.
    fn read_head_blocks(&mut self, head: &mut Vec<u8>) -> Result<bool> {
        let stream = Arc::clone(&self.stream);
        loop {
            let next = self.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header));
            match next.map(|parsed| parsed.item) {
                Ok(ItemHeader::Block(header)) if header.kind == block::HEAD => {}
                Ok(_) => return Ok(!head.is_empty()),
                Err(_) => return Ok(!head.is_empty() && Trailer::looks_like(self.input.window())),
            }
            if let Item::Block { data, .. } = self.read_item()? {
                memory::append(head, &data)?;
            }
            if head.len() > MAX_HEAD {
                return Err(Error::malformed("too long a head").at(Place::Block(0)));
            }
            // What it is gathered in is copied while it grows, and in recovery once more.
            let copies = if self.options.recover { 6 } else { 3 };
            let (needed, allowed) = (copies * head.len() as u64, self.options.limits.memory);
            if needed > allowed {
                return Err(Error::new(ErrorKind::Limit { needed, allowed }));
            }
        }
    }
}

fn decode_chunk(job: &Job, stream: &Sealed, coder: Option<&dyn ModelCoder>) -> Result<Bytes> {
    let pcm = chunk_codec::decode(&job.chunk, &job.payload, &stream.header.spec, coder)?;
    if stream.id.crc(&[&pcm]) != job.chunk.pcm_crc {
        return Err(Error::new(ErrorKind::Checksum("audio")));
    }
    Ok(pcm)
}

//! The index: where chunks begin.

use std::ops::Range;
use std::sync::Arc;
use std::{fmt, iter};

use super::header::StreamHeader;
use crate::container::trailer::{IndexEntry, Trailer};
use crate::error::{Error, Place, Result};
use crate::stream::end::{Searched, TrailerSearch};

/// What the trailer of a stream says: its length, and where its chunks are.
#[derive(Clone)]
pub struct StreamIndex {
    trailer: Arc<Trailer>,
    /// Where the first item begins, and where the trailer does.
    items: Range<u64>,
}

/// Where a chunk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkPlace {
    /// Its number, from 0.
    pub number: u64,
    /// The number of its first frame.
    pub first_frame: u64,
    /// The offset in the stream where reading must begin: that of the chunk's first byte, or of
    /// blocks before it.
    pub offset: u64,
}

impl ChunkPlace {
    /// Describes a place that the caller knows from elsewhere.
    pub fn new(number: u64, first_frame: u64, offset: u64) -> Self {
        ChunkPlace { number, first_frame, offset }
    }
}

impl StreamIndex {
    /// Reads a trailer that ends a stream of so many bytes; `None` if it is damaged, or that of
    /// another header. Fails if a chunk cannot be where the index has it.
    pub(super) fn parse(bytes: &[u8], header: &StreamHeader, length: u64) -> Result<Option<Self>> {
        let Ok((trailer, _)) = Trailer::parse(bytes, &header.stream) else { return Ok(None) };
        let body = header.bytes().len() as u64;
        let items = body..length.saturating_sub(bytes.len() as u64);
        for entry in &trailer.index.entries {
            if !items.contains(&entry.offset) || entry.first_frame >= trailer.total_frames {
                let IndexEntry { first_frame, offset } = entry;
                return Err(Error::malformed(format!(
                    "the index has a chunk from frame {first_frame} on at byte {offset}, which is \
                     not in the stream"
                ))
                .at(Place::Trailer));
            }
        }
        Ok(Some(StreamIndex { trailer: Arc::new(trailer), items }))
    }

    /// Returns the length of the stream in frames.
    pub fn total_frames(&self) -> u64 {
        self.trailer.total_frames
    }

    /// Returns the number of chunks.
    pub fn chunks(&self) -> u64 {
        self.trailer.index.chunks
    }

    /// Returns the MD5 of the audio, as FLAC defines it.
    pub fn md5(&self) -> Option<[u8; 16]> {
        self.trailer.md5
    }

    /// Returns the offset in the stream of the trailer, behind all chunks.
    pub fn trailer_offset(&self) -> u64 {
        self.items.end
    }

    /// Returns the places of the listed chunks. The first one comes with the blocks before it.
    ///
    /// In a stream of more than 65,536 chunks not every chunk is listed.
    pub fn places(&self) -> impl Iterator<Item = ChunkPlace> {
        let others = self.trailer.index.listed().filter(|&(number, _)| number > 0);
        let others =
            others.map(|(number, entry)| ChunkPlace::new(number, entry.first_frame, entry.offset));
        iter::once(self.first()).filter(|_| self.chunks() > 0).chain(others)
    }

    /// Returns the place of the last listed chunk that begins at or before this frame. If not
    /// every chunk is listed, the frame may be in one of those that follow it.
    pub fn place_before(&self, frame: u64) -> ChunkPlace {
        match self.trailer.index.up_to(frame).next() {
            Some((number, IndexEntry { first_frame, offset })) if number > 0 => {
                ChunkPlace { number, first_frame, offset }
            }
            _ => self.first(),
        }
    }

    /// The place of the first chunk, to which the blocks before it belong.
    fn first(&self) -> ChunkPlace {
        ChunkPlace::new(0, 0, self.items.start)
    }
}

impl fmt::Debug for StreamIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamIndex")
            .field("total_frames", &self.total_frames())
            .field("chunks", &self.chunks())
            .finish_non_exhaustive()
    }
}

/// Finds the index in the last bytes of a stream, which the caller gets in its own way.
///
/// ```
/// use lmac::packets::{IndexFinder, IndexStep, StreamHeader};
/// use lmac::{AudioSpec, SampleFormat};
///
/// # let stream = lmac::encode(&[1, 2, 3, 4], &AudioSpec::new(SampleFormat::S16, 2, 8000))?;
/// # let header = lmac::packets::PacketReader::new(stream.as_slice())?.header().clone();
/// let mut finder = IndexFinder::new(&header, stream.len() as u64);
/// let index = loop {
///     let range = finder.wanted();
///     match finder.give(&stream[range.start as usize..range.end as usize])? {
///         IndexStep::Further => {}
///         IndexStep::Found(index) => break Some(index),
///         _ => break None,
///     }
/// };
/// assert_eq!(index.unwrap().total_frames(), 2);
/// # Ok::<(), lmac::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct IndexFinder {
    header: StreamHeader,
    stream_bytes: u64,
    search: TrailerSearch,
}

/// The result of [`IndexFinder::give`].
#[derive(Debug)]
#[non_exhaustive]
pub enum IndexStep {
    /// Other bytes are [wanted](IndexFinder::wanted). This happens once at most.
    Further,
    /// The index.
    Found(StreamIndex),
    /// The stream does not end with a sound trailer of this header.
    Missing,
}

impl IndexFinder {
    /// Begins the search. `stream_bytes` is the length of the stream.
    pub fn new(header: &StreamHeader, stream_bytes: u64) -> Self {
        let (header, search) = (header.clone(), TrailerSearch::new(stream_bytes));
        IndexFinder { header, stream_bytes, search }
    }

    /// Returns the bytes of the stream that are looked at next.
    pub fn wanted(&self) -> Range<u64> {
        self.search.wanted()
    }

    /// Looks at the bytes that were wanted.
    ///
    /// Fails if their number is wrong, or if a chunk cannot be where the index has it.
    pub fn give(&mut self, bytes: &[u8]) -> Result<IndexStep> {
        let (given, wanted) = (bytes.len() as u64, self.wanted());
        if given != wanted.end - wanted.start {
            let message = format!("{given} bytes are given; those from {wanted:?} are wanted");
            return Err(Error::argument(message));
        }
        let found = match self.search.give(bytes) {
            Searched::Further => return Ok(IndexStep::Further),
            Searched::Nothing => None,
            Searched::Found(bytes) => StreamIndex::parse(bytes, &self.header, self.stream_bytes)?,
        };
        Ok(found.map_or(IndexStep::Missing, IndexStep::Found))
    }
}

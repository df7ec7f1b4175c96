//! The index: where chunks begin.

use std::fmt;
use std::ops::Range;

use super::header::StreamHeader;
use crate::container::trailer::{IndexEntry, Trailer};
use crate::error::{Error, Result};
use crate::stream::end::{Searched, TrailerSearch};

/// What the trailer of a stream says: its length, and where its chunks are.
#[derive(Clone)]
pub struct StreamIndex {
    trailer: Trailer,
    /// Where the first item begins.
    body: u64,
}

/// Where a chunk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkPlace {
    /// Its number, from 0.
    pub number: u64,
    /// Number of its first frame.
    pub first_frame: u64,
    /// Offset in the stream of its first byte, or of items before it.
    pub offset: u64,
}

impl StreamIndex {
    pub(super) fn new(trailer: Trailer, header: &StreamHeader) -> Self {
        StreamIndex { trailer, body: header.bytes().len() as u64 }
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

    /// Returns the place of the last listed chunk that begins at or before this frame.
    ///
    /// In a stream of more than 65,536 chunks not every chunk is listed: the frame may be in one
    /// of those behind this one.
    pub fn place_before(&self, frame: u64) -> ChunkPlace {
        match self.trailer.index.up_to(frame).next() {
            Some((number, IndexEntry { first_frame, offset })) if number > 0 => {
                ChunkPlace { number, first_frame, offset }
            }
            // Items before the first chunk belong to it.
            _ => ChunkPlace { number: 0, first_frame: 0, offset: self.body },
        }
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
///         IndexStep::Missing => break None,
///     }
/// };
/// assert_eq!(index.unwrap().total_frames(), 2);
/// # Ok::<(), lmac::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct IndexFinder {
    header: StreamHeader,
    search: TrailerSearch,
}

/// What the search for an index has come to.
#[derive(Debug)]
pub enum IndexStep {
    /// Other bytes are [wanted](IndexFinder::wanted). This happens once at most.
    Further,
    /// Here it is.
    Found(StreamIndex),
    /// No trailer ends the stream.
    Missing,
}

impl IndexFinder {
    /// Begins the search in a stream of so many bytes.
    pub fn new(header: &StreamHeader, stream_bytes: u64) -> Self {
        IndexFinder { header: header.clone(), search: TrailerSearch::new(stream_bytes) }
    }

    /// Returns the bytes of the stream that are looked at next.
    pub fn wanted(&self) -> Range<u64> {
        self.search.wanted()
    }

    /// Looks at the bytes that were wanted. Fails if their number is wrong.
    pub fn give(&mut self, bytes: &[u8]) -> Result<IndexStep> {
        let (given, wanted) = (bytes.len() as u64, self.wanted());
        if given != wanted.end - wanted.start {
            let message = format!("{given} bytes are given; those from {wanted:?} are wanted");
            return Err(Error::argument(message));
        }
        Ok(match self.search.give(bytes) {
            Searched::Further => IndexStep::Further,
            Searched::Nothing => IndexStep::Missing,
            Searched::Found(bytes) => match Trailer::parse(bytes, &self.header.stream) {
                Ok((trailer, _)) => IndexStep::Found(StreamIndex::new(trailer, &self.header)),
                Err(_) => IndexStep::Missing,
            },
        })
    }
}

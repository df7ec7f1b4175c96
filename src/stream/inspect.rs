//! Looking into a stream without decoding it.

use std::fmt;
use std::io::{Read, Seek};

use crate::chunk_codec;
use crate::container::trailer::Trailer;
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::method::{Method, Sections};
use crate::planes::Mapping;
use crate::stream::info::StreamInfo;
use crate::stream::items::{Item, Items};
use crate::stream::options::Limits;
use crate::stream::tags::StoredTags;
use crate::tags::{self, Tags};

/// Looks into a stream without decoding it. No language model is needed.
///
/// ```
/// use lmac::{AudioSpec, Inspector, SampleFormat};
///
/// # let stream = lmac::encode(&[1, 2, 3, 4], &AudioSpec::new(SampleFormat::S16, 2, 8000))?;
/// let mut inspector = Inspector::new(stream.as_slice())?;
/// println!("{} channels", inspector.info().spec.channels);
/// while let Some(chunk) = inspector.next_chunk()? {
///     println!("{} frames in {} bytes", chunk.frames, chunk.bytes);
/// }
/// assert!(inspector.summary_so_far().complete);
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct Inspector<R> {
    items: Items<R>,
    info: StreamInfo,
    /// The head of the source file; `None` if the limits do not allow to keep it.
    head: Option<Vec<u8>>,
    tags: StoredTags,
    limits: Limits,
    /// Whether the trailer was read in its place.
    ended: bool,
}

/// The size of a stream, from its trailer, or from its chunks where there is no trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Frames of audio.
    pub frames: u64,
    /// Chunks.
    pub chunks: u64,
    /// Bytes of the stream.
    pub stream_bytes: u64,
    /// MD5 of the audio, as FLAC defines it.
    pub md5: Option<[u8; 16]>,
    /// Bytes of the source file after the audio.
    pub tail_bytes: u64,
    /// Whether the trailer was found. A stream without one is cut off.
    pub complete: bool,
}

/// One chunk of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkInfo {
    /// Its number, from 0.
    pub number: u64,
    /// Offset of its first byte in the stream.
    pub offset: u64,
    /// Its bytes, header and checksum included.
    pub bytes: u64,
    /// Number of its first frame.
    pub first_frame: u64,
    /// Its frames.
    pub frames: u64,
    /// The method that codes it.
    pub method: Method,
    /// How its samples became characters.
    pub mapping: Mapping,
    /// Low bits that are zero in all its samples and cost nothing.
    pub wasted_bits: u8,
    /// Bytes of its payload.
    pub payload_bytes: u64,
    /// The parts of its payload, where the method has parts.
    pub sections: Option<Sections>,
}

impl<R: Read> Inspector<R> {
    /// Opens an inspector with the default limits.
    pub fn new(reader: R) -> Result<Self> {
        Self::with_limits(reader, Limits::default())
    }

    /// Opens an inspector with these limits. Reads the header and the head of the source file.
    pub fn with_limits(reader: R, limits: Limits) -> Result<Self> {
        let mut items = Items::open(reader)?;
        let mut head_bytes = 0;
        let mut head = Some(Vec::new());
        items.read_head(|data| {
            head_bytes += data.len() as u64;
            // The buffer is copied while it grows.
            head.take_if(|_| 3 * head_bytes > limits.memory / 4);
            head.as_mut().map_or(Ok(()), |head| memory::append(head, data))
        })?;
        let tags = items.read_tags(limits.memory)?;
        let info = StreamInfo::new(items.header(), head_bytes);
        Ok(Inspector { items, info, head, tags, limits, ended: false })
    }

    /// Returns what the stream says about itself before its first chunk.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Returns the stream's own tags, or else those in its source file's head.
    ///
    /// With a reader that can seek, [`find_tags`](Self::find_tags) also finds those in the file's
    /// tail.
    pub fn tags(&self) -> Result<Tags> {
        match self.tags.parse()? {
            Some(tags) => Ok(tags),
            None => tags::from_source(self.info.source, self.head()?, &[], None),
        }
    }

    /// The head of the source file.
    fn head(&self) -> Result<&[u8]> {
        self.head.as_deref().ok_or_else(|| {
            let (needed, allowed) = (3 * self.info.head_bytes, self.limits.memory / 4);
            Error::new(ErrorKind::Limit { needed, allowed })
        })
    }

    /// Reads the next chunk and checks the checksum of its stored bytes; `None` at the end.
    pub fn next_chunk(&mut self) -> Result<Option<ChunkInfo>> {
        self.items.check_memory(self.limits)?;
        while !self.ended {
            let offset = self.items.input.offset();
            let (number, place) = (self.items.chunks, self.items.place());
            let (chunk, payload) = match self.items.read()? {
                Item::Chunk(chunk, payload) => (chunk, payload),
                Item::Block(_) => continue,
                Item::Trailer(trailer) => {
                    self.items.trailer = Some(trailer);
                    self.ended = true;
                    continue;
                }
            };
            self.items.check_in_place(&chunk)?;
            self.items.count(&chunk);
            let sections = chunk_codec::sections(&chunk, &payload, self.items.header())
                .map_err(|error| error.at(place))?;
            return Ok(Some(ChunkInfo {
                number,
                offset,
                bytes: self.items.input.offset() - offset,
                first_frame: chunk.first_frame,
                frames: chunk.frames,
                method: chunk.method,
                mapping: chunk.mapping,
                wasted_bits: chunk.wasted,
                payload_bytes: chunk.payload_length,
                sections,
            }));
        }
        Ok(None)
    }

    /// Returns the size of the stream up to here.
    ///
    /// It is the size of the whole once [`next_chunk`](Self::next_chunk) returned `None`.
    pub fn summary_so_far(&self) -> Summary {
        let Items { chunks, frames, trailer, input, .. } = &self.items;
        Summary::new(trailer.as_ref(), *chunks, *frames, input.offset())
    }

    /// Returns the reader. Its position may be anywhere in the stream.
    pub fn into_inner(self) -> R {
        self.items.input.into_inner()
    }
}

impl<R: Read + Seek> Inspector<R> {
    /// Reads the size of the stream from its trailer.
    ///
    /// Without a trailer, it counts the headers of the chunks up to the first damage.
    /// [`next_chunk`](Self::next_chunk) returns the first chunk afterwards.
    pub fn summary(&mut self) -> Result<Summary> {
        let stream_bytes = self.items.input.length()?;
        let (chunks, frames) = self.items.find_trailer()?;
        self.items.go_to(self.items.body, 0, 0)?;
        self.ended = false;
        Ok(Summary::new(self.items.trailer.as_ref(), chunks, frames, stream_bytes))
    }
}

impl<R: Read + Seek> Inspector<R> {
    /// Returns the stream's own tags, or else those in its source file's head and tail.
    ///
    /// The position stays. Without a trailer, the tail is not found.
    pub fn find_tags(&mut self) -> Result<Tags> {
        match self.tags.parse()? {
            Some(tags) => Ok(tags),
            None => {
                self.head()?;
                let head = self.head.as_deref().unwrap_or_default();
                self.items.source_tags(head, self.limits.memory)
            }
        }
    }
}

impl Summary {
    fn new(trailer: Option<&Trailer>, chunks: u64, frames: u64, stream_bytes: u64) -> Self {
        Summary {
            frames: trailer.map_or(frames, |trailer| trailer.total_frames),
            chunks: trailer.map_or(chunks, |trailer| trailer.index.chunks),
            stream_bytes,
            md5: trailer.and_then(|trailer| trailer.md5),
            tail_bytes: trailer.map_or(0, |trailer| trailer.tail_length + u64::from(trailer.pad)),
            complete: trailer.is_some(),
        }
    }
}

impl<R> fmt::Debug for Inspector<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").field("info", &self.info).finish_non_exhaustive()
    }
}

//! The end of a stream whose reader can seek: its trailer, and the copy of the header in it.

use std::io::{Read, Seek};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::container::header::{Header, Sealed};
use crate::container::item::{ChunkHeader, ItemHeader};
use crate::container::trailer::{IndexEntry, Trailer};
use crate::error::{Error, ErrorKind, Result};
use crate::stream::input::Input;
use crate::stream::items::{Item, Items};

impl<R: Read + Seek> Items<R> {
    /// Goes to the item at this offset, which `chunks` chunks with `frames` frames precede.
    pub(crate) fn go_to(&mut self, offset: u64, chunks: u64, frames: u64) -> Result<()> {
        self.input.seek(offset)?;
        (self.chunks, self.frames) = (chunks, frames);
        Ok(())
    }

    /// Goes to the chunk that has this frame, or behind the last chunk if the frame is the end.
    ///
    /// The trailer shows the way, if it was [loaded](Self::load_trailer).
    pub(crate) fn go_to_frame(&mut self, frame: u64) -> Result<()> {
        let listed = self.trailer.as_ref().and_then(|trailer| trailer.index.up_to(frame).next());
        self.go_to_entry(listed)?;
        while frame > self.frames {
            let Some((chunk, length)) = self.next_chunk_header()? else {
                return Err(beyond(frame, self.frames));
            };
            if frame < self.frames + chunk.frames {
                break;
            }
            self.skip_chunk(&chunk, length)?;
        }
        Ok(())
    }

    /// Goes to a listed chunk, or to the first one. The first chunk comes with the items before
    /// it, which must be read as well.
    pub(crate) fn go_to_entry(&mut self, listed: Option<(u64, IndexEntry)>) -> Result<()> {
        match listed {
            Some((number, entry)) if number > 0 => {
                self.go_to(entry.offset, number, entry.first_frame)
            }
            _ => self.go_to(self.body, 0, 0),
        }
    }

    /// Reads the next block of this type, and returns its data; `None` if no such block follows.
    /// Goes past chunks and other blocks.
    pub(crate) fn next_block(&mut self, kind: u64) -> Result<Option<Bytes>> {
        let stream = Arc::clone(&self.stream);
        loop {
            if !self.input.fill(1)? {
                return Err(Error::new(ErrorKind::Truncated).at(self.place()));
            }
            if !ItemHeader::looks_like(&self.input.window()[..1]) {
                return Ok(None);
            }
            let parsed = self
                .input
                .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
                .map_err(|error| error.at(self.place()))?;
            let whole = parsed.whole_length() as u64;
            match parsed.item {
                ItemHeader::Chunk(chunk) => {
                    self.check_in_place(&chunk)?;
                    self.skip_chunk(&chunk, whole)?;
                }
                ItemHeader::Block(header) if header.kind == kind => {
                    if let Item::Block(block) = self.read()? {
                        return Ok(Some(block.data));
                    }
                }
                ItemHeader::Block(_) => self.input.seek(self.input.offset() + whole)?,
            }
        }
    }

    /// Fails if the frame is behind the end of the stream, as far as that is known.
    pub(crate) fn check_not_beyond(&self, frame: u64) -> Result<()> {
        match self.trailer.as_ref().map(|trailer| trailer.total_frames) {
            Some(total) if frame > total => Err(beyond(frame, total)),
            _ => Ok(()),
        }
    }

    /// Goes past the chunk of this length whose header is at the start of the window.
    pub(crate) fn skip_chunk(&mut self, chunk: &ChunkHeader, length: u64) -> Result<()> {
        self.input.seek(self.input.offset() + length)?;
        self.count(chunk);
        Ok(())
    }

    /// Reads the trailer if the last bytes of the reader hold a good one.
    pub(crate) fn load_trailer(&mut self) -> Result<()> {
        if self.trailer.is_some() {
            return Ok(());
        }
        let here = self.input.offset();
        let bytes = trailer_bytes(&mut self.input);
        self.input.seek(here)?;
        if let Some(bytes) = bytes? {
            self.trailer = Trailer::parse(&bytes, &self.stream).ok().map(|(trailer, _)| trailer);
        }
        Ok(())
    }

    /// Looks for the trailer in the last bytes and then behind the last chunk, going from
    /// chunk to chunk by their headers. Returns the chunks and frames that it passed on the
    /// way; the position stays.
    pub(crate) fn find_trailer(&mut self) -> Result<(u64, u64)> {
        self.load_trailer()?;
        if self.trailer.is_some() {
            return Ok((0, 0));
        }
        let here = (self.input.offset(), self.chunks, self.frames);
        let walked = self.walk();
        let passed = (self.chunks, self.frames);
        self.go_to(here.0, here.1, here.2)?;
        match walked {
            Err(error) if !error.is_damage() => Err(error),
            _ => Ok(passed),
        }
    }

    fn walk(&mut self) -> Result<()> {
        let end = self.input.length()?;
        self.go_to(self.body, 0, 0)?;
        while let Some((chunk, length)) = self.next_chunk_header()? {
            if self.input.offset() + length > end {
                return Ok(());
            }
            self.skip_chunk(&chunk, length)?;
        }
        let stream = Arc::clone(&self.stream);
        let (trailer, _) = self.input.parse(|bytes| Trailer::parse(bytes, &stream))?;
        self.trailer = Some(trailer);
        Ok(())
    }
}

fn beyond(frame: u64, total: u64) -> Error {
    Error::argument(format!("frame {frame} is behind the end of the stream at {total}"))
}

/// The bytes from the trailer's marker on, if a trailer ends the stream.
pub(crate) fn trailer_bytes<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Vec<u8>>> {
    let mut search = TrailerSearch::new(input.length()?);
    loop {
        let wanted = search.wanted();
        input.seek(wanted.start)?;
        let length = (wanted.end - wanted.start) as usize;
        if !input.fill(length)? {
            return Ok(None);
        }
        match search.give(&input.window()[..length]) {
            Searched::Further => {}
            Searched::Found(bytes) => return Ok(Some(bytes.to_vec())),
            Searched::Nothing => return Ok(None),
        }
    }
}

/// A search for the trailer in the last bytes of a stream, whoever reads them.
#[derive(Debug, Clone)]
pub(crate) struct TrailerSearch {
    /// Bytes of the stream.
    length: u64,
    /// The last bytes that are wanted.
    last: u64,
    /// Whether these are known to be the trailer's.
    known: bool,
}

/// What a search for the trailer has come to.
pub(crate) enum Searched<'a> {
    /// Other bytes are wanted.
    Further,
    /// From the trailer's marker on.
    Found(&'a [u8]),
    Nothing,
}

impl TrailerSearch {
    /// Bytes that are looked at first: enough for most trailers.
    const FIRST: u64 = 1 << 12;

    pub(crate) fn new(length: u64) -> Self {
        TrailerSearch { length, last: length.min(Self::FIRST), known: false }
    }

    /// The bytes of the stream that are looked at next.
    pub(crate) fn wanted(&self) -> Range<u64> {
        self.length - self.last..self.length
    }

    /// Looks at the bytes that were wanted.
    pub(crate) fn give<'a>(&mut self, bytes: &'a [u8]) -> Searched<'a> {
        match Trailer::distance_from_end(bytes) {
            Some(distance) if distance <= bytes.len() as u64 => {
                Searched::Found(&bytes[bytes.len() - distance as usize..])
            }
            Some(distance) if distance <= self.length && !self.known => {
                self.last = distance;
                self.known = true;
                Searched::Further
            }
            _ => Searched::Nothing,
        }
    }
}

/// The copy of the header in a good trailer.
pub(crate) fn header_from_trailer<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Sealed>> {
    let bytes = trailer_bytes(input)?;
    Ok(bytes.and_then(|bytes| {
        let stream = Header::parse(Trailer::header_copy(&bytes)?).ok()?;
        Trailer::parse(&bytes, &stream).ok()?;
        Some(stream)
    }))
}

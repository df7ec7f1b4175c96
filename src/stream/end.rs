//! The end of a stream whose reader can seek: its trailer, and the copy of the header in it.

use std::io::{Read, Seek};
use std::sync::Arc;

use crate::container::header::{Header, Sealed};
use crate::container::item::{ChunkHeader, ITEM_CRC};
use crate::container::trailer::{MAX_CLOSING, Trailer};
use crate::error::Result;
use crate::stream::input::Input;
use crate::stream::items::Items;

impl<R: Read + Seek> Items<R> {
    /// Goes to the item at this offset, which `chunks` chunks with `frames` frames precede.
    pub(crate) fn go_to(&mut self, offset: u64, chunks: u64, frames: u64) -> Result<()> {
        self.input.seek(offset)?;
        (self.chunks, self.frames) = (chunks, frames);
        Ok(())
    }

    /// Goes past the chunk whose header is at the start of the window.
    pub(crate) fn skip_chunk(&mut self, chunk: &ChunkHeader, header: usize) -> Result<()> {
        let length = header as u64 + chunk.payload_length + ITEM_CRC as u64;
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
        while let Some((chunk, header)) = self.next_chunk_header()? {
            let length = header as u64 + chunk.payload_length + ITEM_CRC as u64;
            if self.input.offset() + length > end {
                return Ok(());
            }
            self.skip_chunk(&chunk, header)?;
        }
        let stream = Arc::clone(&self.stream);
        let (trailer, _) = self.input.parse(|bytes| Trailer::parse(bytes, &stream))?;
        self.trailer = Some(trailer);
        Ok(())
    }
}

/// The bytes from the trailer's marker on, if a trailer ends the stream.
pub(crate) fn trailer_bytes<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Vec<u8>>> {
    let length = input.length()?;
    let mut last = length.min(MAX_CLOSING as u64);
    for _ in 0..2 {
        input.seek(length - last)?;
        if !input.fill(last as usize)? {
            return Ok(None);
        }
        match Trailer::distance_from_end(&input.window()[..last as usize]) {
            Some(distance) if distance == last => {
                return Ok(Some(input.window()[..last as usize].to_vec()));
            }
            Some(distance) if distance <= length => last = distance,
            _ => return Ok(None),
        }
    }
    Ok(None)
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

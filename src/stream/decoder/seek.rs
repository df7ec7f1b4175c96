//! Going to another place of the stream, by its trailer.

use std::io::{Read, Seek};
use std::sync::Arc;

use bytes::Bytes;

use super::recovery::{begins_item, find_item};
use super::{Decoder, Verification};
use crate::container::MAX_CHUNK_PCM;
use crate::container::header::{Header, Sealed};
use crate::container::item::{ChunkHeader, ITEM_CRC, ItemHeader, Parsed};
use crate::container::trailer::{Index, IndexEntry, MAX_CLOSING, Trailer};
use crate::error::{Error, ErrorKind, Result};
use crate::stream::digest::AudioDigest;
use crate::stream::input::Input;
use crate::stream::options::DecodeOptions;
use crate::stream::parallel::Ordered;

/// What it takes to look at another place, in bytes that may be tried.
const TRIALS_A_SEEK: u64 = 1 << 18;

impl<R: Read + Seek> Decoder<R> {
    /// A decoder for a file that may be damaged: where the header is, its copy in the
    /// trailer takes its place. Where there is none, a single wrong byte is found by the
    /// header's checksum.
    pub fn recover(reader: R, options: DecodeOptions) -> Result<Self> {
        let options = options.with_recover(true);
        let mut input = Input::new(reader);
        let error = match input.parse(Header::parse) {
            Ok(stream) if belongs(&mut input, &stream)? => {
                input.seek(stream.bytes.len() as u64)?;
                return Self::with_header(input, stream, options);
            }
            Ok(_) => Error::malformed("it belongs to another stream"),
            Err(error) => error,
        };
        let Some(copy) = header_from_trailer(&mut input)? else {
            input.seek(0)?;
            return Self::with_repaired_header(input, error, options);
        };
        // Where bytes of the header are missing, what follows begins earlier.
        input.seek(copy.bytes.len() as u64)?;
        if !begins_item(&mut input, &copy, &mut { MAX_CHUNK_PCM })? {
            input.seek(0)?;
        }
        let mut decoder = Self::with_header(input, copy, options)?;
        decoder.damage.header_restored = true;
        decoder.starts_damaged(error);
        Ok(decoder)
    }

    /// Goes to a frame: what comes out next begins with it. The end of the stream is a
    /// frame that can be gone to; what lies behind it is refused.
    ///
    /// One chunk is read, or a few where the index is thinned out; without a trailer, the
    /// headers of all chunks before.
    pub fn seek(&mut self, frame: u64) -> Result<u64> {
        self.load_trailer()?;
        if self.total_frames().is_some_and(|total| frame > total) {
            return Err(self.beyond(frame));
        }
        self.forget();
        // Until the place is found, there is nothing to go on from.
        self.failed = true;
        let (number, entry) = self.entry_before(frame)?;
        self.input.seek(entry.offset)?;
        self.failed = false;
        (self.chunks, self.frames, self.whole_to) = (number, entry.first_frame, entry.offset);
        (self.handed, self.wanted_from) = (entry.first_frame, frame);
        if frame == 0 {
            self.index = Some(Index::default());
            self.digest = self.info.has_md5.then(|| AudioDigest::new(&self.info.spec));
        }
        if !self.options.recover {
            let found = self.skip_to(frame);
            self.failed = found.is_err();
            found?;
        }
        Ok(frame)
    }

    /// The last listed chunk that begins at or before this frame; in recovery the last one
    /// that is where the index has it. The first chunk comes with what stands before it, which
    /// is to be read as well.
    fn entry_before(&mut self, frame: u64) -> Result<(u64, IndexEntry)> {
        let start = (0, IndexEntry { first_frame: 0, offset: self.body });
        let Some(trailer) = self.trailer.take() else {
            return Ok(start);
        };
        let mut found = Ok(start);
        let mut trials = MAX_CHUNK_PCM;
        for (number, entry) in trailer.index.up_to(frame).take_while(|&(number, _)| number > 0) {
            match self.options.recover.then(|| self.is_there(&entry, &mut trials)).transpose() {
                Ok(Some(false)) => continue,
                Ok(_) => found = Ok((number, entry)),
                Err(error) => found = Err(error),
            }
            break;
        }
        self.trailer = Some(trailer);
        found
    }

    /// Whether the chunk of an entry is where that says; all entries together are worth so
    /// many trials.
    fn is_there(&mut self, entry: &IndexEntry, trials: &mut u64) -> Result<bool> {
        let Some(left) = trials.checked_sub(TRIALS_A_SEEK) else { return Ok(false) };
        *trials = left;
        let stream = Arc::clone(&self.stream);
        self.input.seek(entry.offset)?;
        if !begins_item(&mut self.input, &stream, trials)? {
            return Ok(false);
        }
        let parsed = self.input.parse(|bytes| ItemHeader::parse(bytes, &stream.header));
        Ok(matches!(parsed, Ok(Parsed { item: ItemHeader::Chunk(chunk), .. })
            if chunk.first_frame == entry.first_frame))
    }

    /// Goes past the chunks that end before this frame, by their headers.
    fn skip_to(&mut self, frame: u64) -> Result<()> {
        while frame > self.frames {
            let Some((chunk, length)) = self.next_chunk_header()? else {
                return Err(self.beyond(frame));
            };
            if frame < self.frames + chunk.frames {
                return Ok(());
            }
            let whole = length as u64 + chunk.payload_length + ITEM_CRC as u64;
            self.input.seek(self.input.offset() + whole)?;
            self.chunks += 1;
            self.frames += chunk.frames;
            self.handed = self.frames;
            self.whole_to = self.input.offset();
        }
        Ok(())
    }

    /// The header of the chunk at the start of the window; `None` where there is none.
    pub(crate) fn next_chunk_header(&mut self) -> Result<Option<(ChunkHeader, usize)>> {
        let stream = Arc::clone(&self.stream);
        loop {
            if !self.input.fill(1)? {
                return Err(Error::new(ErrorKind::Truncated).at(self.place()));
            }
            if !ItemHeader::looks_like(&self.input.window()[..1]) {
                return Ok(None);
            }
            let Parsed { item, length, .. } = self
                .input
                .parse(|bytes| ItemHeader::parse(bytes, &stream.header))
                .map_err(|error| error.at(self.place()))?;
            match item {
                ItemHeader::Chunk(chunk) if chunk.first_frame != self.frames => {
                    return Err(self.out_of_place(&chunk));
                }
                ItemHeader::Chunk(chunk) => return Ok(Some((chunk, length))),
                ItemHeader::Block(header) => {
                    let whole = length + header.length + ITEM_CRC;
                    self.input.skip(whole as u64).map_err(|error| error.at(self.place()))?;
                }
            }
        }
    }

    fn beyond(&self, frame: u64) -> Error {
        let total = self.total_frames().unwrap_or(self.frames);
        Error::argument(format!("frame {frame} lies behind the end of the stream at {total}"))
    }

    /// Drops everything that belongs to another place of the stream.
    fn forget(&mut self) {
        self.ahead.clear();
        while self.pool.as_mut().and_then(Ordered::next).is_some() {}
        self.current = Bytes::new();
        self.index = None;
        self.digest = None;
        self.in_tail = false;
        self.tail_length = 0;
        self.held = None;
        self.damage = self.damage_before.clone();
        self.read_all = false;
        self.failed = false;
        self.verification = Verification::Unfinished;
    }

    /// Reads the trailer from the end of the file, if there is a good one.
    pub(crate) fn load_trailer(&mut self) -> Result<()> {
        if self.trailer.is_some() {
            return Ok(());
        }
        let here = self.input.offset();
        let bytes = last_bytes(&mut self.input);
        self.input.seek(here)?;
        if let Some(bytes) = bytes? {
            self.trailer = Trailer::parse(&bytes, &self.stream).ok().map(|(trailer, _)| trailer);
        }
        Ok(())
    }
}

/// Whether a stream has an item of this header's, or no other header to choose.
fn belongs<R: Read + Seek>(input: &mut Input<R>, stream: &Sealed) -> Result<bool> {
    input.seek(stream.bytes.len() as u64)?;
    if begins_item(input, stream, &mut { MAX_CHUNK_PCM })? {
        return Ok(true);
    }
    let Some(copy) = header_from_trailer(input)?.filter(|copy| copy.bytes != stream.bytes) else {
        return Ok(true);
    };
    // Both are sound: whose items there are decides.
    for header in [stream, &copy] {
        input.seek(stream.bytes.len() as u64)?;
        let found = find_item(input, header, &mut { MAX_CHUNK_PCM })?;
        // The trailer is the copy's, whatever else is.
        if found && ItemHeader::looks_like(input.window()) {
            return Ok(header.bytes == stream.bytes);
        }
    }
    Ok(true)
}

/// The bytes from the trailer's marker on, if a trailer ends the stream.
fn last_bytes<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Vec<u8>>> {
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
fn header_from_trailer<R: Read + Seek>(input: &mut Input<R>) -> Result<Option<Sealed>> {
    let bytes = last_bytes(input)?;
    Ok(bytes.and_then(|bytes| {
        let stream = Header::parse(Trailer::header_copy(&bytes)?).ok()?;
        Trailer::parse(&bytes, &stream).ok()?;
        Some(stream)
    }))
}

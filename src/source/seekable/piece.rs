//! A piece of a file: the audio of a chunk, or bytes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::cache::{FileCache, locked};
use crate::container::item::ChunkHeader;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::memory;
use crate::stream::packets::{ChunkDecoder, ChunkDecoding};

/// Frames that are decoded in a turn.
const STEP: u64 = 1024;

/// What a piece holds, and how its place is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The audio of a chunk, by frames.
    Chunk,
    /// Frames of a FLAC file, by their bytes behind the head.
    FlacFrames,
    /// A part of the tail, by its bytes.
    Tail,
}

pub(super) struct Piece {
    pub(super) kind: Kind,
    /// The first frame or byte.
    pub(super) start: u64,
    /// Frames or bytes.
    pub(super) length: u64,
    /// Where in the stream it comes from, for errors.
    place: Place,
    /// Bytes of memory that it takes, or will take, about.
    bytes: AtomicU64,
    content: Mutex<Content>,
}

enum Content {
    Chunk(Box<Chunk>),
    /// Decisions of which no FLAC frames were made yet.
    Decisions(Bytes),
    Bytes(Bytes),
    /// It could not be decoded.
    Failed,
}

/// A chunk that is decoded as far as its audio was asked for.
struct Chunk {
    header: ChunkHeader,
    payload: Bytes,
    decoding: Option<ChunkDecoding>,
    pcm: Vec<u8>,
}

impl Piece {
    /// A chunk with so many bytes of audio, whose decoding takes `aside` bytes beside them.
    pub(super) fn chunk(
        header: ChunkHeader,
        payload: Bytes,
        (pcm_bytes, aside): (u64, u64),
        place: Place,
    ) -> Self {
        let (start, length) = (header.first_frame, header.frames);
        let bytes = pcm_bytes + payload.len() as u64 + aside;
        let chunk = Chunk { header, payload, decoding: None, pcm: Vec::new() };
        Self::new(Kind::Chunk, start, length, bytes, place, Content::Chunk(Box::new(chunk)))
    }

    /// FLAC frames of so many bytes, which these decisions make. A length beyond `most` is wrong,
    /// and does not count.
    pub(super) fn flac_frames(
        start: u64,
        (length, most): (u64, u64),
        decisions: Bytes,
        place: Place,
    ) -> Self {
        let bytes = length.min(most) + decisions.len() as u64;
        Self::new(Kind::FlacFrames, start, length, bytes, place, Content::Decisions(decisions))
    }

    pub(super) fn tail(start: u64, data: Bytes, place: Place) -> Self {
        let length = data.len() as u64;
        Self::new(Kind::Tail, start, length, length, place, Content::Bytes(data))
    }

    fn new(
        kind: Kind,
        start: u64,
        length: u64,
        bytes: u64,
        place: Place,
        content: Content,
    ) -> Self {
        let (bytes, content) = (AtomicU64::new(bytes), Mutex::new(content));
        Piece { kind, start, length, place, bytes, content }
    }

    pub(super) fn has(&self, at: u64) -> bool {
        at >= self.start && at - self.start < self.length
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The audio from a frame on: at most `most` frames, and if `provisional`, those that are
    /// decoded but at least `least`. `None` if another reader failed to decode the chunk.
    pub(super) fn pcm(
        &self,
        (decoder, cache): (&ChunkDecoder, &FileCache),
        frame_bytes: usize,
        from: u64,
        (least, most): (u64, u64),
        provisional: bool,
    ) -> Result<Option<Vec<u8>>> {
        let mut content = locked(&self.content);
        let Content::Chunk(chunk) = &mut *content else { return Ok(None) };
        let first = (from - self.start) as usize * frame_bytes;
        let length =
            |frames: u64| frames.min(self.length - (from - self.start)) as usize * frame_bytes;
        let wanted = match provisional {
            true => first + length(least.max(1)),
            false => self.length as usize * frame_bytes,
        };
        if let Err(error) = chunk.decode(decoder, wanted, cache) {
            *content = Content::Failed;
            return Err(error.at(self.place));
        }
        if chunk.payload.is_empty() && chunk.decoding.is_none() {
            self.bytes.store(chunk.pcm.len() as u64, Ordering::Relaxed);
        }
        let end = chunk.pcm.len().min(first + length(most));
        memory::copied(&chunk.pcm[first..end]).map(Some)
    }

    /// The bytes of the piece, made by `make` if they are FLAC frames that were not made yet.
    /// `None` if another reader failed to make them.
    pub(super) fn made(
        &self,
        make: impl FnOnce(&Bytes) -> Result<Vec<u8>>,
    ) -> Result<Option<Bytes>> {
        let mut content = locked(&self.content);
        let made = match &*content {
            Content::Bytes(bytes) => return Ok(Some(bytes.clone())),
            Content::Decisions(decisions) => make(decisions),
            Content::Chunk(_) | Content::Failed => return Ok(None),
        };
        match made {
            Ok(bytes) => {
                let bytes = Bytes::from(bytes);
                self.bytes.store(bytes.len() as u64, Ordering::Relaxed);
                *content = Content::Bytes(bytes.clone());
                Ok(Some(bytes))
            }
            Err(error) => {
                *content = Content::Failed;
                Err(error.at(self.place))
            }
        }
    }
}

impl Chunk {
    /// Decodes up to so many bytes of audio.
    fn decode(&mut self, decoder: &ChunkDecoder, wanted: usize, cache: &FileCache) -> Result<()> {
        while self.pcm.len() < wanted {
            let _turn = cache.take_turn();
            let decoding = match &mut self.decoding {
                Some(decoding) => decoding,
                None => self.decoding.insert(decoder.begin_payload(&self.header, &self.payload)?),
            };
            let piece = decoding.next_frames(STEP)?;
            let piece = piece.ok_or_else(|| Error::new(ErrorKind::AlreadyFailed))?;
            match self.pcm.is_empty() {
                true => self.pcm = piece.pcm.into(),
                false => memory::append(&mut self.pcm, &piece.pcm)?,
            }
            if decoding.is_done() {
                self.decoding = None;
                self.payload = Bytes::new();
                // It grew beyond what it needs.
                self.pcm.shrink_to_fit();
            }
        }
        Ok(())
    }
}

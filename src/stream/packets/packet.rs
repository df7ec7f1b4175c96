//! The parts of a stream behind its header.

use std::io::Read;

use bytes::Bytes;

use crate::container::item::block;
use crate::error::{Error, Place, Result};
use crate::stream::items::{Item, Items};

/// A part of a stream that was read whole and has the right checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet {
    /// What it holds.
    pub kind: PacketKind,
    /// Offset of its first byte in the stream.
    pub offset: u64,
    /// Number of its first frame; of the next one, if it has no frames.
    pub first_frame: u64,
    /// Its frames. Only chunks have any.
    pub frames: u64,
    /// All of its bytes.
    pub bytes: Bytes,
}

/// What a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketKind {
    /// Frames of audio, for a [`ChunkDecoder`](super::ChunkDecoder).
    Chunk,
    /// Bytes of the source file before its audio.
    Head,
    /// Tags and pictures.
    Tags,
    /// Decisions of the encoder of a FLAC file, for frames that follow.
    Decisions,
    /// Bytes of the source file after its audio.
    Tail,
    /// A block of a type that this version does not know, and that may be passed over.
    Other(u64),
    /// The end of the stream, and the index.
    Trailer,
}

impl PacketKind {
    fn of_block(kind: u64) -> Self {
        match kind {
            block::HEAD => PacketKind::Head,
            block::TAIL => PacketKind::Tail,
            block::DECISIONS => PacketKind::Decisions,
            block::TAGS => PacketKind::Tags,
            other => PacketKind::Other(other),
        }
    }
}

impl<R: Read> Items<R> {
    /// Reads the next packet; after the trailer there is no other. After an error the position is
    /// the same as before.
    pub(super) fn read_packet(&mut self) -> Result<Packet> {
        let (offset, first_frame) = (self.input.offset(), self.frames);
        let place = Place::Block(self.chunks);
        let (item, bytes) = self.read_whole()?;
        let (kind, frames) = match item {
            Item::Chunk(chunk, _) => {
                self.check_in_place(&chunk)?;
                self.count(&chunk);
                (PacketKind::Chunk, chunk.frames)
            }
            Item::Block(block) => match PacketKind::of_block(block.kind) {
                PacketKind::Other(kind) if block.critical => {
                    return Err(Error::unknown_block(kind).at(place));
                }
                kind => (kind, 0),
            },
            Item::Trailer(trailer) => {
                self.trailer = Some(trailer);
                (PacketKind::Trailer, 0)
            }
        };
        Ok(Packet { kind, offset, first_frame, frames, bytes })
    }
}

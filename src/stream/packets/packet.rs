//! The parts of a stream behind its header.

use std::io::Read;

use bytes::Bytes;

use super::index::ChunkPlace;
use crate::container::item::ItemHeader;
use crate::container::trailer::IndexEntry;
use crate::error::{Place, Result};
use crate::stream::items::{Checked, Item, Items};
use crate::stream::sequence::{BlockUse, Sequence};

/// A part of a stream that was read whole and has the right checksum.
///
/// Its bytes may be a part of a larger buffer, which stays in memory as long as they do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet {
    /// What it holds.
    pub kind: PacketKind,
    /// The offset in the stream of its first byte.
    pub offset: u64,
    /// The number of chunks before it.
    pub number: u64,
    /// The number of its first frame. For a packet without frames, the number of the frame that
    /// follows it.
    pub first_frame: u64,
    /// Its frames. Only chunks have any.
    pub frames: u64,
    /// All of its bytes.
    pub bytes: Bytes,
    /// The bytes that it carries: the payload of a chunk, the data of a block, nothing of a
    /// trailer. The data of all tags packets, one behind the other, are for
    /// [`Tags::parse`](crate::Tags::parse).
    pub data: Bytes,
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
    /// A block that may be passed over.
    Other,
    /// The end of the stream, and the index.
    Trailer,
}

impl Packet {
    /// Returns the place of a chunk, to come back to it; `None` for other packets.
    pub fn place(&self) -> Option<ChunkPlace> {
        let Packet { kind, number, first_frame, offset, .. } = *self;
        (kind == PacketKind::Chunk).then_some(ChunkPlace { number, first_frame, offset })
    }
}

/// Reads the next packet, which must fit what came before it; behind the trailer there is no
/// other. After an error nothing has changed.
pub(super) fn read<R: Read>(items: &mut Items<R>, sequence: &mut Sequence) -> Result<Packet> {
    let (offset, number, first_frame) = (items.input.offset(), items.chunks, items.frames);
    let checked = items.check()?;
    let (kind, frames) = match &checked {
        Checked::Item { item: ItemHeader::Chunk(chunk), .. } => {
            items.check_in_place(chunk)?;
            sequence.check_chunk().map_err(|error| error.at(items.place()))?;
            sequence.count(IndexEntry { first_frame, offset });
            items.count(chunk);
            (PacketKind::Chunk, chunk.frames)
        }
        Checked::Item { item: ItemHeader::Block(block), data, .. } => {
            let length = data.as_ref().map_or(block.length, Bytes::len);
            let found = sequence.block(block, length, items.header());
            let kind = match found.map_err(|error| error.at(Place::Block(number)))? {
                BlockUse::Head => PacketKind::Head,
                BlockUse::Tags => PacketKind::Tags,
                BlockUse::Decisions => PacketKind::Decisions,
                BlockUse::Tail => PacketKind::Tail,
                BlockUse::Nothing => PacketKind::Other,
            };
            (kind, 0)
        }
        Checked::Trailer(trailer, _) => {
            sequence.check_trailer(trailer, items.header(), items.frames)?;
            (PacketKind::Trailer, 0)
        }
    };
    let (item, bytes) = items.take(checked);
    let data = match item {
        Item::Chunk(_, payload) => payload,
        Item::Block(block) => block.data,
        Item::Trailer(trailer) => {
            items.trailer = Some(trailer);
            Bytes::new()
        }
    };
    Ok(Packet { kind, offset, number, first_frame, frames, bytes, data })
}

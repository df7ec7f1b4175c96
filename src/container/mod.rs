//! The bytes of the container, as `spec/container.md` lays them out. No other module
//! knows them.

pub(crate) mod fields;
pub(crate) mod header;
pub(crate) mod item;
pub(crate) mod model;
pub(crate) mod repair;
pub(crate) mod source;
mod sparse;
pub(crate) mod trailer;

/// First bytes of a stream.
pub(crate) const MAGIC: [u8; 7] = *b"\x89lmac\r\n";
/// Version of the format that this crate writes.
pub(crate) const VERSION: (u8, u8) = (0, 6);

/// First bytes of a chunk or block.
const SYNC: [u8; 2] = [0xD6, 0x9B];
/// Upper half of the trailer's first byte.
const TRAILER_MARKER: u8 = 0xE0;
/// Last bytes of a stream.
const CLOSING_MAGIC: [u8; 2] = [0x63, 0x89];

/// Most bytes of a header's body.
const MAX_HEADER_BODY: u64 = 4096;
/// Most bytes of PCM in a chunk.
pub(crate) const MAX_CHUNK_PCM: u64 = 1 << 28;
/// Most bytes of one block's data.
pub(crate) const MAX_BLOCK: usize = 1 << 20;
/// Most bytes that all head blocks hold together.
pub(crate) const MAX_HEAD: usize = 64 << 20;
/// Most bytes that all tags blocks hold together.
pub(crate) const MAX_TAGS: usize = 64 << 20;
/// Most entries of an index.
const MAX_INDEX: usize = 65_536;
/// Frames of a stream stay below this.
const MAX_FRAMES: u64 = 1 << 56;

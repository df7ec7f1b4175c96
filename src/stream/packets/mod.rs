//! Streams in parts, for programs that read, write and thread on their own.

mod chunk_decoder;
mod chunk_encoder;
mod header;
mod index;
mod packet;
mod parser;
mod reader;
mod trailer;

pub(crate) use chunk_decoder::memory as chunk_memory;
pub use chunk_decoder::{ChunkDecoder, DecodedChunk};
pub(crate) use chunk_encoder::ChunkParts;
pub use chunk_encoder::{ChunkEncoder, EncodedChunk};
pub use header::StreamHeader;
pub use index::{ChunkPlace, IndexFinder, IndexStep, StreamIndex};
pub use packet::{Packet, PacketKind};
pub use parser::{PacketParser, Step};
pub use reader::PacketReader;
pub use trailer::TrailerBuilder;

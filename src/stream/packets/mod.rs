//! Streams in parts, for programs that have their own input, output and threads.

mod chunk_decoder;
mod chunk_encoder;
mod header;
mod index;
mod packet;
mod parser;
mod reader;
mod trailer;

pub(crate) use chunk_decoder::chunk_memory;
pub use chunk_decoder::{ChunkDecoder, ChunkDecoding, DecodedChunk};
pub use chunk_encoder::ChunkEncoder;
pub(crate) use chunk_encoder::ChunkParts;
pub use header::StreamHeader;
pub use index::{ChunkPlace, IndexFinder, IndexStep, StreamIndex};
pub use packet::{Packet, PacketKind};
pub use parser::{PacketParser, Step};
pub use reader::PacketReader;
pub use trailer::TrailerBuilder;

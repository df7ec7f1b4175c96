//! Packets from a reader.

use std::fmt;
use std::io::{Read, Seek};
use std::sync::Arc;

use super::header::StreamHeader;
use super::index::StreamIndex;
use super::packet::{self, Packet, PacketKind};
use crate::error::Result;
use crate::stream::end::trailer_bytes;
use crate::stream::items::Items;
use crate::stream::options::Limits;
use crate::stream::sequence::Sequence;

/// Takes the packets of a stream from a reader, without decoding them.
///
/// [`PacketParser`](super::PacketParser) does the same with bytes that arrive from elsewhere.
///
/// ```
/// use lmac::packets::{ChunkDecoder, PacketKind, PacketReader};
/// use lmac::{AudioSpec, DecodeOptions, SampleFormat};
///
/// # let stream = lmac::encode(&[1, 2, 3, 4], &AudioSpec::new(SampleFormat::S16, 2, 8000))?;
/// let mut packets = PacketReader::new(stream.as_slice())?;
/// let decoder = ChunkDecoder::new(packets.header(), &DecodeOptions::default())?;
/// while let Some(packet) = packets.next_packet()? {
///     if packet.kind == PacketKind::Chunk {
///         // In any order, and in any thread.
///         let chunk = decoder.decode(&packet.bytes)?;
///         println!("{} bytes of PCM from frame {}", chunk.pcm.len(), chunk.first_frame);
///     }
/// }
/// # Ok::<(), lmac::Error>(())
/// ```
pub struct PacketReader<R> {
    items: Items<R>,
    sequence: Sequence,
    header: StreamHeader,
    limits: Limits,
    ended: bool,
}

impl<R: Read> PacketReader<R> {
    /// Reads the header of a stream, with the default limits.
    pub fn new(reader: R) -> Result<Self> {
        Self::with_limits(reader, Limits::default())
    }

    /// Reads the header of a stream, with these limits.
    pub fn with_limits(reader: R, limits: Limits) -> Result<Self> {
        let items = Items::open(reader)?;
        let header = StreamHeader { stream: Arc::clone(&items.stream) };
        let sequence = Sequence::from_header();
        Ok(PacketReader { items, sequence, header, limits, ended: false })
    }

    /// Returns the header.
    pub fn header(&self) -> &StreamHeader {
        &self.header
    }

    /// Reads the next packet, and checks its checksum and whether it may come here; `None` after
    /// the trailer.
    ///
    /// After an error, another call reads the same bytes again. To go past damage, seek to a
    /// place behind it, or take [`Decoder::recover`](crate::Decoder::recover).
    pub fn next_packet(&mut self) -> Result<Option<Packet>> {
        if self.ended {
            return Ok(None);
        }
        self.items.check_memory(self.limits)?;
        let packet = packet::read(&mut self.items, &mut self.sequence)?;
        self.ended = packet.kind == PacketKind::Trailer;
        Ok(Some(packet))
    }

    /// Returns the reader. Its position may be anywhere in the stream.
    pub fn into_inner(self) -> R {
        self.items.input.into_inner()
    }
}

impl<R: Read + Seek> PacketReader<R> {
    /// Reads the index in the stream's last bytes. The position stays.
    ///
    /// `None` if the stream does not end with a sound trailer of this header.
    pub fn index(&mut self) -> Result<Option<StreamIndex>> {
        let input = &mut self.items.input;
        let here = input.offset();
        let found = trailer_bytes(input).and_then(|bytes| Ok((bytes, input.length()?)));
        input.seek(here)?;
        let (bytes, length) = found?;
        bytes.map_or(Ok(None), |bytes| StreamIndex::parse(&bytes, &self.header, length))
    }

    /// Goes to the chunk that has this frame: it is the next chunk that is read. The end of the
    /// stream is allowed. After an error the position is the same as before.
    ///
    /// Reads the headers of a few chunks if the index is thinned out, and those of all chunks
    /// before the frame if there is no trailer.
    pub fn seek(&mut self, frame: u64) -> Result<()> {
        self.items.load_trailer()?;
        self.items.check_not_beyond(frame)?;
        let Items { chunks, frames, .. } = self.items;
        let offset = self.items.input.offset();
        let sought = self.items.go_to_frame(frame);
        match &sought {
            Ok(()) if self.items.input.offset() == self.items.body => {
                self.sequence = Sequence::from_header();
            }
            Ok(()) => self.sequence = Sequence::from_chunk(),
            Err(_) => {
                self.items.go_to(offset, chunks, frames)?;
                return sought;
            }
        }
        self.ended = false;
        sought
    }
}

impl<R> fmt::Debug for PacketReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketReader").field("header", &self.header).finish_non_exhaustive()
    }
}

//! Looking into a stream without decoding it.

use std::io::{Read, Seek};
use std::sync::Arc;

use crate::chunk_codec;
use crate::container::header::SourceKind;
use crate::container::item::ITEM_CRC;
use crate::container::trailer::Trailer;
use crate::error::{Place, Result};
use crate::method::{Method, Sections};
use crate::planes::Mapping;
use crate::stream::decoder::Decoder;
use crate::stream::decoder::reading::Item;

/// What a stream's trailer says of it, or its chunks where there is no trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Frames of audio.
    pub frames: u64,
    /// Chunks.
    pub chunks: u64,
    /// Bytes of the stream.
    pub stream_bytes: u64,
    /// MD5 of the audio, as FLAC defines it.
    pub md5: Option<[u8; 16]>,
    /// Bytes of the source file after the audio.
    pub tail_bytes: u64,
    /// Whether the trailer is there, so that the stream is not cut off.
    pub complete: bool,
}

/// One chunk of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkInfo {
    /// Its number, from 0.
    pub number: u64,
    /// Where it begins in the stream.
    pub offset: u64,
    /// Its bytes, header and checksum included.
    pub bytes: u64,
    /// Number of its first frame.
    pub first_frame: u64,
    /// Its frames.
    pub frames: u64,
    /// How it is coded.
    pub method: Method,
    /// How its samples became characters.
    pub mapping: Mapping,
    /// Low bits that are zero in all its samples and cost nothing.
    pub wasted_bits: u8,
    /// Bytes of its payload.
    pub payload_bytes: u64,
    /// What the payload is made of, where it is more than samples.
    pub sections: Option<Sections>,
}

impl<R: Read> Decoder<R> {
    /// Reads the next chunk without decoding it; `None` at the end. Its checksum was
    /// right. Not to be mixed with reading audio.
    pub fn next_chunk_info(&mut self) -> Result<Option<ChunkInfo>> {
        while !self.read_all {
            let offset = self.input.offset();
            let (number, first_frame) = (self.chunks, self.frames);
            let Item::Chunk(chunk, payload) = self.pass_item()? else { continue };
            let bytes = self.input.offset() - offset;
            let sections = chunk_codec::sections(&chunk, &payload, &self.stream.header)
                .map_err(|error| error.at(Place::Chunk(number)))?;
            return Ok(Some(ChunkInfo {
                number,
                offset,
                bytes,
                first_frame,
                frames: chunk.frames,
                method: chunk.method,
                mapping: chunk.mapping,
                wasted_bits: chunk.wasted,
                payload_bytes: chunk.payload_length,
                sections,
            }));
        }
        Ok(None)
    }

    /// The summary of a stream whose chunks were all passed with
    /// [`next_chunk_info`](Self::next_chunk_info).
    pub fn summary_so_far(&self) -> Summary {
        let trailer = self.trailer.as_ref();
        Summary {
            frames: trailer.map_or(self.frames, |trailer| trailer.total_frames),
            chunks: trailer.map_or(self.chunks, |trailer| trailer.index.chunks),
            stream_bytes: self.input.offset(),
            md5: trailer.and_then(|trailer| trailer.md5),
            tail_bytes: trailer.map_or(0, |trailer| trailer.tail_length + u64::from(trailer.pad)),
            complete: trailer.is_some(),
        }
    }
}

impl<R: Read + Seek> Decoder<R> {
    /// Length, chunks and MD5, from the trailer; without one, from the headers of the
    /// chunks as far as they go. The decoder is at the start of the stream afterwards.
    pub fn summary(&mut self) -> Result<Summary> {
        let stream_bytes = self.input.length()?;
        self.load_trailer()?;
        if self.trailer.is_none() {
            self.seek(0)?;
            match self.walk(stream_bytes) {
                Err(error) if error.is_damage() => {}
                walked => walked?,
            }
        }
        let summary = Summary { stream_bytes, ..self.summary_so_far() };
        self.seek(0)?;
        Ok(summary)
    }

    /// Goes by the headers of all chunks to where a trailer should be, and reads it.
    fn walk(&mut self, stream_bytes: u64) -> Result<()> {
        while let Some((chunk, length)) = self.next_chunk_header()? {
            let end = self.input.offset() + length as u64 + chunk.payload_length;
            if end + ITEM_CRC as u64 > stream_bytes {
                return Ok(());
            }
            self.input.seek(end + ITEM_CRC as u64)?;
            self.chunks += 1;
            self.frames += chunk.frames;
        }
        let stream = Arc::clone(&self.stream);
        let (trailer, _) = self.input.parse(|bytes| Trailer::parse(bytes, &stream))?;
        self.trailer = Some(trailer);
        Ok(())
    }
}

impl SourceKind {
    /// The source's name in listings.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Samples => "samples",
            SourceKind::Raw { .. } => "raw",
            SourceKind::CanonicalWav | SourceKind::Wav => "wav",
        }
    }
}

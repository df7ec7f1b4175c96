//! Heads that are made of chunks, each with an id and a length.

use super::format::{Head, HeadParser, Progress};
use crate::container::MAX_HEAD;
use crate::error::{Error, Result};

/// The header of a chunk.
pub(super) struct ChunkHeader {
    pub(super) id: [u8; 4],
    /// Bytes of its content.
    pub(super) length: u64,
    /// Bytes of its content and of the padding behind it.
    pub(super) padded: u64,
}

/// A format of files that consist of chunks, one of which has the audio.
pub(super) trait Chunks {
    /// What the file is called in errors.
    const NAME: &'static str;
    /// Bytes before the first chunk.
    const START: usize;
    /// Bytes of the header of a chunk.
    const HEADER: usize;
    /// The id of the chunk with the audio.
    const AUDIO: [u8; 4];

    /// Reads the header of a chunk from as many bytes as it has.
    fn header(&self, bytes: &[u8]) -> Result<ChunkHeader>;

    /// Takes a chunk before the audio.
    fn take(&mut self, id: [u8; 4], content: &[u8]) -> Result<()>;

    /// The head of a file, of which these bytes have arrived, and whose chunk with the audio has
    /// its content at `body`.
    fn finish(&self, bytes: &[u8], body: usize, header: &ChunkHeader) -> Result<Progress>;

    /// The head of a file that ends behind `length` bytes of other chunks.
    fn without_audio(&self, _length: usize) -> Result<Head> {
        Err(Error::input(format!(
            "this {} has no audio: it ends without a {} chunk",
            Self::NAME,
            Self::AUDIO.escape_ascii()
        )))
    }
}

/// Parses a head chunk by chunk.
pub(super) struct ChunkParser<C> {
    chunks: C,
    /// Bytes that were parsed.
    parsed: usize,
}

impl<C: Chunks> ChunkParser<C> {
    pub(super) fn new(chunks: C) -> Self {
        ChunkParser { chunks, parsed: C::START }
    }
}

impl<C: Chunks> HeadParser for ChunkParser<C> {
    fn advance(&mut self, bytes: &[u8]) -> Result<Progress> {
        loop {
            let body = self.parsed + C::HEADER;
            let Some(header) = bytes.get(self.parsed..body) else {
                let or_else = self.chunks.without_audio(self.parsed);
                return Ok(Progress::Needs { bytes: body, or_else });
            };
            let header = self.chunks.header(header)?;
            if header.id == C::AUDIO {
                return self.chunks.finish(bytes, body, &header);
            }
            let id = header.id.escape_ascii();
            let end = (body as u64).saturating_add(header.padded);
            // The header of the next chunk must fit as well.
            if end.saturating_add(C::HEADER as u64) > MAX_HEAD as u64 {
                return Err(Error::input(format!(
                    "the \"{id}\" chunk of this {} counts {} bytes; more than {} MiB before the \
                     audio cannot be kept",
                    C::NAME,
                    header.length,
                    MAX_HEAD >> 20
                )));
            }
            let end = end as usize;
            let Some(content) = bytes.get(body..end) else {
                let or_else = Err(ends_within(C::NAME, header.id));
                return Ok(Progress::Needs { bytes: end, or_else });
            };
            self.chunks.take(header.id, &content[..header.length as usize])?;
            self.parsed = end;
        }
    }
}

/// The error for a file that ends within a chunk.
pub(super) fn ends_within(name: &str, id: [u8; 4]) -> Error {
    Error::input(format!("this {name} ends within its \"{}\" chunk", id.escape_ascii()))
}

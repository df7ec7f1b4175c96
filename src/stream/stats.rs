//! Where the bytes of a stream went.

use crate::container::item::ChunkHeader;
use crate::method::Method;

/// Counts of everything that an encoder has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Frames of audio.
    pub frames: u64,
    /// Bytes of PCM.
    pub pcm_bytes: u64,
    /// Bytes of the stream, everything included.
    pub stream_bytes: u64,
    /// Bytes of all payloads.
    pub payload_bytes: u64,
    /// Bytes of the source file around the audio that the stream keeps.
    pub foreign_bytes: u64,
    /// Chunks that are stored without compression.
    pub stored_chunks: u64,
    /// Chunks of one repeated frame.
    pub constant_chunks: u64,
    /// Chunks of the light method.
    pub light_chunks: u64,
    /// Chunks of the embedded model.
    pub adaptive_chunks: u64,
    /// Chunks of a language model.
    pub language_chunks: u64,
}

impl Stats {
    pub(crate) fn count(&mut self, chunk: &ChunkHeader, pcm_bytes: u64) {
        self.frames += chunk.frames;
        self.pcm_bytes += pcm_bytes;
        self.payload_bytes += chunk.payload_length;
        *match chunk.method {
            Method::Stored => &mut self.stored_chunks,
            Method::Constant => &mut self.constant_chunks,
            Method::Light => &mut self.light_chunks,
            Method::Adaptive => &mut self.adaptive_chunks,
            Method::Language => &mut self.language_chunks,
        } += 1;
    }

    /// Chunks of all methods.
    pub fn chunks(&self) -> u64 {
        self.stored_chunks
            + self.constant_chunks
            + self.light_chunks
            + self.adaptive_chunks
            + self.language_chunks
    }
}

/// The parts of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sections {
    /// Bytes of arithmetic-coded tokens.
    pub token_bytes: u64,
    /// Bytes of packed planes, or of other bits that were not worth a model.
    pub plane_bytes: u64,
    /// A letter for each plane, from the highest byte down: `0` or `1` where it is
    /// constant, `p` where it is packed, `m` where it is modelled. Empty where the method
    /// has no planes.
    pub planes: String,
}

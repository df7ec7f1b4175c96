//! Where the bytes of a stream went.

use crate::container::item::ChunkHeader;
use crate::method::Method;

/// What an encoder has written.
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
    /// Bytes that were kept of the source file around the audio.
    pub foreign_bytes: u64,
    /// Chunks of each method, in the order of [`Method::ALL`].
    chunks: [u64; Method::ALL.len()],
}

impl Stats {
    pub(crate) fn count(&mut self, chunk: &ChunkHeader, pcm_bytes: u64) {
        self.frames += chunk.frames;
        self.pcm_bytes += pcm_bytes;
        self.payload_bytes += chunk.payload_length;
        self.chunks[chunk.method as usize] += 1;
    }

    /// Returns the number of chunks that are coded with this method.
    pub fn chunks_of(&self, method: Method) -> u64 {
        self.chunks[method as usize]
    }

    /// Returns the number of all chunks.
    pub fn chunks(&self) -> u64 {
        self.chunks.iter().sum()
    }
}

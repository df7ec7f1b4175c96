//! The sizes of a stream's parts.

use crate::container::item::ChunkHeader;
use crate::method::Method;

/// The sizes of all that an encoder has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Frames of audio.
    pub frames: u64,
    /// Bytes of PCM.
    pub pcm_bytes: u64,
    /// Bytes of the whole stream.
    pub stream_bytes: u64,
    /// Bytes of all payloads.
    pub payload_bytes: u64,
    /// Bytes of the source file's head and tail.
    pub foreign_bytes: u64,
    /// Bytes of the blocks with the decisions of a FLAC file's encoder.
    pub decision_bytes: u64,
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

/// What was found in a FLAC file while it was encoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlacFindings {
    /// Places of the file that are no sound frames, or cannot be made again from decisions. The
    /// stream keeps their bytes as they are.
    pub exceptions: u64,
    /// Bytes of those places.
    pub exception_bytes: u64,
    /// Frames of silence in the place of broken ones.
    pub silent_frames: u64,
    /// The first of those places: its offset in the file, and what is wrong there.
    pub first_exception: Option<(u64, &'static str)>,
    /// Whether the MD5 in the file is that of its audio; `None` if the file has none.
    pub md5_matches: Option<bool>,
}

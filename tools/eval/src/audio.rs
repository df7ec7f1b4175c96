//! Clips of audio.

use std::path::PathBuf;

use lmac::AudioSpec;

/// Audio that contestants are given.
#[derive(Debug, Clone)]
pub struct Clip {
    /// The name in results: the file's path below its folder, with slashes.
    pub name: String,
    /// The format.
    pub spec: AudioSpec,
    /// Interleaved samples as in a WAV file: little-endian, of 8 bits unsigned. Whole frames.
    pub pcm: Vec<u8>,
    /// The WAV file that it is the audio of, if it is all of one.
    pub file: Option<PathBuf>,
}

/// Returns the number of whole frames in a chunk of `chunk_bytes`, at least one.
pub fn chunk_frames(spec: &AudioSpec, chunk_bytes: usize) -> usize {
    (chunk_bytes / spec.frame_bytes().max(1)).max(1)
}

impl Clip {
    /// Returns the number of frames.
    pub fn frames(&self) -> u64 {
        (self.pcm.len() / self.spec.frame_bytes().max(1)) as u64
    }

    /// Cuts the PCM into chunks of `chunk_bytes`, rounded down to whole frames. The last one
    /// may be shorter.
    pub fn chunks(&self, chunk_bytes: usize) -> std::slice::Chunks<'_, u8> {
        self.pcm.chunks(chunk_frames(&self.spec, chunk_bytes) * self.spec.frame_bytes().max(1))
    }
}

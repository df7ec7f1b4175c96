//! What is compressed.

use lmac::AudioSpec;

/// Audio, as it is given to contestants.
#[derive(Debug, Clone)]
pub struct Clip {
    /// What it is called in results: the file's path below its folder, with slashes.
    pub name: String,
    /// What the audio is.
    pub spec: AudioSpec,
    /// Interleaved samples as in a WAV file: little-endian, of 8 bits unsigned. Whole frames.
    pub pcm: Vec<u8>,
}

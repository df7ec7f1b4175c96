//! Incompressible audio.

use lmac::{AudioSpec, SampleFormat};

use super::generator::Generator;
use super::selection::Selection;
use crate::audio::chunk_frames;
use crate::{Error, Result};

/// Chunks, where nothing else is asked for.
const CHUNKS: u64 = 1000;
const RATE: u32 = 16_000;

/// Chunks of random bytes that follow from a seed.
#[derive(Debug)]
pub(super) struct Noise {
    format: SampleFormat,
    frames: u64,
    /// Bytes of all frames.
    length: usize,
    seed: u64,
}

impl Noise {
    pub(super) fn new(format: SampleFormat, selection: &Selection) -> Result<Self> {
        let spec = AudioSpec::new(format, 1, RATE);
        let chunks = selection.num_chunks.unwrap_or(CHUNKS);
        let chunk = chunk_frames(&spec, selection.chunk_bytes) as u64;
        if chunks == 0 {
            return Err(Error::new("number of random chunks is 0; it must be at least 1"));
        }
        let frames = chunks.checked_mul(chunk);
        let length = frames
            .and_then(|frames| frames.checked_mul(spec.frame_bytes() as u64))
            .and_then(|length| usize::try_from(length).ok())
            .filter(|&length| length <= isize::MAX as usize);
        let (Some(frames), Some(length)) = (frames, length) else {
            return Err(Error::new(format!(
                "{chunks} chunks of {chunk} random samples do not fit into memory"
            )));
        };
        Ok(Noise { format, frames, length, seed: selection.seed.unwrap_or(0) })
    }

    pub(super) fn spec(&self) -> AudioSpec {
        AudioSpec::new(self.format, 1, RATE)
    }

    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The generator's numbers, lowest byte first.
    pub(super) fn pcm(&self) -> Result<Vec<u8>> {
        let mut pcm = Vec::new();
        pcm.try_reserve_exact(self.length).map_err(|error| {
            Error::new(error.to_string()).about(format!("{} random bytes", self.length))
        })?;
        let mut generator = Generator::new(self.seed);
        while pcm.len() < self.length {
            let bytes = generator.next().to_le_bytes();
            pcm.extend_from_slice(&bytes[..bytes.len().min(self.length - pcm.len())]);
        }
        Ok(pcm)
    }
}

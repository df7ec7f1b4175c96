//! Options for the audio of a run.

use lmac::SampleFormat;

use crate::{Error, Result};

/// The part of the audio that is taken, and its conversion.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Bits of a sample, 8, 16, 24 or 32; `None` is each file's own.
    ///
    /// Samples are converted by shifts of integers alone: to fewer bits one to the right that
    /// rounds down, to more bits one to the left. Of 8 bits PCM is unsigned, the sample plus
    /// 128, so that 16 bits become `(sample >> 8) + 128`. The bits that a sample is
    /// stored in count, not its valid bits. Floats have no such conversion: files with floats
    /// are skipped.
    pub bit_depth: Option<u32>,
    /// Bytes of a chunk after conversion; it is cut down to whole frames, of which it has at
    /// least one.
    pub chunk_bytes: usize,
    /// How many chunks are taken, the first ones in the order of the clips, and of the clip
    /// that holds the last of them no more. `None` is all; of random bytes, 1,000.
    pub num_chunks: Option<u64>,
    /// Whether the last chunk of a clip is left out where it is shorter.
    pub full_chunks_only: bool,
    /// The seed to shuffle files by; without it they come in the order of their names. Also
    /// the seed of random bytes, 0 by default. The generator is SplitMix64, the
    /// same on every machine.
    pub seed: Option<u64>,
}

impl Default for Selection {
    fn default() -> Self {
        Selection {
            bit_depth: None,
            chunk_bytes: 2048,
            num_chunks: None,
            full_chunks_only: false,
            seed: None,
        }
    }
}

impl Selection {
    pub(super) fn format(&self) -> Result<Option<SampleFormat>> {
        let format = |bits| {
            SampleFormat::integer(bits).ok_or_else(|| {
                Error::new(format!("bit depth is {bits} bits; it must be 8, 16, 24 or 32"))
            })
        };
        self.bit_depth.map(format).transpose()
    }
}

//! Options of an encoder.

use std::io::Write;

use arbitrary::Arbitrary;
use lmac::{AudioSpec, EncodeOptions, Encoder, Finished, Mapping, Preset};

/// Arbitrary options, and how audio is written.
#[derive(Debug, Clone, Arbitrary)]
pub struct Settings {
    preset: u8,
    mapping: u8,
    chunk_frames: Option<u8>,
    declared_frames: Option<u16>,
    threads: u8,
    no_md5: bool,
    verify: bool,
    /// Bytes that are written at a time, in a cycle.
    pieces: Vec<u16>,
    /// The number of pieces between two flushes, and between two ends of chunks.
    flush_after: u8,
    end_chunk_after: u8,
}

impl Settings {
    /// Returns the preset.
    pub fn preset(&self) -> Preset {
        Preset::ALL[usize::from(self.preset) % Preset::ALL.len()]
    }

    /// Returns the number of samples that the preset codes in a few milliseconds.
    pub fn most_samples(&self) -> usize {
        match self.preset() {
            Preset::Store | Preset::Light => 1500,
            Preset::Fast => 500,
            Preset::Standard => 120,
            _ => 40,
        }
    }

    /// Returns the frames of a chunk, if chosen.
    pub fn chunk_frames(&self) -> Option<u64> {
        self.chunk_frames.map(|frames| 1 + u64::from(frames))
    }

    /// Returns whether some chunks are ended early.
    pub fn ends_chunks(&self) -> bool {
        self.end_chunk_after > 200
    }

    /// Returns the number of threads, mostly one: to start threads takes longer than the work.
    pub fn threads(&self) -> usize {
        if self.threads > 230 { usize::from(self.threads) % 4 } else { 1 }
    }

    /// Returns the options.
    pub fn options(&self) -> EncodeOptions {
        let mut options = EncodeOptions::default()
            .with_preset(self.preset())
            .with_threads(self.threads())
            .with_md5(!self.no_md5)
            .with_verify(self.verify);
        options.chunk_frames = self.chunk_frames();
        options.declared_frames = self.declared_frames.map(u64::from);
        options.mapping = match self.mapping {
            201..=220 => Some(Mapping::TwosComplement),
            221..=240 => Some(Mapping::OffsetBinary),
            241.. => Some(Mapping::Residual),
            _ => None,
        };
        options
    }

    /// Returns the stream of this PCM, written in pieces.
    pub fn encode(&self, spec: AudioSpec, pcm: &[u8]) -> Finished<Vec<u8>> {
        let mut encoder = Encoder::with_options(Vec::new(), spec, self.options()).unwrap();
        let mut rest = pcm;
        let mut pieces = self.pieces.iter().cycle();
        for number in 1.. {
            if rest.is_empty() {
                break;
            }
            let length = pieces.next().map_or(rest.len(), |&piece| 1 + usize::from(piece));
            let (now, later) = rest.split_at(length.min(rest.len()));
            encoder.write_all(now).unwrap();
            rest = later;
            if self.flush_after > 200 && number % usize::from(self.flush_after - 199) == 0 {
                encoder.flush().unwrap();
            }
            if self.ends_chunks() && number % usize::from(self.end_chunk_after - 199) == 0 {
                encoder.end_chunk().unwrap();
            }
        }
        encoder.finish().unwrap()
    }
}

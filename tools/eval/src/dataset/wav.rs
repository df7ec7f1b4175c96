//! The audio of a WAV file, read as the codec itself reads it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use lmac::source::encode_wav_audio;
use lmac::{AudioSpec, Decoder, EncodeOptions, Preset};

use crate::{Error, Result};

/// What is known of a file before its audio is needed.
#[derive(Debug)]
pub(super) struct Wav {
    pub(super) spec: AudioSpec,
    pub(super) frames: u64,
    /// Of the audio.
    pub(super) md5: [u8; 16],
}

impl Wav {
    /// Reads a file once and keeps nothing of it.
    pub(super) fn look(path: &Path) -> Result<Wav> {
        let finished = encode_wav_audio(open(path)?, io::sink(), &options())?;
        let md5 = finished.md5.ok_or_else(|| Error::new("there is no MD5 of the audio"))?;
        Ok(Wav { spec: finished.info.spec, frames: finished.stats.frames, md5 })
    }

    /// The first frames of the file, which has to be as it was.
    pub(super) fn read(&self, path: &Path, frames: u64) -> Result<Vec<u8>> {
        let finished = encode_wav_audio(open(path)?, Vec::new(), &options())?;
        let mut decoder = Decoder::new(finished.writer.as_slice())?;
        let now = (finished.stats.frames, finished.md5, finished.info.spec);
        if now != (self.frames, Some(self.md5), self.spec) {
            return Err(Error::new("the file is not what it was when the run began"));
        }
        let length = frames * self.spec.frame_bytes() as u64;
        let mut pcm = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        let read = decoder.by_ref().take(length).read_to_end(&mut pcm);
        read.map_err(|error| Error::new(error.to_string()))?;
        Ok(pcm)
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| Error::new(error.to_string()))
}

fn options() -> EncodeOptions {
    EncodeOptions::default().with_preset(Preset::Store)
}

//! WAV files, read as the codec itself reads them and written for other programs.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use lmac::source::{encode_file_audio, wav_head};
use lmac::{AudioSpec, Decoder, EncodeOptions, Preset};

use crate::{Error, Result, said};

/// Facts about a file that are known before its audio is needed.
#[derive(Debug, PartialEq)]
pub(crate) struct Wav {
    pub(crate) spec: AudioSpec,
    pub(crate) frames: u64,
    /// The MD5 of the audio.
    pub(crate) md5: [u8; 16],
}

impl Wav {
    /// Reads a file once and keeps nothing of it.
    pub(crate) fn look(path: &Path) -> Result<Wav> {
        Self::store(path, io::sink())
    }

    /// Returns the first frames of the file, which must not have changed.
    pub(crate) fn read(&self, path: &Path, frames: u64) -> Result<Vec<u8>> {
        let mut stream = Vec::new();
        if Self::store(path, &mut stream)? != *self {
            return Err(Error::new("the file has changed since the run began"));
        }
        pcm(&stream, frames.saturating_mul(self.spec.frame_bytes() as u64))
    }

    /// Stores the audio of a file as a stream.
    fn store(path: &Path, writer: impl Write) -> Result<Wav> {
        let options = EncodeOptions::default().with_preset(Preset::Store);
        let file = File::open(path).map_err(said)?;
        let finished = encode_file_audio(file, writer, &options)?;
        let md5 = finished.md5.ok_or_else(|| Error::new("there is no MD5 of the audio"))?;
        Ok(Wav { spec: finished.info.spec, frames: finished.stats.frames, md5 })
    }
}

/// Returns the audio of a WAV file.
pub(crate) fn read(path: &Path) -> Result<(AudioSpec, Vec<u8>)> {
    let mut stream = Vec::new();
    let wav = Wav::store(path, &mut stream).and_then(|wav| Ok((wav.spec, pcm(&stream, u64::MAX)?)));
    wav.map_err(|error| error.about(path.display()))
}

fn pcm(stream: &[u8], bytes: u64) -> Result<Vec<u8>> {
    let mut pcm = Vec::new();
    Decoder::new(stream)?.take(bytes).read_to_end(&mut pcm).map_err(said)?;
    Ok(pcm)
}

/// Writes a piece of audio with a head before it. All of its bits are said to count: a
/// program that knows of fewer may drop the others. Speaker positions are left out, because
/// not every program takes all of them.
pub(crate) fn write(path: &Path, piece: &[u8], spec: &AudioSpec) -> Result<()> {
    let plain = AudioSpec::new(spec.format, spec.channels, spec.rate);
    let frames = piece.len() / spec.frame_bytes();
    let write = || -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(&wav_head(&plain, Some(frames as u64)))?;
        file.write_all(piece)?;
        if !piece.len().is_multiple_of(2) {
            file.write_all(&[0])?;
        }
        file.flush()
    };
    write().map_err(|error| said(error).about(path.display()))
}

#[cfg(test)]
mod tests {
    use lmac::SampleFormat;

    use super::*;
    use crate::testing::noise;

    #[test]
    fn pieces_come_back_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("piece.wav");
        for &format in SampleFormat::ALL {
            for channels in [1, 2, 7] {
                let spec = AudioSpec::new(format, channels, 44100);
                let piece = noise(spec.frame_bytes() * 13, 9);
                write(&path, &piece, &spec).unwrap();
                assert_eq!(std::fs::metadata(&path).unwrap().len() % 2, 0);
                let (read_spec, read_piece) = read(&path).unwrap();
                assert!(read_piece == piece, "{spec:?}");
                assert_eq!(
                    (read_spec.format, read_spec.channels, read_spec.rate),
                    (format, channels, 44100)
                );
            }
        }
    }

    #[test]
    fn files_are_named_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.wav");
        assert!(read(&path).unwrap_err().to_string().contains("none.wav"));
        std::fs::write(&path, b"RIFF").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("none.wav"));
        let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
        let inside = path.join("inside.wav");
        assert!(write(&inside, &[0, 0], &spec).unwrap_err().to_string().contains("inside.wav"));
    }
}

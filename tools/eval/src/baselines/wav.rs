//! Pieces as WAV files, for programs.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use lmac::source::{encode_wav_audio, wav_head};
use lmac::{AudioSpec, Decoder, EncodeOptions, Preset};

use super::said;
use crate::Result;

/// Writes a piece with a head before it. All of its bits are said to count: a program that
/// knows of fewer may drop the others. Speaker positions are left out, because not every
/// program takes all of them.
pub(super) fn write(path: &Path, piece: &[u8], spec: &AudioSpec) -> Result<()> {
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

/// The audio of a WAV file, and what it is.
pub(super) fn read(path: &Path) -> Result<(AudioSpec, Vec<u8>)> {
    let read = || -> Result<(AudioSpec, Vec<u8>)> {
        let options = EncodeOptions::default().with_preset(Preset::Store);
        let file = File::open(path).map_err(said)?;
        let stream = encode_wav_audio(file, Vec::new(), &options)?.writer;
        let mut decoder = Decoder::new(stream.as_slice())?;
        let mut pcm = Vec::new();
        decoder.read_to_end(&mut pcm).map_err(said)?;
        Ok((decoder.info().spec, pcm))
    };
    read().map_err(|error| error.about(path.display()))
}

#[cfg(test)]
mod tests {
    use lmac::SampleFormat;

    use super::super::tests::noise;
    use super::*;

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

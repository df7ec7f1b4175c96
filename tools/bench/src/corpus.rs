//! The recordings.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use lmac::source::encode_wav_audio;
use lmac::{EncodeOptions, Preset, SampleFormat};

use crate::failure::{About, Result};

pub(crate) struct Recording {
    /// Its path below the folder, with slashes.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The name of the folder that it lies in.
    pub(crate) kind: String,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) audio: Audio,
}

/// What has to come back from every codec.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Audio {
    pub(crate) format: SampleFormat,
    channels: u16,
    rate: u32,
    pub(crate) pcm_bytes: u64,
    /// Of the PCM.
    md5: [u8; 16],
}

impl Audio {
    /// The audio of a WAV file, and its length in seconds.
    pub(crate) fn of_wav(path: &Path) -> Result<(Audio, f64)> {
        let options = EncodeOptions::default().with_preset(Preset::Store);
        let finished = encode_wav_audio(File::open(path)?, io::sink(), &options)?;
        let spec = finished.info.spec;
        let audio = Audio {
            format: spec.format,
            channels: spec.channels,
            rate: spec.rate,
            pcm_bytes: finished.stats.pcm_bytes,
            md5: finished.md5.ok_or("there is no MD5 of the audio")?,
        };
        Ok((audio, spec.seconds(finished.stats.frames).unwrap_or(0.0)))
    }
}

impl Recording {
    /// All WAV files below a folder, in the order of their names.
    pub(crate) fn all(folder: &Path) -> Result<Vec<Recording>> {
        let mut paths = Vec::new();
        collect(folder, &mut paths).about(folder.display())?;
        paths.sort();
        let top = fs::canonicalize(folder).about(folder.display())?;
        let recordings = paths.into_iter().map(|path| {
            let shown = path.display().to_string();
            Self::open(folder, &top, path).about(shown)
        });
        recordings.collect()
    }

    fn open(folder: &Path, top: &Path, path: PathBuf) -> Result<Recording> {
        let below = path.strip_prefix(folder)?;
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let kind = below.parent().and_then(Path::file_name).or(top.file_name());
        let kind = kind.unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::metadata(&path)?.len();
        let (audio, seconds) = Audio::of_wav(&path)?;
        Ok(Recording { name: parts.join("/"), kind, bytes, seconds, audio, path })
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav")) {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
impl Audio {
    pub(crate) fn of_length(pcm_bytes: u64) -> Audio {
        Audio { format: SampleFormat::S16, channels: 1, rate: 8000, pcm_bytes, md5: [0; 16] }
    }
}

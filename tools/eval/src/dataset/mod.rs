//! The audio that a run compresses, in order.

mod conversion;
mod folder;
mod generator;
mod random;
mod selection;

use std::fs;
use std::path::{Path, PathBuf};

use lmac::{AudioSpec, SampleFormat};

use crate::audio::{Clip, chunk_frames};
use crate::results::{ClipFacts, Skipped};
use crate::wav::Wav;
use crate::{Error, Result, said};
use conversion::Conversion;
pub(crate) use generator::Generator;
use random::Noise;
pub use selection::Selection;

/// The clips of a run. Files are read once for their facts, and again when it is their turn:
/// one clip is in memory at a time.
#[derive(Debug)]
pub struct Dataset {
    clips: Vec<Source>,
    facts: Vec<ClipFacts>,
    hashes: Vec<String>,
    skipped: Vec<Skipped>,
}

/// Where a clip comes from.
#[derive(Debug)]
enum Source {
    File { path: PathBuf, wav: Wav, conversion: Option<Conversion>, frames: u64 },
    Noise(Noise),
}

impl Dataset {
    /// All files below a folder whose names end in `.wav` or `.wave`, in the order of the bytes of their
    /// paths. Links to folders are followed. Files that cannot be
    /// read are in [`skipped`](Self::skipped); it is an error if no clip is left.
    pub fn folder(path: &Path, selection: &Selection) -> Result<Dataset> {
        let format = selection.format()?;
        let mut dataset = Dataset::empty();
        let mut files = folder::files(path, &mut dataset.skipped)?;
        if files.is_empty() {
            let message = format!("{}: there are no .wav files in it", path.display());
            return Err(dataset.nothing(message));
        }
        if let Some(seed) = selection.seed {
            Generator::new(seed).shuffle(&mut files);
        }
        let mut chunks_left = selection.num_chunks;
        for file in files {
            if chunks_left == Some(0) {
                break;
            }
            if let Err(reason) = dataset.add(&file, format, selection, &mut chunks_left) {
                let reason = reason.to_string();
                dataset.skipped.push(Skipped { file: file.name, reason });
            }
        }
        if dataset.clips.is_empty() {
            return Err(dataset.nothing(format!("{}: no audio can be taken", path.display())));
        }
        Ok(dataset)
    }

    /// All files below a folder as they are, to be given to contestants as files. Their sums
    /// are by the last folder of each file's path.
    pub fn files(path: &Path) -> Result<Dataset> {
        let mut dataset = Self::folder(path, &Selection::default())?;
        for (source, facts) in dataset.clips.iter().zip(&mut dataset.facts) {
            let Source::File { path, .. } = source else { continue };
            let about = |error| said(error).about(path.display());
            facts.file_bytes = Some(fs::metadata(path).map_err(about)?.len());
            let full = fs::canonicalize(path).map_err(about)?;
            let folder = full.parent().and_then(Path::file_name).unwrap_or_default();
            facts.folder = match facts.name.rsplit_once('/') {
                Some((folder, _)) => folder.rsplit('/').next().unwrap_or_default().into(),
                None => folder.to_string_lossy().into_owned(),
            };
        }
        Ok(dataset)
    }

    /// Chunks of random bytes, as one clip of 8 bits, one channel and 16 kHz; with another
    /// bit depth, of random samples.
    pub fn random(selection: &Selection) -> Result<Dataset> {
        let format = selection.format()?.unwrap_or(SampleFormat::U8);
        let noise = Noise::new(format, selection)?;
        let mut dataset = Dataset::empty();
        dataset.facts.push(facts("random", &noise.spec(), noise.frames(), None));
        dataset.hashes.push(format!("seed {}", noise.seed()));
        dataset.clips.push(Source::Noise(noise));
        Ok(dataset)
    }

    /// Returns the facts of the clips, in order.
    pub fn facts(&self) -> &[ClipFacts] {
        &self.facts
    }

    /// Returns a text for each clip that identifies its samples: the MD5 of a file's audio, or
    /// a generator's seed.
    pub fn hashes(&self) -> &[String] {
        &self.hashes
    }

    /// Returns the files and folders that are not among the clips, and why. Files after the
    /// last chunk of the selection are not looked at.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Reads a clip into memory.
    pub fn load(&self, number: usize) -> Result<Clip> {
        let (Some(source), Some(facts)) = (self.clips.get(number), self.facts.get(number)) else {
            return Err(Error::new(format!("there is no clip {number}")));
        };
        let name = facts.name.clone();
        match source {
            Source::Noise(noise) => {
                Ok(Clip { name, spec: noise.spec(), pcm: noise.pcm()?, file: None })
            }
            Source::File { path, wav, conversion, frames } => {
                let pcm = wav.read(path, *frames).map_err(|error| error.about(path.display()))?;
                let whole = *frames == wav.frames;
                Ok(match conversion {
                    None => Clip { name, spec: wav.spec, pcm, file: whole.then(|| path.clone()) },
                    Some(conversion) => Clip {
                        name,
                        spec: conversion.spec(&wav.spec),
                        pcm: conversion.convert(&pcm),
                        file: None,
                    },
                })
            }
        }
    }

    fn empty() -> Self {
        Dataset { clips: vec![], facts: vec![], hashes: vec![], skipped: vec![] }
    }

    /// Takes as much of a file as the selection wants.
    fn add(
        &mut self,
        file: &folder::Found,
        format: Option<SampleFormat>,
        selection: &Selection,
        chunks_left: &mut Option<u64>,
    ) -> Result<()> {
        let wav = Wav::look(&file.path)?;
        let conversion = format.map(|format| Conversion::between(wav.spec.format, format));
        let conversion = conversion.transpose()?.flatten();
        let spec = conversion.as_ref().map_or(wav.spec, |conversion| conversion.spec(&wav.spec));

        let chunk = chunk_frames(&spec, selection.chunk_bytes) as u64;
        let mut frames = wav.frames;
        if frames == 0 {
            return Err(Error::new("there is no audio in it"));
        }
        if selection.full_chunks_only {
            frames -= frames % chunk;
        }
        if frames == 0 {
            return Err(Error::new(format!("it is shorter than a chunk of {chunk} frames")));
        }
        if let Some(left) = chunks_left {
            frames = frames.min(left.saturating_mul(chunk));
            *left -= frames.div_ceil(chunk);
        }
        let description = conversion.as_ref().map(Conversion::to_string);
        self.facts.push(facts(&file.name, &spec, frames, description));
        self.hashes.push(wav.md5.iter().map(|byte| format!("{byte:02x}")).collect());
        self.clips.push(Source::File { path: file.path.clone(), wav, conversion, frames });
        Ok(())
    }

    /// Makes an error that names the files that were skipped.
    fn nothing(&self, message: String) -> Error {
        match self.skipped.as_slice() {
            [] => Error::new(message),
            [Skipped { file, reason }] => Error::new(format!("{message}; {file}: {reason}")),
            [Skipped { file, reason }, others @ ..] => {
                Error::new(format!("{message}; {file}: {reason}; and {} more", others.len()))
            }
        }
    }
}

fn facts(name: &str, spec: &AudioSpec, frames: u64, conversion: Option<String>) -> ClipFacts {
    ClipFacts {
        name: name.into(),
        folder: name.split_once('/').map_or("", |(folder, _)| folder).into(),
        rate: spec.rate,
        channels: spec.channels,
        bits: spec.format.bits(),
        pcm_bytes: frames * spec.frame_bytes() as u64,
        file_bytes: None,
        seconds: spec.seconds(frames).unwrap_or(0.0),
        conversion,
    }
}

#[cfg(test)]
mod tests;

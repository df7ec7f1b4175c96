//! Which audio is compressed, and in which order.

mod conversion;
mod folder;
mod generator;
mod random;
mod wav;

use std::path::{Path, PathBuf};

use lmac::{AudioSpec, SampleFormat};

use crate::audio::{Clip, chunk_frames};
use crate::results::ClipFacts;
use crate::{Error, Result};
use conversion::Conversion;
pub(crate) use generator::Generator;
use random::Noise;
use wav::Wav;

/// Which part of the audio is taken, and what is made of it.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Bits of a sample, 8, 16, 24 or 32; `None` is what each file has.
    ///
    /// Samples are converted by shifts of integers alone: to fewer bits one to the right that
    /// rounds down, to more bits one to the left. Of 8 bits PCM is unsigned, the sample plus
    /// 128, so that 16 bits become `(sample >> 8) + 128`. What counts are the bits that a
    /// sample is stored in, however few of them are said to be valid. Floats have no such
    /// conversion: where bits are asked for, files with them are left out.
    pub bit_depth: Option<u32>,
    /// Bytes of a chunk after conversion; it is cut down to whole frames, of which it has at
    /// least one.
    pub chunk_bytes: usize,
    /// How many chunks are taken, the first ones in the order of the clips, and of the clip
    /// that holds the last of them no more. `None` is all; of random bytes, 1,000.
    pub num_chunks: Option<u64>,
    /// Whether the last chunk of a clip is left out where it is shorter.
    pub full_chunks_only: bool,
    /// What files are shuffled by; without it they come in the order of their names. For
    /// random bytes what they follow from; 0 without it. The generator is SplitMix64, the
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
    fn format(&self) -> Result<Option<SampleFormat>> {
        let format = |bits| {
            SampleFormat::integer(bits).ok_or_else(|| {
                Error::new(format!("samples of {bits} bits: 8, 16, 24 and 32 are possible"))
            })
        };
        self.bit_depth.map(format).transpose()
    }
}

/// What a run compresses. Files are read once to know what is in them, and again when it
/// is their turn: one clip is in memory at a time.
#[derive(Debug)]
pub struct Dataset {
    clips: Vec<Source>,
    facts: Vec<ClipFacts>,
    hashes: Vec<String>,
    skipped: Vec<(String, String)>,
}

/// Where a clip comes from.
#[derive(Debug)]
enum Source {
    File { path: PathBuf, wav: Wav, conversion: Option<Conversion>, frames: u64 },
    Noise(Noise),
}

impl Dataset {
    /// All files below a folder whose names end in `.wav` or `.wave`, in the order of the bytes of their
    /// paths. Links to folders are followed. What cannot be read is in
    /// [`skipped`](Self::skipped); it is an error where nothing is left.
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
                dataset.skipped.push((file.name, reason.to_string()));
            }
        }
        if dataset.clips.is_empty() {
            return Err(dataset.nothing(format!("{}: no audio can be taken", path.display())));
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

    /// What the clips are, in their order.
    pub fn facts(&self) -> &[ClipFacts] {
        &self.facts
    }

    /// What tells the samples of each clip from others of the same facts: the MD5 of a file's
    /// audio, a generator's seed.
    pub fn hashes(&self) -> &[String] {
        &self.hashes
    }

    /// Files and folders that are not among the clips, and why. Those that come after the
    /// last chunk that was asked for are not looked at.
    pub fn skipped(&self) -> &[(String, String)] {
        &self.skipped
    }

    /// Reads a clip into memory.
    pub fn load(&self, number: usize) -> Result<Clip> {
        let (Some(source), Some(facts)) = (self.clips.get(number), self.facts.get(number)) else {
            return Err(Error::new(format!("there is no clip {number}")));
        };
        let (spec, pcm) = match source {
            Source::Noise(noise) => (noise.spec(), noise.pcm()?),
            Source::File { path, wav, conversion, frames } => {
                let pcm = wav.read(path, *frames).map_err(|error| error.about(path.display()))?;
                match conversion {
                    None => (wav.spec, pcm),
                    Some(conversion) => (conversion.spec(&wav.spec), conversion.convert(&pcm)),
                }
            }
        };
        Ok(Clip { name: facts.name.clone(), spec, pcm })
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

    /// An error that says what became of the files.
    fn nothing(&self, message: String) -> Error {
        match self.skipped.as_slice() {
            [] => Error::new(message),
            [(name, reason)] => Error::new(format!("{message}; {name}: {reason}")),
            [(name, reason), others @ ..] => {
                Error::new(format!("{message}; {name}: {reason}; and {} more", others.len()))
            }
        }
    }
}

fn facts(name: &str, spec: &AudioSpec, frames: u64, conversion: Option<String>) -> ClipFacts {
    ClipFacts {
        name: name.into(),
        rate: spec.rate,
        channels: spec.channels,
        bits: spec.format.bits(),
        pcm_bytes: frames * spec.frame_bytes() as u64,
        seconds: spec.seconds(frames).unwrap_or(0.0),
        conversion,
    }
}

#[cfg(test)]
mod tests;

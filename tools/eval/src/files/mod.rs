//! Codecs that are given whole WAV files, each file in a process of its own.

mod own_coder;
mod peers;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use lmac::{AudioSpec, Preset};

use crate::audio::Clip;
use crate::contestant::{Arrangement, Check, Contestant, Job, Outcome};
use crate::external::External;
use crate::process::{self, Cost};
use crate::temporary::{TemporaryFolder, folder};
use crate::{Error, Result, presets, said};
pub use peers::Peer;

/// Does the work of a process that this program starts of itself. Returns `None` if the
/// arguments are not those of such a process. The program must call this first of all.
pub fn of_process(arguments: &[OsString]) -> Option<Result<()>> {
    let (first, rest) = arguments.split_first()?;
    match first.to_str()? {
        process::WATCH => Some(process::watch(rest)),
        own_coder::ENCODE => Some(own_coder::encode(rest)),
        own_coder::DECODE => Some(own_coder::decode(rest)),
        _ => None,
    }
}

/// A codec that is given whole WAV files, on one thread and without verification. The program
/// must call [`of_process`].
#[derive(Debug)]
pub struct FileCodec {
    name: String,
    coder: Coder,
    rounds: u32,
}

#[derive(Debug)]
enum Coder {
    Preset(Preset),
    Program(Box<External>),
}

impl FileCodec {
    /// A preset, which codes each file as often as this.
    pub fn preset(preset: Preset, rounds: u32) -> Self {
        FileCodec { name: presets::name(preset), coder: Coder::Preset(preset), rounds }
    }

    /// A program, which codes each file as often as this.
    pub fn program(program: External, rounds: u32) -> Self {
        use crate::contestant::Codec;
        FileCodec { name: program.name().into(), coder: Coder::Program(Box::new(program)), rounds }
    }

    /// Encodes and decodes a file, and compares.
    fn round(&self, wav: &Path, clip: &Clip, check: bool) -> Result<Outcome> {
        let folder = folder()?;
        let (coded, encode) = self.encode(wav, &folder, &clip.spec)?;
        let bytes = fs::metadata(&coded).map_err(said)?.len();
        let mut outcome = Outcome {
            encoding: Some(encode.seconds),
            encoding_peak: encode.peak_memory,
            ..Outcome::of_bytes(bytes)
        };
        if !check {
            return Ok(outcome);
        }
        let back = self.decode(&coded, &folder, &clip.spec);
        if let Some((back, decode)) = back.map_err(|error| error.about("decoding"))? {
            outcome.decoding = Some(decode.seconds);
            outcome.decoding_peak = decode.peak_memory;
            outcome.check = self.compare(wav, &back, clip)?;
        }
        Ok(outcome)
    }

    fn encode(
        &self,
        wav: &Path,
        folder: &TemporaryFolder,
        spec: &AudioSpec,
    ) -> Result<(PathBuf, Cost)> {
        match &self.coder {
            Coder::Preset(preset) => {
                let coded = folder.path().join("coded.lmac");
                let words = [own_coder::ENCODE.as_ref(), preset.name().as_ref()];
                let files = [wav.as_os_str(), coded.as_os_str()];
                let cost = run_own(&[words, files].concat(), &self.name)?;
                Ok((coded, cost))
            }
            // Other programs need not take every file.
            Coder::Program(program) => program
                .encode_file(wav, folder.path(), spec)
                .map_err(|error| error.about("encoding").into_refusal()),
        }
    }

    fn decode(
        &self,
        coded: &Path,
        folder: &TemporaryFolder,
        spec: &AudioSpec,
    ) -> Result<Option<(PathBuf, Cost)>> {
        match &self.coder {
            Coder::Preset(_) => {
                let back = folder.path().join("back.wav");
                let words = [own_coder::DECODE.as_ref(), coded.as_os_str(), back.as_os_str()];
                let cost = run_own(&words, &self.name)?;
                Ok(Some((back, cost)))
            }
            Coder::Program(program) => program.decode_file(coded, folder.path(), spec),
        }
    }

    /// All of a file has to come back from this codec, the audio from others.
    fn compare(&self, wav: &Path, back: &Path, clip: &Clip) -> Result<Check> {
        let (same, part) = match &self.coder {
            Coder::Preset(_) => {
                (fs::read(wav).map_err(said)? == fs::read(back).map_err(said)?, "file")
            }
            Coder::Program(program) => match program.audio(back, &clip.spec) {
                Ok(pcm) => (pcm == clip.pcm, "audio"),
                Err(error) => return Ok(Check::Failed(error.to_string())),
            },
        };
        Ok(match same {
            true => Check::Passed,
            false => Check::Failed(format!("the {part} differs")),
        })
    }
}

impl Contestant for FileCodec {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        use crate::contestant::Codec;
        match &self.coder {
            Coder::Preset(preset) => presets::description(*preset),
            Coder::Program(program) => program.description(),
        }
    }

    fn arrangements(&self) -> &[Arrangement] {
        &[Arrangement::Files]
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    /// The quickest round of each way counts, and the highest peaks.
    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome> {
        let wav = clip.file.as_deref().ok_or_else(|| Error::new("it is not a file"))?;
        let mut best: Option<Outcome> = None;
        for _ in 0..self.rounds.max(1) {
            job.interrupt.check()?;
            let round = self.round(wav, clip, job.check)?;
            best = Some(match best {
                Some(best) if best.check == Check::Passed => better(best, round),
                Some(failed) => failed,
                None => round,
            });
        }
        best.ok_or_else(|| Error::new("no round was measured"))
    }
}

/// The shorter times and the higher peaks of two rounds.
fn better(one: Outcome, other: Outcome) -> Outcome {
    let shorter = |one: Option<f64>, other: Option<f64>| {
        one.zip(other).map(|(one, other)| one.min(other)).or(one).or(other)
    };
    Outcome {
        encoding: shorter(one.encoding, other.encoding),
        decoding: shorter(one.decoding, other.decoding),
        encoding_peak: one.encoding_peak.max(other.encoding_peak),
        decoding_peak: one.decoding_peak.max(other.decoding_peak),
        ..other
    }
}

fn run_own(arguments: &[&OsStr], shown: &str) -> Result<Cost> {
    let mut command = vec![std::env::current_exe().map_err(said)?.into_os_string()];
    command.extend(arguments.iter().map(OsString::from));
    process::measured(&command, None, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_keep_the_best_time_and_the_highest_peak() {
        let of = |seconds, peak| Outcome {
            encoding: Some(seconds),
            decoding: Some(seconds),
            encoding_peak: Some(peak),
            decoding_peak: Some(peak),
            ..Outcome::of_bytes(5)
        };
        assert_eq!(better(of(2.0, 8), of(1.0, 7)), of(1.0, 8));
    }
}

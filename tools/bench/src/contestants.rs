//! Codecs that are measured.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use lmac::Preset;

use crate::corpus::{Audio, Recording};
use crate::failure::{About, Result};
use crate::own_coder;
use crate::process::{self, Cost, Outcome};
use crate::programs::{Call, PROGRAMS, Program};
use crate::results::{Costs, Measured, Origin};

pub(crate) struct Contestant {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    coder: Coder,
}

enum Coder {
    Lmac(Preset),
    Program(&'static Program),
}

/// A file's sizes and costs, or why a program did not take it.
pub(crate) type Taken = std::result::Result<Measured, String>;

impl Contestant {
    /// The presets that compress, and the programs that are installed.
    pub(crate) fn all() -> Vec<Contestant> {
        let presets = Preset::ALL.iter().filter(|&&preset| preset != Preset::Store);
        let presets = presets.map(|&preset| Contestant {
            name: format!("lmac {}", preset.name()),
            version: Some(env!("CARGO_PKG_VERSION").into()),
            coder: Coder::Lmac(preset),
        });
        let programs = PROGRAMS.iter().filter_map(|program| {
            let installed = program.installed()?;
            Some(Contestant {
                name: program.name.into(),
                version: installed.version,
                coder: Coder::Program(program),
            })
        });
        presets.chain(programs).collect()
    }

    pub(crate) fn origin(&self) -> Origin {
        match self.coder {
            Coder::Lmac(_) => Origin::Lmac,
            Coder::Program(_) => Origin::Program,
        }
    }

    /// Encodes and decodes a file as often as asked, keeps the best times, and compares
    /// what comes back. Other programs need not take every file; lmac must.
    pub(crate) fn measure(&self, recording: &Recording, rounds: u32) -> Result<Taken> {
        let mut best: Option<Measured> = None;
        for _ in 0..rounds {
            let measured = match self.round(recording)? {
                Ok(measured) => measured,
                Err(reason) if self.origin() == Origin::Lmac => return Err(reason.into()),
                Err(reason) => return Ok(Err(reason)),
            };
            best = Some(best.map_or(measured, |best| best.better(measured)));
        }
        best.map(Ok).ok_or_else(|| "there is nothing to measure in no rounds".into())
    }

    fn round(&self, recording: &Recording) -> Result<Taken> {
        let folder = tempfile::tempdir().about("a folder for coded files")?;
        let extension = match self.coder {
            Coder::Lmac(_) => "lmac",
            Coder::Program(program) => program.extension,
        };
        let coded = folder.path().join("coded").with_extension(extension);
        let back = folder.path().join("back.wav");
        let encode = match self.encode(recording, &coded)? {
            Ok(cost) => cost,
            Err(reason) => return Ok(Err(format!("encoding: {reason}"))),
        };
        let decode = match self.decode(recording, &coded, &back)? {
            Ok(cost) => cost,
            Err(reason) => return Ok(Err(format!("decoding: {reason}"))),
        };
        if let Err(reason) = self.compare(recording, &back) {
            return Ok(Err(reason.to_string()));
        }
        let bytes = fs::metadata(&coded).about(coded.display())?.len();
        Ok(Ok(Measured { bytes, costs: Some(Costs { encode, decode }) }))
    }

    fn encode(&self, recording: &Recording, coded: &Path) -> Result<Outcome> {
        match &self.coder {
            Coder::Lmac(preset) => {
                let words = [own_coder::ENCODE.as_ref(), preset.name().as_ref()];
                run_own(&[&words[..], &[recording.path.as_os_str(), coded.as_os_str()]].concat())
            }
            Coder::Program(program) => run(program.encode, recording, &recording.path, coded),
        }
    }

    fn decode(&self, recording: &Recording, coded: &Path, back: &Path) -> Result<Outcome> {
        match &self.coder {
            Coder::Lmac(_) => {
                run_own(&[own_coder::DECODE.as_ref(), coded.as_os_str(), back.as_os_str()])
            }
            Coder::Program(program) => run(program.decode, recording, coded, back),
        }
    }

    /// Fails where something is lost. What is around the audio is not every program's
    /// affair, but lmac's it is.
    fn compare(&self, recording: &Recording, back: &Path) -> Result<()> {
        let whole = match self.coder {
            Coder::Lmac(_) => fs::read(back)? == fs::read(&recording.path)?,
            Coder::Program(_) => true,
        };
        let (audio, _) = Audio::of_wav(back).about("what comes back")?;
        match (audio == recording.audio, whole) {
            (false, _) => Err("the audio does not come back".into()),
            (true, false) => Err("the file around the audio does not come back".into()),
            (true, true) => Ok(()),
        }
    }
}

fn run_own(arguments: &[&OsStr]) -> Result<Outcome> {
    let own = std::env::current_exe().about("this program's own file")?;
    let mut command = vec![OsString::from(own)];
    command.extend(arguments.iter().map(OsString::from));
    process::run(&command, None)
}

fn run(line: &str, recording: &Recording, input: &Path, output: &Path) -> Result<Outcome> {
    let call = Call::new(line, input, output, recording.audio.format);
    let outcome = process::run(&call.command, call.to_stdout.then_some(output))?;
    // Some say that all is well whatever happens.
    Ok(outcome.and_then(|cost: Cost| match output.exists() {
        true => Ok(cost),
        false => Err("it wrote no file".into()),
    }))
}

//! Codecs that are measured.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use lmac::source::{Restored, encode_wav, encode_wav_audio};
use lmac::{Decoder, EncodeOptions, Preset};

use crate::Result;
use crate::corpus::Recording;

pub(crate) enum Contestant {
    Lmac(Preset),
    Program(&'static Program),
}

/// A program that is called with the paths of input and output, `{in}` and `{out}`.
pub(crate) struct Program {
    name: &'static str,
    extension: &'static str,
    encode: &'static [&'static str],
    decode: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "flac -8",
        extension: "flac",
        encode: &["flac", "-8", "-s", "-f", "{in}", "-o", "{out}"],
        decode: &["flac", "-d", "-s", "-f", "{in}", "-o", "{out}"],
    },
    Program {
        name: "wavpack -hhx",
        extension: "wv",
        encode: &["wavpack", "-hhx", "-q", "-y", "{in}", "-o", "{out}"],
        decode: &["wvunpack", "-q", "-y", "{in}", "-o", "{out}"],
    },
];

/// What one contestant did with one file.
pub(crate) struct Measured {
    pub(crate) bytes: u64,
    pub(crate) encode_seconds: f64,
    pub(crate) decode_seconds: f64,
}

impl Contestant {
    /// The presets that compress, and the programs that are installed.
    pub(crate) fn all() -> Vec<Contestant> {
        let presets = Preset::ALL.iter().copied().filter(|&preset| preset != Preset::Store);
        let installed = PROGRAMS.iter().filter(|program| program.is_installed());
        presets.map(Contestant::Lmac).chain(installed.map(Contestant::Program)).collect()
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Contestant::Lmac(preset) => format!("lmac {}", preset.name()),
            Contestant::Program(program) => program.name.into(),
        }
    }

    /// Encodes and decodes a file, and fails where its audio does not come back.
    pub(crate) fn measure(&self, recording: &Recording) -> Result<Measured> {
        match self {
            Contestant::Lmac(preset) => measure_lmac(*preset, recording),
            Contestant::Program(program) => program.measure(recording),
        }
    }
}

fn measure_lmac(preset: Preset, recording: &Recording) -> Result<Measured> {
    let start = Instant::now();
    let options = EncodeOptions::default().with_preset(preset);
    let stream = encode_wav(recording.wav.as_slice(), Vec::new(), &options)?.writer;
    let encode_seconds = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let mut back = Vec::with_capacity(recording.wav.len());
    Restored::new(Decoder::new(stream.as_slice())?).read_to_end(&mut back)?;
    let decode_seconds = start.elapsed().as_secs_f64();
    if back != recording.wav {
        return Err("the file does not come back".into());
    }
    Ok(Measured { bytes: stream.len() as u64, encode_seconds, decode_seconds })
}

impl Program {
    fn is_installed(&self) -> bool {
        let mut command = Command::new(self.encode[0]);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok()
    }

    fn measure(&self, recording: &Recording) -> Result<Measured> {
        let folder = tempfile::tempdir()?;
        let coded = folder.path().join("coded").with_extension(self.extension);
        let back = folder.path().join("back.wav");
        let encode_seconds = run(self.encode, &recording.path, &coded)?;
        let decode_seconds = run(self.decode, &coded, &back)?;
        // What is around the audio is not every program's affair.
        if audio_md5(&fs::read(&back)?)? != audio_md5(&recording.wav)? {
            return Err("the audio does not come back".into());
        }
        Ok(Measured { bytes: fs::metadata(&coded)?.len(), encode_seconds, decode_seconds })
    }
}

/// Runs a program and says how long it took.
fn run(command: &[&str], input: &Path, output: &Path) -> Result<f64> {
    let start = Instant::now();
    let result = Command::new(command[0])
        .args(command[1..].iter().map(|&word| match word {
            "{in}" => input.as_os_str(),
            "{out}" => output.as_os_str(),
            word => word.as_ref(),
        }))
        .output()?;
    if !result.status.success() {
        let message = String::from_utf8_lossy(&result.stderr);
        return Err(format!("{} failed: {}", command[0], message.trim()).into());
    }
    Ok(start.elapsed().as_secs_f64())
}

fn audio_md5(wav: &[u8]) -> Result<Option<[u8; 16]>> {
    let options = EncodeOptions::default().with_preset(Preset::Store);
    Ok(encode_wav_audio(wav, std::io::sink(), &options)?.md5)
}

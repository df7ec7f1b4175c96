//! Messages and results of the program.

use std::io::{self, BufWriter, IsTerminal, Write};

use lmac::{AudioSpec, ModelUse, SampleFormat};
use serde::Serialize;

use crate::args::Common;
use crate::failure::Failure;
use crate::system;
use crate::units::count;

const PROGRAM: &str = "lmac";

/// Says things as the options want them.
#[derive(Debug)]
pub struct Report {
    /// Its name begins every message.
    program: &'static str,
    quiet: bool,
    /// Whether there is a line on each file.
    summaries: bool,
    json: bool,
    /// Whether standard output is taken by audio or a stream.
    stdout_taken: bool,
    progress: bool,
}

impl Report {
    pub(crate) fn new(common: &Common, stdout_taken: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        let talkative = terminal && !common.json && !common.quiet;
        Report {
            program: PROGRAM,
            quiet: common.quiet,
            summaries: common.verbose || talkative,
            json: common.json,
            stdout_taken,
            progress: talkative && !common.no_progress,
        }
    }

    /// For a command that is at once done with each file.
    pub(crate) fn immediate(json: bool) -> Self {
        Report {
            program: PROGRAM,
            quiet: false,
            summaries: false,
            json,
            stdout_taken: false,
            progress: false,
        }
    }

    /// Makes a report for a program with one result, which is always printed.
    pub fn of_program(program: &'static str, quiet: bool, json: bool, no_progress: bool) -> Self {
        let progress = io::stderr().is_terminal() && !quiet && !no_progress;
        Report { program, quiet, summaries: false, json, stdout_taken: false, progress }
    }

    /// Whether progress is shown.
    pub fn shows_progress(&self) -> bool {
        self.progress
    }

    /// Says what went wrong, on standard error and among the results.
    pub(crate) fn failure(&self, file: &str, failure: &Failure) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Wrong<'a> {
            file: &'a str,
            error: &'a str,
        }
        let (file, error) = match failure {
            Failure::BrokenPipe => return Err(Failure::BrokenPipe),
            Failure::Here(error) => (file, error),
            Failure::Elsewhere { file, message } => (file.as_str(), message),
        };
        self.error(file, error);
        self.json(&Wrong { file, error })
    }

    /// Says what went wrong with a file, on standard error.
    pub fn error(&self, file: &str, message: &str) {
        stderr_line(&format!("{}: {file}: {message}", self.program));
    }

    /// Says what went wrong with no file in particular, on standard error.
    pub fn complain(&self, message: &str) {
        stderr_line(&format!("{}: {message}", self.program));
    }

    /// Prints a note.
    pub(crate) fn note(&self, file: &str, message: &str) {
        self.remark(&format!("{file}: {message}"));
    }

    /// The same about no file.
    pub fn remark(&self, message: &str) {
        if !self.quiet {
            stderr_line(&format!("{}: {message}", self.program));
        }
    }

    /// What takes a while now, for those who watch.
    pub fn progress_note(&self, text: &str) {
        if self.progress {
            stderr_line(&format!("{}: {text}", self.program));
        }
    }

    /// How it went, after a file is done.
    pub(crate) fn summary(&self, text: &str) {
        if self.summaries {
            stderr_line(text);
        }
    }

    /// A result, for people.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        if self.quiet || self.json {
            return Ok(());
        }
        stdout_line(text)
    }

    /// A result, for programs.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::elsewhere("JSON", error.to_string()))?;
        if self.stdout_taken {
            stderr_line(&text);
            return Ok(());
        }
        stdout_line(&text)
    }
}

fn stderr_line(text: &str) {
    // An error in printing an error cannot be reported.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn stdout_line(text: &str) -> Result<(), Failure> {
    print(format!("{text}\n").as_bytes())
}

/// Writes to standard output.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    printing(|stdout| stdout.write_all(bytes))
}

/// Writes many small things to standard output.
pub(crate) fn printing<T>(
    write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> Result<T, Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let result = write(&mut stdout).and_then(|value| stdout.flush().map(|()| value));
    result.map_err(|error| match system::is_broken_pipe(&error) {
        true => Failure::BrokenPipe,
        false => Failure::elsewhere("-", format!("cannot be written: {error}")),
    })
}

/// What the audio is, for programs.
#[derive(Serialize)]
pub(crate) struct Audio {
    sample_format: &'static str,
    channels: u16,
    rate: u32,
}

impl From<&AudioSpec> for Audio {
    fn from(spec: &AudioSpec) -> Self {
        let sample_format = match spec.format {
            SampleFormat::U8 => "u8",
            SampleFormat::S16 => "s16",
            SampleFormat::S24 => "s24",
            SampleFormat::S32 => "s32",
            SampleFormat::F32 => "f32",
            SampleFormat::F64 => "f64",
            _ => "unknown",
        };
        Audio { sample_format, channels: spec.channels, rate: spec.rate }
    }
}

/// The language model of a stream, for programs.
#[derive(Serialize)]
pub(crate) struct Model {
    name: String,
    sha256: String,
    precision: &'static str,
    probe: String,
    tokens: &'static str,
    top_k: Option<u32>,
    context: u32,
    lockstep: u32,
    blocking: u32,
}

impl From<&ModelUse> for Model {
    fn from(usage: &ModelUse) -> Self {
        Model {
            name: usage.id.name.clone(),
            sha256: usage.id.hash_name(),
            precision: usage.id.precision.name(),
            probe: format!("{:08x}", usage.id.probe),
            tokens: usage.tokens.name(),
            top_k: usage.top_k,
            context: usage.context,
            lockstep: usage.lockstep,
            blocking: usage.blocking,
        }
    }
}

/// What the audio is, for people.
pub(crate) fn describe(spec: &AudioSpec) -> String {
    let bits = spec.format.bits();
    let kind = if spec.format.is_float() { "float" } else { "PCM" };
    let valid = match u32::from(spec.valid_bits) {
        valid if valid == bits => String::new(),
        valid => format!(" ({valid} valid)"),
    };
    let channels = count(spec.channels.into(), "channel");
    let rate = match spec.rate {
        0 => "unknown rate".to_string(),
        rate => format!("{rate} Hz"),
    };
    format!("{bits}-bit {kind}{valid}, {channels}, {rate}")
}

/// An MD5 in hexadecimal.
pub(crate) fn hex(md5: [u8; 16]) -> String {
    md5.iter().map(|byte| format!("{byte:02x}")).collect()
}

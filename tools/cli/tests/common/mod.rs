//! A folder to work in, the program, and files for it.

#![allow(dead_code, reason = "each test uses some of it")]

use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use lmac_support::Random;
use serde_json::Value;
use tempfile::TempDir;

/// A folder that is gone after the test.
pub(crate) struct Folder(TempDir);

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// Panics unless the exit status is this.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The JSON object in the only line of standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let text = self.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{} lacks {text:?}", self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// All files below, temporary ones included.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(self.0.path(), self.0.path(), &mut files);
        files.sort();
        files
    }

    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lmac"));
        command.current_dir(self.0.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program with arguments that are separated by blanks.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.command(arguments.split_whitespace()).output().unwrap().into()
    }

    /// Runs the program with something in a pipe at its standard input.
    pub(crate) fn pipe(&self, arguments: &str, input: &[u8]) -> Ran {
        let mut command = self.command(arguments.split_whitespace());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        thread::scope(|scope| {
            // A program that has seen enough closes the pipe.
            scope.spawn(move || stdin.write_all(input).ok());
            child.wait_with_output().unwrap().into()
        })
    }

    /// The chunks of a stream as `info` lists them.
    pub(crate) fn chunks(&self, name: &str) -> Vec<Value> {
        let info = self.run(&format!("info --json --chunks {name}")).expect(0).json();
        info["chunk_list"].as_array().unwrap().clone()
    }

    /// Changes a byte in the middle of a chunk.
    pub(crate) fn damage_chunk(&self, name: &str, number: usize) {
        let chunk = &self.chunks(name)[number];
        let at = chunk["offset"].as_u64().unwrap() + chunk["bytes"].as_u64().unwrap() / 2;
        let mut bytes = self.read(name);
        bytes[at as usize] ^= 0x10;
        self.write(name, &bytes);
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap();
            files.push(name.display().to_string().replace('\\', "/"));
        }
    }
}

/// Something between a tone and noise: interleaved 16-bit samples.
pub(crate) fn samples(frames: usize, channels: u16) -> Vec<i16> {
    let mut random = Random::new(1);
    (0..frames * usize::from(channels))
        .map(|at| {
            let phase = (at / usize::from(channels) % 500) as i32;
            ((phase - 250) * 60 + random.below(128) as i32) as i16
        })
        .collect()
}

/// The samples as PCM.
pub(crate) fn pcm(frames: usize, channels: u16) -> Vec<u8> {
    samples(frames, channels).into_iter().flat_map(i16::to_le_bytes).collect()
}

/// A WAV file of 16-bit samples at 8000 Hz.
pub(crate) fn wav(frames: usize, channels: u16) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    samples(frames, channels).into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    file.into_inner()
}

/// A WAV file with more than audio in it.
pub(crate) fn rich_wav(frames: usize) -> Vec<u8> {
    let plain = wav(frames, 2);
    let mut rich = plain[..12].to_vec();
    rich.extend(b"junk\x04\0\0\0abcd");
    rich.extend(&plain[12..]);
    rich.extend(b"LIST\x08\0\0\0INFOwxyz");
    let length = rich.len() as u32 - 8;
    rich[4..8].copy_from_slice(&length.to_le_bytes());
    rich
}

/// What hound makes of a WAV file.
#[track_caller]
pub(crate) fn wav_samples(file: &[u8]) -> Vec<i16> {
    let reader = hound::WavReader::new(Cursor::new(file)).unwrap();
    reader.into_samples().map(Result::unwrap).collect()
}

//! Other codecs, and how they are called.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use lmac::SampleFormat;

/// A codec that is a program, or one for each way. Its command lines hold no quotes; these
/// words stand for something:
///
/// - `{in}` and `{out}`: the files. Without `{out}` it is standard output that is kept.
/// - `{pcm}`: the sample format of the audio, as ffmpeg calls it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Some go by the name of the file.
    pub(crate) extension: &'static str,
    pub(crate) encode: &'static str,
    pub(crate) decode: &'static str,
}

/// The one that all speeds are compared with.
pub(crate) const BASELINE: &str = "flac -8";

/// Each takes part where it is installed, on one thread where it can be told.
pub(crate) const PROGRAMS: &[Program] = &[
    Program {
        name: BASELINE,
        extension: "flac",
        encode: "flac -8 --silent --force {in} -o {out}",
        decode: "flac -d --silent --force {in} -o {out}",
    },
    Program {
        name: "wavpack -hhx",
        extension: "wv",
        encode: "wavpack -hhx -q -y {in} -o {out}",
        decode: "wvunpack -q -y {in} -o {out}",
    },
    Program {
        name: "Monkey's Audio extra high",
        extension: "ape",
        encode: "mac {in} {out} -c4000 -threads=1",
        decode: "mac {in} {out} -d -threads=1",
    },
    Program {
        name: "Monkey's Audio insane",
        extension: "ape",
        encode: "mac {in} {out} -c5000 -threads=1",
        decode: "mac {in} {out} -d -threads=1",
    },
    Program {
        name: "MPEG-4 ALS -z3",
        extension: "mp4",
        encode: "mp4alsRM23 -z3 {in} {out}",
        decode: "mp4alsRM23 -x {in} {out}",
    },
    Program {
        name: "TTA (ffmpeg)",
        extension: "tta",
        encode: "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a tta -threads 1 {out}",
        decode: "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a {pcm} {out}",
    },
    Program {
        name: "ALAC (ffmpeg)",
        extension: "m4a",
        encode: "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a alac -threads 1 {out}",
        decode: "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a {pcm} {out}",
    },
    Program {
        name: "OptimFROG preset 2",
        extension: "ofr",
        encode: "ofr --encode --silent --preset 2 {in} --output {out}",
        decode: "ofr --decode --silent {in} --output {out}",
    },
    Program {
        name: "OptimFROG preset 10",
        extension: "ofr",
        encode: "ofr --encode --silent --preset 10 {in} --output {out}",
        decode: "ofr --decode --silent {in} --output {out}",
    },
    Program {
        name: "Sac --normal",
        extension: "sac",
        encode: "sac --encode --normal --mt-mode=0 {in} {out}",
        decode: "sac --decode --mt-mode=0 {in} {out}",
    },
    Program {
        name: "xz -9e",
        extension: "xz",
        encode: "xz -9e -T1 --keep --stdout {in}",
        decode: "xz --decompress -T1 --keep --stdout {in}",
    },
];

/// A command line with its words filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) command: Vec<OsString>,
    /// Whether what it writes to standard output is the file.
    pub(crate) to_stdout: bool,
}

impl Call {
    pub(crate) fn new(line: &str, input: &Path, output: &Path, format: SampleFormat) -> Call {
        let words = line.split_whitespace().map(|word| match word {
            "{in}" => input.into(),
            "{out}" => output.into(),
            "{pcm}" => pcm(format).into(),
            word => word.into(),
        });
        Call { command: words.collect(), to_stdout: !line.contains("{out}") }
    }
}

fn pcm(format: SampleFormat) -> String {
    match format {
        SampleFormat::U8 => "pcm_u8".into(),
        format if format.is_float() => format!("pcm_f{}le", format.bits()),
        format => format!("pcm_s{}le", format.bits()),
    }
}

impl Program {
    /// What is installed of it; nothing if it cannot do both.
    pub(crate) fn installed(&self) -> Option<Installed> {
        let said = starts(self.encode)?;
        starts(self.decode)?;
        Some(Installed { version: version(&said) })
    }
}

pub(crate) struct Installed {
    pub(crate) version: Option<String>,
}

/// What a command's program says when it is asked for its version; nothing if there is no
/// such program. Those that do not know the question answer with a banner, mostly.
fn starts(line: &str) -> Option<String> {
    let mut command = Command::new(line.split_whitespace().next()?);
    let output = command.arg("--version").stdin(Stdio::null()).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&said).into_owned())
}

/// The first word that looks like a version: digits, a point, more.
fn version(said: &str) -> Option<String> {
    let words = said.split(|c: char| c.is_whitespace() || "(),;".contains(c));
    let mut words = words.map(|word| word.trim_start_matches(['v', 'V']));
    let found = words.find(|word| {
        let number = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = number.strip_prefix('.').unwrap_or_default();
        number.len() < word.len() && rest.starts_with(|c: char| c.is_ascii_digit())
    })?;
    Some(found.trim_end_matches('.').into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_banners() {
        let cases = [
            ("flac 1.4.2\n", Some("1.4.2")),
            ("xz (XZ Utils) 5.4.1\nliblzma 5.4.1", Some("5.4.1")),
            ("--- Monkey's Audio Console Front End (v 11.57) (c) M. ---", Some("11.57")),
            ("Sac v0.7.18 - Lossless Audio Coder", Some("0.7.18")),
            ("ffmpeg version 5.1.6-0+deb12u1 Copyright (c) 2000-2024", Some("5.1.6-0+deb12u1")),
            ("usage: 3 files, v. new, .5, 7.", None),
            ("", None),
        ];
        for (said, expected) in cases {
            assert_eq!(version(said).as_deref(), expected, "{said}");
        }
    }

    #[test]
    fn words_are_filled_in() {
        let call = |line, format| Call::new(line, "a b.wav".as_ref(), "c".as_ref(), format);
        let filled = call("x -c:a {pcm} {in} {out}", SampleFormat::S24);
        assert_eq!(filled.command, ["x", "-c:a", "pcm_s24le", "a b.wav", "c"]);
        assert!(!filled.to_stdout);
        let filled = call("x {pcm} {in}", SampleFormat::U8);
        assert_eq!(filled.command, ["x", "pcm_u8", "a b.wav"]);
        assert!(filled.to_stdout);
        assert_eq!(call("{pcm}", SampleFormat::F32).command, ["pcm_f32le"]);
    }

    #[test]
    fn the_table_is_sound() {
        let names: std::collections::BTreeSet<_> =
            PROGRAMS.iter().map(|program| program.name).collect();
        assert_eq!(names.len(), PROGRAMS.len());
        assert!(names.contains(BASELINE));
        for program in PROGRAMS {
            for line in [program.encode, program.decode] {
                assert_eq!(line.matches("{in}").count(), 1, "{line}");
                assert!(line.matches("{out}").count() <= 1, "{line}");
            }
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_not_installed() {
        let program =
            Program { name: "-", extension: "-", encode: "no-such-codec {in}", decode: "{in}" };
        assert!(program.installed().is_none());
    }
}

//! Other codecs, and how they are called.

use std::process::{Command, Stdio};

use super::External;
use super::command_line::CommandLine;
use crate::{Error, Result};

/// The one that all speeds are compared with.
pub const BASELINE: &str = "flac -8";

/// The name, the ending of its files, and the commands for both ways. Each runs on one thread
/// where it can be told.
const KNOWN: &[[&str; 4]] = &[
    [
        BASELINE,
        "flac",
        "flac -8 --silent --force {in} -o {out}",
        "flac -d --silent --force {in} -o {out}",
    ],
    ["wavpack -hhx", "wv", "wavpack -hhx -q -y {in} -o {out}", "wvunpack -q -y {in} -o {out}"],
    [
        "Monkey's Audio extra high",
        "ape",
        "mac {in} {out} -c4000 -threads=1",
        "mac {in} {out} -d -threads=1",
    ],
    [
        "Monkey's Audio insane",
        "ape",
        "mac {in} {out} -c5000 -threads=1",
        "mac {in} {out} -d -threads=1",
    ],
    ["MPEG-4 ALS -z3", "mp4", "mp4alsRM23 -z3 {in} {out}", "mp4alsRM23 -x {in} {out}"],
    [
        "TTA (ffmpeg)",
        "tta",
        "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a tta -threads 1 {out}",
        "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a {pcm} {out}",
    ],
    [
        "ALAC (ffmpeg)",
        "m4a",
        "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a alac -threads 1 {out}",
        "ffmpeg -nostdin -v error -y -threads 1 -i {in} -c:a {pcm} {out}",
    ],
    [
        "OptimFROG preset 2",
        "ofr",
        "ofr --encode --silent --preset 2 {in} --output {out}",
        "ofr --decode --silent {in} --output {out}",
    ],
    [
        "OptimFROG preset 10",
        "ofr",
        "ofr --encode --silent --preset 10 {in} --output {out}",
        "ofr --decode --silent {in} --output {out}",
    ],
    [
        "Sac --normal",
        "sac",
        "sac --encode --normal --mt-mode=0 {in} {out}",
        "sac --decode --mt-mode=0 {in} {out}",
    ],
    ["xz -9e", "xz", "xz -9e -T1 --keep --stdout {in}", "xz --decompress -T1 --keep --stdout {in}"],
];

/// The known programs that are installed, or those of them whose names contain one of the
/// texts of a list with commas; `none` is none.
pub fn installed(list: &str) -> Result<Vec<External>> {
    let texts: Vec<String> = list.split(',').map(|text| text.trim().to_lowercase()).collect();
    let wanted = |name: &str| match list {
        "installed" => true,
        "none" => false,
        _ => texts.iter().any(|text| !text.is_empty() && name.to_lowercase().contains(text)),
    };
    let known: Vec<External> = KNOWN
        .iter()
        .filter(|[name, ..]| wanted(name))
        .filter_map(|&known| find(known).transpose())
        .collect::<Result<_>>()?;
    if known.is_empty() && !["installed", "none"].contains(&list) {
        let names: Vec<&str> = KNOWN.iter().map(|[name, ..]| *name).collect();
        return Err(Error::new(format!(
            "no installed program has \"{list}\" in its name; known are {}",
            names.join(", ")
        )));
    }
    Ok(known)
}

/// The program, if it can be run in both ways.
fn find([name, extension, encode, decode]: [&str; 4]) -> Result<Option<External>> {
    let (encoder, decoder) = (CommandLine::of_known(encode)?, CommandLine::of_known(decode)?);
    let Some(said) = starts(encoder.program()) else { return Ok(None) };
    Ok(starts(decoder.program()).map(|_| External {
        name: name.into(),
        version: version(&said),
        coded: format!("coded.{extension}"),
        encoder,
        decoder: Some(decoder),
    }))
}

/// The answer of a program that is asked for its version; `None` if there is no such program.
/// Those that do not know the question answer with a banner, mostly.
fn starts(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
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
    fn the_table_is_sound() {
        let names: std::collections::BTreeSet<_> = KNOWN.iter().map(|[name, ..]| *name).collect();
        assert_eq!(names.len(), KNOWN.len());
        assert!(names.contains(BASELINE));
        for [.., encode, decode] in KNOWN {
            for line in [encode, decode] {
                assert!(CommandLine::of_known(line).is_ok(), "{line}");
                assert_eq!(line.matches("{in}").count(), 1, "{line}");
                assert!(line.matches("{out}").count() <= 1, "{line}");
            }
        }
    }

    #[test]
    fn a_missing_program_is_not_installed() {
        assert_eq!(find(["-", "-", "no-such-codec {in}", "x {in}"]), Ok(None));
        assert!(installed("none").unwrap().is_empty());
        let error = installed("no such codec").unwrap_err().to_string();
        assert!(error.contains("known are flac -8, "), "{error}");
    }
}

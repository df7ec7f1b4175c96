//! The golden files: streams from each version of the format, and the files that they restore.
//!
//! `tests/golden/README.md` says what they are and what is promised of them;
//! `tests/golden_writer.rs` writes those of a new version.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, FORMAT_VERSION, Inspector, Verification};
use lmac_support::vectors::with_models;

/// The table of a folder: what each file restores.
const TABLE: &str = "restored.txt";

fn folder() -> PathBuf {
    lmac_support::path("tests/golden")
}

/// The folders of all versions.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The length and the MD5 of a restored file.
type Restores = (usize, String);

fn restores(file: &[u8]) -> Restores {
    (file.len(), format!("{:x}", md5::compute(file)))
}

/// The lines of a table: a name, a length and an MD5.
fn table(folder: &Path) -> BTreeMap<String, Restores> {
    let text = fs::read_to_string(folder.join(TABLE)).unwrap();
    let line = |line: &str| {
        let [name, length, md5] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}: a name, a length and an MD5");
        };
        (name.to_owned(), (length.parse().unwrap(), md5.to_owned()))
    };
    text.lines().map(line).collect()
}

fn decode_options() -> DecodeOptions {
    with_models().unwrap_or_default()
}

/// The streams of a folder that this build can decode.
fn streams(folder: &Path) -> impl Iterator<Item = (String, Restores, Vec<u8>)> {
    let models = with_models().is_some();
    let known = move |name: &String| models || !name.starts_with("language-");
    let folder = folder.to_owned();
    table(&folder).into_iter().filter(move |(name, _)| known(name)).map(move |(name, restores)| {
        let stream = fs::read(folder.join(format!("{name}.lmac"))).unwrap();
        (name, restores, stream)
    })
}

#[test]
fn this_version_has_golden_files() {
    let (major, minor) = FORMAT_VERSION;
    let folder = folder().join(format!("{major}.{minor}"));
    assert!(folder.exists(), "tests/golden_writer.rs writes {}", folder.display());
    assert!(table(&folder).len() > 40);
}

#[test]
fn no_file_is_missing_and_none_is_new() {
    for folder in versions() {
        let files = fs::read_dir(&folder).unwrap();
        let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<_> = files.filter(|name| name != TABLE).collect();
        files.sort();
        let mut listed: Vec<_> = table(&folder).keys().map(|name| format!("{name}.lmac")).collect();
        listed.sort();
        assert_eq!(files, listed, "{}", folder.display());
    }
}

#[test]
fn every_file_is_restored() {
    for folder in versions() {
        for (name, expected, stream) in streams(&folder) {
            for threads in [1, 2] {
                let options = decode_options().with_threads(threads);
                let mut restored = Restored::new(Decoder::with_options(&*stream, options).unwrap());
                let mut file = Vec::new();
                restored.read_to_end(&mut file).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(restores(&file), expected, "{name}");
                restored.decoder_mut().expect_end().unwrap();
                let decoder = restored.decoder();
                let checked = match decoder.verification() {
                    Verification::Md5(_) => decoder.info().has_md5,
                    Verification::Chunks => !decoder.info().has_md5,
                    _ => false,
                };
                assert!(checked, "{name}: {:?}", decoder.verification());
            }
        }
    }
}

#[test]
fn seeking_works_in_every_file() {
    for folder in versions() {
        for (name, _, stream) in streams(&folder) {
            let open =
                || Decoder::with_options(Cursor::new(stream.clone()), decode_options()).unwrap();
            let mut pcm = Vec::new();
            open().read_to_end(&mut pcm).unwrap();
            let mut decoder = open();
            let summary = Inspector::new(Cursor::new(&stream)).unwrap().summary().unwrap();
            assert!(summary.complete, "{name}");
            assert_eq!(decoder.find_length().unwrap(), Some(summary.frames), "{name}");
            let frame_bytes = decoder.info().spec.frame_bytes();
            assert_eq!(summary.frames, (pcm.len() / frame_bytes) as u64, "{name}");
            for part in [2, 3, 1] {
                let frame = summary.frames * part / 3;
                decoder.seek(frame).unwrap();
                let mut rest = Vec::new();
                decoder.read_to_end(&mut rest).unwrap();
                assert!(rest == pcm[frame as usize * frame_bytes..], "{name} from {frame} on");
            }
        }
    }
}

#[test]
fn recovery_finds_no_damage_in_any_file() {
    for folder in versions() {
        for (name, _, stream) in streams(&folder) {
            let mut decoder = Decoder::recover(Cursor::new(stream), decode_options()).unwrap();
            decoder.read_to_end(&mut Vec::new()).unwrap();
            assert!(!decoder.damage().any(), "{name}: {:?}", decoder.damage());
        }
    }
}

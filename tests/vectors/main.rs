//! The test vectors in `spec/vectors`, against this decoder and the one in Python. Those that
//! need a language model are in `tests/language_vectors`.
//!
//! `good-*` streams restore the file beside them, `bad-*` streams break one rule each, and
//! `unsupported-*` streams need a newer program. They are made here, so that their making
//! is written down: `LMAC_WRITE_VECTORS=1 cargo test --test vectors` writes those that are new.
//! One that exists is never overwritten: old versions wrote it.
//!
//! `good-*-settings` come from an encoder in which `choices::make` chose the settings 0x9B
//! (standard) and 0xE7 (max): a search for them needs chunks that are too long for Python.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bad;
mod good;

use std::fs;

use bad::{bad, unsupported};
use good::good;
use lmac::{DecodeOptions, Error, ErrorKind};
use lmac_support::vectors::{
    check_file, folder, names, python, python_restores, said_by_python, stream,
};

fn restore(stream: &[u8]) -> Result<Vec<u8>, Error> {
    lmac_support::vectors::restore(stream, DecodeOptions::default())
}

#[test]
fn vectors_are_unchanged() {
    for (name, (stream, file)) in good() {
        check_file(&format!("{name}.lmac"), &stream);
        check_file(&format!("{name}.restored"), &file);
    }
    for (name, stream) in bad().into_iter().chain(unsupported()) {
        check_file(&format!("{name}.lmac"), &stream);
    }
}

#[test]
fn good_vectors_are_restored() {
    for name in names("good-", false) {
        let file = fs::read(folder().join(format!("{name}.restored"))).unwrap();
        let restored = restore(&stream(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(restored == file, "{name}");
    }
}

#[test]
fn bad_vectors_are_refused() {
    for name in names("bad-", false) {
        let error = restore(&stream(&name)).expect_err(&name);
        let expected = match name.as_str() {
            "bad-magic-as-text" => matches!(error.kind(), ErrorKind::NotLmac),
            "bad-nothing" => matches!(error.kind(), ErrorKind::Truncated),
            cut if cut.starts_with("bad-cut-") => matches!(error.kind(), ErrorKind::Truncated),
            checksum if checksum.ends_with("-checksum") || checksum == "bad-wrong-md5" => {
                matches!(error.kind(), ErrorKind::Checksum(_))
            }
            _ => matches!(error.kind(), ErrorKind::Malformed(_)),
        };
        assert!(expected, "{name}: {error}");
        assert!(error.place().is_some() || name == "bad-magic-as-text", "{name}: {error}");
    }
}

#[test]
fn unsupported_vectors_ask_for_a_newer_version() {
    for name in names("unsupported-", false) {
        let error = restore(&stream(&name)).expect_err(&name);
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{name}: {error}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[test]
fn the_decoder_in_python_agrees() {
    let mut all: Vec<_> =
        ["bad-", "unsupported-"].iter().flat_map(|prefix| names(prefix, false)).collect();
    all.push("good-walkthrough".into());
    for (name, said) in all.iter().zip(said_by_python(&all)) {
        let agrees = match name.split('-').next().unwrap() {
            "good" => said.starts_with("ok, 12 frames, "),
            "unsupported" => said.starts_with("unsupported: "),
            _ => said.starts_with("malformed: ") || said.starts_with("truncated: "),
        };
        assert!(agrees, "{name}: {said}");
    }
}

#[test]
fn the_decoder_in_python_restores_good_vectors() {
    python_restores(names("good-", false));
}

/// `python3 spec/parameter_sets.py` and `pasts.py` print the tables that the specification has.
#[test]
fn the_specification_has_the_tables_of_the_decoder_in_python() {
    let text = fs::read_to_string(lmac_support::path("spec/adaptive.md")).unwrap();
    for (program, least) in [("parameter_sets.py", 1000), ("pasts.py", 800)] {
        let output = python(program).output().unwrap();
        let tables = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(tables.trim_end()), "{program}");
        assert!(tables.len() > least, "{program}");
    }
}

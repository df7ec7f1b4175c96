//! The test vectors of the language method and their models, against this decoder and the
//! one in Python. `tests/vectors` has all others, and says how vectors are written.
//!
//! `model-*` streams are sound, but their model is not in the folder, or differs from the one
//! there.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bad;
mod good;

use std::fs;

use bad::{bad, refused};
use good::good;
use lmac::language::LanguageModel;
use lmac::{DecodeOptions, ErrorKind, Precision};
use lmac_support::vector_models::{self, MODELS};
use lmac_support::vectors::{
    check_file, folder, names, python_restores, restore, said_by_python, stream, with_models,
};

const LLAMA: &str = MODELS[0];
const BF16: &str = MODELS[1];
const BYTES: &str = MODELS[2];

fn model(path: &str, precision: Precision) -> LanguageModel {
    for (path, bytes) in vector_models::files() {
        check_file(&path, &bytes);
    }
    lmac::checkpoint::load(&folder().join(path), precision).unwrap()
}

/// Decoding with all models at hand.
fn options() -> DecodeOptions {
    with_models().unwrap()
}

#[test]
fn vectors_are_unchanged() {
    for (name, (stream, file)) in good() {
        check_file(&format!("{name}.lmac"), &stream);
        check_file(&format!("{name}.restored"), &file);
    }
    for (name, stream) in bad().into_iter().chain(refused()) {
        check_file(&format!("{name}.lmac"), &stream);
    }
}

#[test]
fn models_have_ten_thousand_parameters_at_most() {
    for path in MODELS {
        let model = model(path, Precision::F32);
        let tensors = model.architecture().tensors();
        let parameters = tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>());
        let parameters: usize = parameters.sum();
        assert!((5_000..=10_000).contains(&parameters), "{path}: {parameters}");
    }
}

#[test]
fn good_vectors_are_restored() {
    let options = options();
    for name in names("good-", true) {
        let file = fs::read(folder().join(format!("{name}.restored"))).unwrap();
        let restored = restore(&stream(&name), options.clone());
        assert!(restored.unwrap_or_else(|error| panic!("{name}: {error}")) == file, "{name}");
    }
}

#[test]
fn other_vectors_are_refused() {
    let options = options();
    for prefix in ["bad-", "unsupported-", "model-"] {
        for name in names(prefix, true) {
            let error = restore(&stream(&name), options.clone()).expect_err(&name);
            let expected = match prefix {
                "bad-" => matches!(error.kind(), ErrorKind::Malformed(_)),
                "unsupported-" => matches!(error.kind(), ErrorKind::Unsupported(_)),
                _ if name.ends_with("-missing") => {
                    matches!(error.kind(), ErrorKind::MissingModel(_))
                }
                _ => matches!(error.kind(), ErrorKind::Model(_)),
            };
            assert!(expected, "{name}: {error}");
            assert!(error.place().is_some() || prefix == "model-", "{name}: {error}");
        }
    }
}

#[test]
fn the_decoder_in_python_refuses_the_same() {
    let all: Vec<_> =
        ["bad-", "unsupported-", "model-"].iter().flat_map(|prefix| names(prefix, true)).collect();
    for (name, said) in all.iter().zip(said_by_python(&all)) {
        let expected = match name.split('-').next().unwrap() {
            "bad" => "malformed: ",
            "unsupported" => "unsupported: ",
            _ if name.ends_with("-missing") => "missing: ",
            _ => "unfit: ",
        };
        assert!(said.starts_with(expected), "{name}: {said}");
    }
}

#[test]
fn the_decoder_in_python_restores_good_vectors() {
    python_restores(names("good-", true));
}

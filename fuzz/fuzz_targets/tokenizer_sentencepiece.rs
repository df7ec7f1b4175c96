//! Any bytes as a model of SentencePiece: an error that names the file, or something that cuts
//! text into tokens of its vocabulary.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lmac_fuzz::checkpoints::{Breakable, in_sentencepiece_models, open_and_cut};

static CHECKPOINTS: LazyLock<Vec<Breakable>> = LazyLock::new(in_sentencepiece_models);

fuzz_target!(|data: &[u8]| {
    open_and_cut(&CHECKPOINTS, data);
});

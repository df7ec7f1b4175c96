//! Any bytes as `tokenizer.json` or a file beside it: an error that names the file, or
//! something that cuts text into tokens of its vocabulary.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lmac_fuzz::checkpoints::{Breakable, in_tokenizer_json, open_and_cut};

static CHECKPOINTS: LazyLock<Vec<Breakable>> = LazyLock::new(in_tokenizer_json);

fuzz_target!(|data: &[u8]| {
    open_and_cut(&CHECKPOINTS, data);
});

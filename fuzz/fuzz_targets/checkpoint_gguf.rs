//! Any bytes as a GGUF file, alone or as a part: an error that names the file, or a model that
//! audio comes back with.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lmac_fuzz::checkpoints::{Breakable, in_gguf_files, open_and_use};

static CHECKPOINTS: LazyLock<Vec<Breakable>> = LazyLock::new(in_gguf_files);

fuzz_target!(|data: &[u8]| {
    open_and_use(&CHECKPOINTS, data);
});

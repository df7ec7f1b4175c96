//! FLAC files of the library's encoder with any changes: an error, or a stream that restores
//! them.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac_fuzz::flac::{Mutated, encode_and_restore};

fuzz_target!(|input: Mutated| -> Corpus {
    let Some(file) = input.bytes() else { return Corpus::Reject };
    encode_and_restore(&file);
    Corpus::Keep
});

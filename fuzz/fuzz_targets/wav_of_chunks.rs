//! WAV and RF64 files with random chunks, lengths and formats: an error, or a
//! stream that restores them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lmac_fuzz::wav::{File, encode_and_restore};

fuzz_target!(|file: File| {
    encode_and_restore(&file.bytes());
});

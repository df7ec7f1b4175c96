//! Any bytes as a FLAC file: an error, or a stream that restores them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    lmac_fuzz::flac::encode_and_restore(data);
});

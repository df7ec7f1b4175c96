//! Any bytes as a WAV file: an error, or a stream that restores them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    lmac_fuzz::wav::encode_and_restore(data);
});

//! A stream of a FLAC file with any decisions, under right checksums: restoring it ends, in memory
//! and length within limits, and its audio is there.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac_fuzz::flac::{Hostile, restore};

fuzz_target!(|input: Hostile| -> Corpus {
    let Some((stream, pcm_bytes)) = input.stream() else { return Corpus::Reject };
    restore(&stream, pcm_bytes);
    Corpus::Keep
});

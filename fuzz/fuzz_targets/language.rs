//! Any bytes as a stream of a language model, with right checksums: an error, or
//! audio; the same on several threads.

#![no_main]

use std::io::Read;

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac::Decoder;
use lmac_fuzz::{models, streams};

fuzz_target!(|data: &[u8]| -> Corpus {
    let stream = streams::with_checksums(data);
    if !streams::is_quick(&stream) {
        return Corpus::Reject;
    }
    let one = outcome(&stream, 1);
    if data.len().is_multiple_of(8) {
        assert_eq!(outcome(&stream, 2), one);
    }
    Corpus::Keep
});

fn outcome(stream: &[u8], threads: usize) -> (Vec<u8>, Option<String>) {
    let mut options = streams::options().with_threads(threads);
    for model in models::all() {
        options = options.with_model(model.clone());
    }
    let mut pcm = Vec::new();
    let result = Decoder::with_options(stream, options)
        .and_then(|mut decoder| Ok(decoder.read_to_end(&mut pcm)?));
    (pcm, result.err().map(|error| error.to_string()))
}

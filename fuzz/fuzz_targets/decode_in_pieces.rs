//! A stream that arrives in pieces, with interruptions, decoded on several threads: the same
//! audio and the same error as in one piece on one.

#![no_main]

use std::io::Read;

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac::source::Restored;
use lmac::{Decoder, Verification};
use lmac_fuzz::pieces::Pieces;
use lmac_fuzz::streams;

/// What comes out, and how it ends.
type Outcome = (Vec<u8>, Result<Verification, String>);

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&[first, second], bytes)) = data.split_first_chunk() else { return Corpus::Reject };
    let (threads, pieces) = (usize::from(first) % 4, usize::from(second) % 16);
    let Some((pieces, bytes)) = bytes.split_at_checked(pieces) else { return Corpus::Reject };
    let stream = if first & 128 != 0 { streams::with_checksums(bytes) } else { bytes.to_vec() };
    if !streams::is_quick(&stream) {
        return Corpus::Reject;
    }
    let whole = outcome(stream.as_slice(), 1);
    assert_eq!(outcome(Pieces::new(&stream, pieces), threads), whole);
    provisional(&stream);
    Corpus::Keep
});

/// Audio that comes while its chunk is decoded is what comes of whole chunks, and ends alike.
fn provisional(stream: &[u8]) {
    let audio = |provisional| {
        let mut pcm = Vec::new();
        let options = streams::options().with_provisional(provisional);
        let read = Decoder::with_options(stream, options)
            .and_then(|mut decoder| Ok(decoder.read_to_end(&mut pcm)?));
        (pcm, read)
    };
    let (whole, pieces) = (audio(false), audio(true));
    // Of two faults in a chunk, either may be met first.
    assert_eq!(whole.1.is_err(), pieces.1.is_err());
    assert!(pieces.0.starts_with(&whole.0));
    assert!(whole.1.is_err() || pieces.0 == whole.0);
}

fn outcome(stream: impl Read, threads: usize) -> Outcome {
    let mut file = Vec::new();
    let options = streams::options().with_threads(threads);
    let result = Decoder::with_options(stream, options).and_then(|decoder| {
        let mut restored = Restored::new(decoder);
        restored.read_to_end(&mut file)?;
        restored.decoder_mut().expect_end()?;
        Ok(restored.decoder().verification())
    });
    (file, result.map_err(|error| error.to_string()))
}

//! Audio of any kind, encoded with any choices and written in any pieces: it comes back, and
//! its stream is hardly larger than itself.

#![no_main]

use std::io::Read;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use lmac::{DecodeOptions, Decoder, Verification};
use lmac_fuzz::audio::Audio;
use lmac_fuzz::settings::Settings;

#[derive(Debug, Arbitrary)]
struct Input {
    audio: Audio,
    settings: Settings,
}

/// The most bytes of a stream beside its chunks: header, trailer, one chunk's head.
const AROUND: usize = 300;
/// The bytes around the payload of a chunk, and its entry in the index.
const AROUND_CHUNK: usize = 64;

fuzz_target!(|input: Input| {
    let Input { audio, settings } = input;
    let spec = audio.spec();
    let pcm = audio.pcm(settings.most_samples());
    let finished = settings.encode(spec, &pcm);
    let stream = finished.writer;

    let options = DecodeOptions::default().with_threads(settings.threads());
    let mut decoder = Decoder::with_options(stream.as_slice(), options).unwrap();
    let mut back = Vec::new();
    decoder.read_to_end(&mut back).unwrap();
    decoder.expect_end().unwrap();
    assert_eq!(decoder.info().spec, spec);
    assert!(back == pcm);
    match finished.md5 {
        Some(md5) => assert_eq!(decoder.verification(), Verification::Md5(md5)),
        None => assert_eq!(decoder.verification(), Verification::Chunks),
    }

    let stats = &finished.stats;
    assert_eq!(stats.stream_bytes, stream.len() as u64);
    let cut = settings.chunk_frames().is_some() || settings.ends_chunks();
    let chunks = if cut { stats.chunks() as usize * AROUND_CHUNK } else { pcm.len() / 1000 };
    assert!(stream.len() <= pcm.len() + chunks + AROUND, "{} for {}", stream.len(), pcm.len());
});

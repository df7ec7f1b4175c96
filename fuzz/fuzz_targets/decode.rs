//! Any bytes as a stream, with right checksums or without: an error, or audio that agrees with
//! its checksums and can be encoded again.

#![no_main]

use std::io::{Cursor, Read};

use libfuzzer_sys::{Corpus, fuzz_target};
use lmac::{Decoder, EncodeOptions, Encoder, Inspector, Preset, Verification};
use lmac_fuzz::streams;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&first, bytes)) = data.split_first() else { return Corpus::Reject };
    let stream = if first % 2 == 1 { streams::with_checksums(bytes) } else { bytes.to_vec() };
    if !streams::is_quick(&stream) {
        return Corpus::Reject;
    }
    decode(&stream);
    look_around(&stream);
    Corpus::Keep
});

fn decode(stream: &[u8]) {
    let Ok(mut decoder) = Decoder::with_options(stream, streams::options()) else { return };
    let spec = decoder.info().spec;
    let mut pcm = Vec::new();
    if decoder.read_to_end(&mut pcm).is_err() {
        assert_eq!(decoder.verification(), Verification::Unfinished);
        assert!(decoder.read(&mut [0]).is_err(), "an error is not the end");
        return;
    }
    let frames = pcm.len() as u64 / spec.frame_bytes() as u64;
    assert_eq!(decoder.total_frames(), Some(frames));
    let Verification::Md5(md5) = decoder.verification() else {
        assert_eq!(decoder.verification(), Verification::Chunks);
        return;
    };
    let options = EncodeOptions::default().with_preset(Preset::Store);
    let mut encoder = Encoder::with_options(std::io::sink(), spec, options).unwrap();
    std::io::Write::write_all(&mut encoder, &pcm).unwrap();
    assert_eq!(encoder.finish().unwrap().md5, Some(md5));
}

/// Calls everything that a seekable stream allows.
fn look_around(stream: &[u8]) {
    let Ok(mut decoder) = Decoder::with_options(Cursor::new(stream), streams::options()) else {
        return;
    };
    let _ = decoder.find_length();
    let _ = decoder.seek(0);
    let Ok(mut inspector) = Inspector::with_limits(Cursor::new(stream), streams::options().limits)
    else {
        return;
    };
    let _ = inspector.summary();
    while let Ok(Some(_)) = inspector.next_chunk() {}
    let _ = inspector.summary_so_far();
}

//! Seeking, skipping, and reading a stream in parts.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read};

use lmac::source::Restored;
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, ErrorKind, Frames, SampleFormat, Verification,
};
use lmac_support::{Signal, pcm, stream};

#[test]
fn seeking_finds_every_frame() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let frames = 2345;
    let pcm = pcm(&spec, frames, Signal::Melody, 9);
    let chunk = 100;
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(chunk));
    // The stream starts in the middle of a file; with its trailer and without.
    let mut embedded = b"something else".to_vec();
    let start = embedded.len() as u64;
    embedded.extend(&stream);
    for (length, threads) in [(embedded.len(), 1), (embedded.len() - 1, 1), (embedded.len(), 3)] {
        let mut reader = Cursor::new(&embedded[..length]);
        reader.set_position(start);
        let options = DecodeOptions::default().with_threads(threads);
        let mut decoder = Decoder::with_options(reader, options).unwrap();
        let borders = (0..=frames as u64 / chunk).flat_map(|number| {
            let border = number * chunk;
            [border.saturating_sub(1), border, border + 1]
        });
        for frame in borders.chain([2344, 2345, 7, 0]) {
            assert_eq!(decoder.seek(frame).unwrap(), frame);
            assert_eq!(decoder.position(), frame);
            let rest = &pcm[frame as usize * 4..];
            let mut next = vec![0; rest.len().min(150 * 4)];
            decoder.read_exact(&mut next).unwrap();
            assert!(next == rest[..next.len()], "frame {frame}");
        }
        for beyond in [2346, u64::MAX] {
            let error = decoder.seek(beyond).unwrap_err();
            let truncated = length < embedded.len();
            let expected = if truncated {
                matches!(
                    error.kind(),
                    ErrorKind::Malformed(_) | ErrorKind::Truncated | ErrorKind::Argument(_)
                )
            } else {
                matches!(error.kind(), ErrorKind::Argument(_))
            };
            assert!(expected, "{error}");
        }
        // Decoding goes on after an error.
        decoder.seek(2000).unwrap();
        let mut rest = Vec::new();
        let whole = decoder.read_to_end(&mut rest);
        assert_eq!(whole.is_ok(), length == embedded.len());
        assert!(rest == pcm[8000..]);
        if whole.is_ok() {
            assert_eq!(decoder.verification(), Verification::Partial);
            decoder.seek(0).unwrap();
            assert_eq!(decoder.read_to_end(&mut rest).unwrap(), pcm.len());
            assert!(matches!(decoder.verification(), Verification::Md5(_)));
        }
    }
}

#[test]
fn skipping_needs_no_seeking() {
    let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
    let pcm = pcm(&spec, 1000, Signal::Melody, 9);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(64));
    for first in [0, 1, 63, 64, 65, 500] {
        for second in [0, 1, 30, 64, 200, 2000] {
            let mut decoder = Decoder::new(stream.as_slice()).unwrap();
            decoder.skip(first);
            let mut some = [0; 10];
            decoder.read_exact(&mut some).unwrap();
            decoder.skip(second);
            let mut rest = Vec::new();
            decoder.read_to_end(&mut rest).unwrap();
            let from = first as usize;
            assert_eq!(some, pcm[from..from + 10]);
            assert_eq!(rest, pcm[(from + 10 + second as usize).min(pcm.len())..]);
        }
    }
    for far in [1 << 62, u64::MAX] {
        let mut decoder = Decoder::new(stream.as_slice()).unwrap();
        decoder.read_exact(&mut [0; 10]).unwrap();
        decoder.skip(far);
        assert_eq!(decoder.read(&mut [0]).unwrap(), 0);
    }
    let mut decoder = Decoder::new(stream.as_slice()).unwrap();
    decoder.skip(0);
    decoder.read_to_end(&mut Vec::new()).unwrap();
    assert!(matches!(decoder.verification(), Verification::Md5(_)), "nothing was skipped");
}

#[test]
fn samples_that_were_not_taken_come_next() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let pcm = pcm(&spec, 1000, Signal::Melody, 9);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(300));
    let mut decoder = Decoder::new(stream.as_slice()).unwrap();
    let first: Vec<i32> = decoder.samples().take(10).map(Result::unwrap).collect();
    assert_eq!(first.len(), 10);
    assert_eq!(decoder.position(), 5);
    let mut bytes = [0; 40];
    decoder.read_exact(&mut bytes).unwrap();
    assert!(bytes == pcm[20..60]);

    // A part of the rest, then the remainder.
    let mut restored = Restored::audio(decoder, Some(100), None);
    let mut part = Vec::new();
    restored.read_to_end(&mut part).unwrap();
    assert!(part[44..] == pcm[60..460]);
    let mut decoder = restored.into_decoder();
    assert_eq!(decoder.position(), 115);
    let mut frames = Frames::new();
    assert!(decoder.read_frames(&mut frames).unwrap());
    assert_eq!((frames.first_frame(), frames.len()), (115, 185));
    let mut rest = Vec::new();
    Restored::new(decoder).read_to_end(&mut rest).unwrap();
    assert!(rest == [lmac::source::wav_head(&spec, None), pcm[1200..].to_vec()].concat());
}

#[test]
fn a_refused_call_loses_no_audio() {
    let spec = AudioSpec::new(SampleFormat::F64, 1, 44100);
    let audio = pcm(&spec, 1000, Signal::Melody, 9);
    let coded = stream(&audio, &spec, EncodeOptions::default().with_chunk_frames(300));
    for threads in [1, 2] {
        let options = DecodeOptions::default().with_threads(threads);
        let mut decoder = Decoder::with_options(Cursor::new(&coded), options).unwrap();
        decoder.read_exact(&mut [0; 800]).unwrap();
        assert!(decoder.read_frames(&mut Frames::new()).is_err(), "no samples of 64 bits");
        assert!(decoder.samples().next().unwrap().is_err());
        assert!(decoder.seek(1001).is_err());
        let mut rest = Vec::new();
        decoder.read_to_end(&mut rest).unwrap();
        assert!(rest == audio[800..]);
        assert!(matches!(decoder.verification(), Verification::Md5(_)));
    }
}

//! No damage goes unnoticed.

use std::io::{Cursor, Read};

use lmac::{DecodeOptions, Decoder, EncodeOptions, Error, ErrorKind, Inspector, Place};
use lmac_support::{Signal, pcm, stream};

use crate::small::{SPEC, decode, streams, ten_chunks};

#[test]
fn every_cut_is_noticed() {
    for (stream, pcm) in streams() {
        for cut in 0..stream.len() {
            let (back, result) = decode(&stream[..cut], false);
            let error = result.expect_err("cut off");
            assert!(matches!(error.kind(), ErrorKind::Truncated), "cut at {cut}: {error}");
            assert!(pcm.starts_with(&back), "cut at {cut}");
            // With random access as well.
            if let Ok(mut inspector) = Inspector::new(Cursor::new(&stream[..cut])) {
                assert!(!inspector.summary().unwrap().complete);
            }
            if let Ok(mut decoder) = Decoder::new(Cursor::new(&stream[..cut])) {
                assert_eq!(decoder.find_length().unwrap(), None);
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for (stream, pcm) in streams() {
        for bit in 0..8 * stream.len() {
            let mut damaged = stream.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let (back, result) = decode(&damaged, false);
            let error = result.expect_err("damaged");
            assert!(pcm.starts_with(&back), "bit {bit}: {error}");
            // Also after reading the trailer first.
            let ended = Decoder::new(Cursor::new(&damaged)).and_then(|mut decoder| {
                decoder.find_length()?;
                decoder.read_to_end(&mut Vec::new())?;
                decoder.expect_end()
            });
            assert!(ended.is_err(), "bit {bit} after a look at the end");
            // No other way into the stream panics or hangs.
            let _ = decode(&damaged, true);
            if let Ok(mut decoder) = Decoder::new(Cursor::new(&damaged)) {
                let _ = decoder.find_length();
                let _ = decoder.seek(pcm.len() as u64 / 8);
                let _ = decoder.read_to_end(&mut Vec::new());
                let _ = decoder.seek(0);
                let _ = decoder.read_to_end(&mut Vec::new());
            }
            if let Ok(mut inspector) = Inspector::new(Cursor::new(&damaged)) {
                let _ = inspector.summary();
                while let Ok(Some(_)) = inspector.next_chunk() {}
            }
        }
    }
}

#[test]
fn bytes_behind_a_stream_are_noticed() {
    for (stream, _) in streams() {
        let (_, result) = decode(&[&stream[..], &[0]].concat(), false);
        assert_eq!(result.unwrap_err().place(), Some(Place::Trailer));
        let (_, result) = decode(&[&stream[..], &stream].concat(), false);
        assert!(result.is_err());
    }
}

#[test]
fn an_error_names_its_chunk() {
    let pcm = pcm(&SPEC(), 1000, Signal::Melody, 4);
    let stream = stream(&pcm, &SPEC(), EncodeOptions::default().with_chunk_frames(100));
    let mut inspector = Inspector::new(stream.as_slice()).unwrap();
    let mut offsets = Vec::new();
    while let Some(chunk) = inspector.next_chunk().unwrap() {
        offsets.push(chunk.offset as usize);
    }
    for (number, offset) in offsets.into_iter().enumerate() {
        let mut damaged = stream.clone();
        damaged[offset + 30] ^= 4;
        for threads in [1, 3] {
            let options = DecodeOptions::default().with_threads(threads);
            let mut decoder = Decoder::with_options(damaged.as_slice(), options).unwrap();
            let mut back = Vec::new();
            let error = Error::from(decoder.read_to_end(&mut back).unwrap_err());
            assert_eq!(
                error.to_string(),
                format!("chunk {number}: checksum mismatch (stored bytes)")
            );
            assert!(back == pcm[..number * 400], "the chunks before are good");
            let again = Error::from(decoder.read(&mut [0]).unwrap_err());
            assert!(matches!(again.kind(), ErrorKind::AlreadyFailed), "{again}");
        }
    }
}

#[test]
fn bytes_behind_a_stream_do_not_hide_its_trailer() {
    let (stream, ..) = ten_chunks(4);
    let summary = |stream: &[u8]| Inspector::new(Cursor::new(stream)).unwrap().summary().unwrap();
    let junk = [&stream[..], b"junk"].concat();
    let found = summary(&junk);
    assert!(found.complete);
    assert_eq!((found.md5, found.frames), (summary(&stream).md5, 1000));
    let mut decoder = Decoder::new(Cursor::new(&junk)).unwrap();
    assert_eq!(decoder.find_length().unwrap(), Some(1000));
}

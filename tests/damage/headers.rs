//! Recovery of streams whose start is damaged.

use std::io::{Cursor, Read};

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, EncodeOptions, Verification};
use lmac_support::{Signal, pcm, stream};

use crate::small::{SPEC, ten_chunks};
use crate::subject::Subject;

#[test]
fn a_header_comes_back_from_the_trailer() {
    let (stream, pcm, chunks) = ten_chunks(4);
    for at in 0..chunks[0].start {
        let mut damaged = stream.clone();
        damaged[at] ^= 0x10;
        assert!(Decoder::new(damaged.as_slice()).is_err());
        let mut decoder =
            Decoder::recover(Cursor::new(&damaged), DecodeOptions::default()).unwrap();
        assert!(decoder.damage().header_restored);
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        assert!(back == pcm);
    }
    let garbage = vec![7; 1000];
    assert!(Decoder::recover(Cursor::new(&garbage), DecodeOptions::default()).is_err());
}

#[test]
fn a_wav_file_keeps_its_good_parts() {
    let pcm = pcm(&SPEC(), 300, Signal::Melody, 4);
    let head = lmac::source::wav_head(&SPEC().with_channel_mask(3), Some(300));
    let wav = [&head[..], &pcm, b"LIST\x04\0\0\0tail"].concat();
    let options = EncodeOptions::default().with_chunk_frames(100);
    let stream = lmac::source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap().writer;
    let mut intact = 0;
    for at in 0..stream.len() {
        let mut damaged = stream.clone();
        damaged[at] ^= 0x20;
        let Ok(decoder) = Decoder::recover(Cursor::new(&damaged), DecodeOptions::default()) else {
            panic!("the header at {at} is in the trailer, and the other way round");
        };
        let mut restored = Restored::new(decoder);
        let mut back = Vec::new();
        restored.read_to_end(&mut back).unwrap();
        let damage = restored.decoder().damage();
        assert!(damage.any(), "byte {at}");
        let lost = damage.lost_frames > 0 || damage.head_lost || damage.tail_lost;
        if !lost {
            assert!(back == wav, "byte {at}: {damage:?}");
            intact += 1;
        }
    }
    assert!(intact > 30);
}

#[test]
fn a_header_without_a_copy_comes_back_by_its_checksum() {
    let audio = pcm(&SPEC(), 60, Signal::Melody, 4);
    let stream = stream(&audio, &SPEC(), EncodeOptions::default());
    let subject = Subject::new("one chunk", stream, DecodeOptions::default());
    for at in subject.header.clone() {
        let mut damaged = subject.stream.clone();
        damaged[at] ^= 0x81;
        assert!(Decoder::new(damaged.as_slice()).is_err());
        let options = DecodeOptions::default();
        let mut piped = Decoder::recover_in_one_pass(damaged.as_slice(), options.clone()).unwrap();
        let mut file = Decoder::recover(Cursor::new(&damaged), options).unwrap();
        for damage in [piped.damage(), file.damage()] {
            assert!(damage.header_repaired && !damage.header_restored);
            assert!(damage.first_error.as_ref().is_some_and(|error| error.starts_with("header: ")));
        }
        let mut back = Vec::new();
        piped.read_to_end(&mut back).unwrap();
        assert!(back == audio, "byte {at}");
        assert_eq!(file.find_length().unwrap(), Some(60));
        back.clear();
        file.read_to_end(&mut back).unwrap();
        assert!(back == audio, "byte {at}");
        assert_eq!(file.verification(), Verification::Damaged);
    }
    let mut beyond = subject.stream.clone();
    beyond[9..12].fill(0);
    assert!(Decoder::recover(Cursor::new(&beyond), DecodeOptions::default()).is_err());
}

//! Damage is noticed, named and contained.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::io::{Cursor, Read};

use common::{Random, Signal, pcm, stream};
use lmac::source::Restored;
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Error, ErrorKind, Place, Preset,
    SampleFormat, Verification,
};

const SPEC: fn() -> AudioSpec = || AudioSpec::new(SampleFormat::S16, 2, 44100);

/// Small streams of every shape: with their PCM.
fn streams() -> Vec<(Vec<u8>, Vec<u8>)> {
    let audio = |signal, frames| pcm(&SPEC(), frames, signal, 4);
    let options = EncodeOptions::default;
    let mixed = [
        audio(Signal::Melody, 60),
        audio(Signal::Silence, 30),
        audio(Signal::Constant, 1).repeat(30),
        audio(Signal::Noise, 30),
    ]
    .concat();
    let mut all: Vec<_> = [
        (Vec::new(), options()),
        (audio(Signal::Melody, 50), options()),
        (audio(Signal::Melody, 50), options().with_declared_frames(50).with_md5(false)),
        (mixed.clone(), options().with_chunk_frames(30)),
        (mixed.clone(), options().with_chunk_frames(30).with_declared_frames(150)),
        (audio(Signal::Noise, 40), options().with_preset(Preset::Store)),
    ]
    .map(|(pcm, options)| (stream(&pcm, &SPEC(), options), pcm))
    .into();
    // A WAV file with something around the audio.
    let mut wav = lmac::source::wav_head(&SPEC().with_channel_mask(3), Some(150));
    wav.extend(&mixed);
    wav.extend(b"LIST\x04\0\0\0tail");
    let options = options().with_chunk_frames(100);
    let finished = lmac::source::encode_wav(wav.as_slice(), Vec::new(), &options).unwrap();
    all.push((finished.writer, mixed));
    all
}

/// What comes out of a stream, and how it ends.
fn decode(stream: &[u8], recover: bool) -> (Vec<u8>, Result<Verification, Error>) {
    let options = DecodeOptions::default().with_recover(recover);
    let mut pcm = Vec::new();
    let result = Decoder::with_options(stream, options).and_then(|mut decoder| {
        decoder.read_to_end(&mut pcm)?;
        decoder.expect_end()?;
        Ok(decoder.verification())
    });
    (pcm, result)
}

#[test]
fn every_cut_is_noticed() {
    for (stream, pcm) in streams() {
        for cut in 0..stream.len() {
            let (back, result) = decode(&stream[..cut], false);
            let error = result.expect_err("cut off");
            assert!(matches!(error.kind(), ErrorKind::Truncated), "cut at {cut}: {error}");
            assert!(pcm.starts_with(&back), "cut at {cut}");
            // With random access as well.
            if let Ok(mut decoder) = Decoder::new(Cursor::new(&stream[..cut])) {
                assert!(!decoder.summary().unwrap().complete);
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
            // Nor does any other way into the stream panic or go on for ever.
            let _ = decode(&damaged, true);
            if let Ok(mut decoder) = Decoder::new(Cursor::new(&damaged)) {
                let _ = decoder.summary();
                let _ = decoder.seek(pcm.len() as u64 / 8);
                let _ = decoder.read_to_end(&mut Vec::new());
                let _ = decoder.seek(0);
                while let Ok(Some(_)) = decoder.next_chunk_info() {}
            }
        }
    }
}

#[test]
fn what_follows_a_stream_is_noticed() {
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
    let mut decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut offsets = Vec::new();
    while let Some(chunk) = decoder.next_chunk_info().unwrap() {
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
            assert!(back == pcm[..number * 400], "what came before is good");
            let again = Error::from(decoder.read(&mut [0]).unwrap_err());
            assert!(matches!(again.kind(), ErrorKind::AlreadyFailed), "an error is no end");
        }
    }
}

/// A stream of ten chunks, its PCM, and where the chunks are.
fn ten_chunks(seed: u64) -> (Vec<u8>, Vec<u8>, Vec<std::ops::Range<usize>>) {
    let pcm = pcm(&SPEC(), 1000, Signal::Melody, seed);
    let stream = stream(&pcm, &SPEC(), EncodeOptions::default().with_chunk_frames(100));
    let mut decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut chunks = Vec::new();
    while let Some(chunk) = decoder.next_chunk_info().unwrap() {
        chunks.push(chunk.offset as usize..(chunk.offset + chunk.bytes) as usize);
    }
    (stream, pcm, chunks)
}

fn silenced(pcm: &[u8], chunks: std::ops::Range<usize>) -> Vec<u8> {
    let mut pcm = pcm.to_vec();
    pcm[chunks.start * 400..chunks.end * 400].fill(0);
    pcm
}

#[test]
fn recovery_loses_only_what_was_damaged() {
    let (stream, pcm, chunks) = ten_chunks(4);
    let mut random = Random::new(1);
    for round in 0..400 {
        let number = random.below(10) as usize;
        let at = chunks[number].start + random.below(chunks[number].len() as u64) as usize;
        let length = (1 + random.below(40) as usize).min(chunks[number].end - at);
        let mut damaged = stream.clone();
        match round % 4 {
            0 => damaged[at..at + length].iter_mut().for_each(|byte| *byte ^= 0x55),
            1 => drop(damaged.drain(at..at + length)),
            2 => drop(damaged.splice(at..at, (0..length).map(|byte| byte as u8))),
            _ => drop(damaged.drain(chunks[number].clone())),
        }
        let mut decoder = Decoder::with_options(
            damaged.as_slice(),
            DecodeOptions::default().with_recover(true).with_threads(1 + round % 2),
        )
        .unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        // Bytes put in before a chunk take nothing from it.
        let nothing_lost = round % 4 == 2 && at == chunks[number].start;
        let lost = if nothing_lost { 0..0 } else { number..number + 1 };
        assert!(back == silenced(&pcm, lost.clone()), "round {round}");
        let damage = decoder.damage();
        assert_eq!(decoder.verification(), Verification::Damaged);
        assert_eq!(damage.lost_frames, 100 * lost.len() as u64);
        if !nothing_lost {
            let first = 100 * number as u64;
            assert_eq!(damage.lost, vec![first..first + 100]);
        }
        assert!(damage.first_error.is_some());
        assert!(!damage.truncated);
    }
}

#[test]
fn recovery_keeps_order() {
    let (stream, pcm, chunks) = ten_chunks(4);
    let header = &stream[..chunks[0].start];
    let trailer = &stream[chunks[9].end..];
    let arranged = |order: &[usize]| {
        let body: Vec<u8> =
            order.iter().flat_map(|&chunk| stream[chunks[chunk].clone()].to_vec()).collect();
        [header, &body, trailer].concat()
    };
    let recovered = |order: &[usize]| decode(&arranged(order), true).0;

    let doubled = [0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert!(recovered(&doubled) == pcm);
    assert!(decode(&arranged(&doubled), false).1.is_err());
    // A chunk that comes too late has been given up already.
    assert!(recovered(&[0, 2, 1, 3, 4, 5, 6, 7, 8, 9]) == silenced(&pcm, 1..2));
    // The end is lost, and the trailer knows how long it was.
    assert!(recovered(&[0, 1, 2, 3, 4, 5, 6, 7, 8]) == silenced(&pcm, 9..10));
}

#[test]
fn chunks_of_another_stream_are_noticed() {
    let (stream, pcm, chunks) = ten_chunks(4);
    let (other, _, other_chunks) = ten_chunks(5);
    for number in 0..10 {
        let mut spliced = stream.clone();
        spliced.splice(chunks[number].clone(), other[other_chunks[number].clone()].to_vec());
        let (back, result) = decode(&spliced, false);
        assert_eq!(result.unwrap_err().place(), Some(Place::Chunk(number as u64)));
        assert!(back == pcm[..400 * number]);
        assert!(decode(&spliced, true).0 == silenced(&pcm, number..number + 1));
    }
}

#[test]
fn recovery_of_a_cut_stream_gives_all_whole_chunks() {
    let (stream, pcm, chunks) = ten_chunks(4);
    for cut in chunks[0].start..stream.len() {
        let mut decoder =
            Decoder::with_options(&stream[..cut], DecodeOptions::default().with_recover(true))
                .unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        let whole = chunks.iter().filter(|chunk| chunk.end <= cut).count();
        assert!(back == pcm[..400 * whole], "cut at {cut}");
        assert!(decoder.damage().truncated);
    }
}

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
fn recovery_can_seek() {
    let (mut stream, pcm, chunks) = ten_chunks(4);
    stream[chunks[3].start + 20] ^= 1;
    let expected = silenced(&pcm, 3..4);
    let mut decoder = Decoder::recover(Cursor::new(&stream), DecodeOptions::default()).unwrap();
    for frame in [299, 300, 301, 350, 399, 400, 0, 999] {
        assert_eq!(decoder.seek(frame).unwrap(), frame);
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        assert!(back == expected[frame as usize * 4..], "frame {frame}");
    }
}

#[test]
fn a_wav_file_keeps_its_good_parts() {
    let pcm = pcm(&SPEC(), 300, Signal::Melody, 4);
    let head = lmac::source::wav_head(&SPEC().with_channel_mask(3), Some(300));
    let wav = [&head[..], &pcm, b"LIST\x04\0\0\0tail"].concat();
    let options = EncodeOptions::default().with_chunk_frames(100);
    let stream = lmac::source::encode_wav(wav.as_slice(), Vec::new(), &options).unwrap().writer;
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
fn recovery_bridges_a_long_gap() {
    let pcm = pcm(&SPEC(), 2000, Signal::Melody, 4);
    let stream = stream(&pcm, &SPEC(), EncodeOptions::default().with_chunk_frames(10));
    let mut decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut offsets = Vec::new();
    while let Some(chunk) = decoder.next_chunk_info().unwrap() {
        offsets.push(chunk.offset as usize);
    }
    // Twenty chunks are gone without a trace: what comes after them must pay for them.
    let mut damaged = stream.clone();
    damaged.drain(offsets[10]..offsets[30]);
    let (back, result) = decode(&damaged, true);
    assert_eq!(result.unwrap(), Verification::Damaged);
    assert_eq!(back.len(), pcm.len());
    assert!(back[..400] == pcm[..400]);
    let good = back.chunks(40).zip(pcm.chunks(40)).filter(|(back, pcm)| back == pcm).count();
    assert!(good >= 160, "{good} of 200 chunks");
}

#[test]
fn recovery_goes_on_behind_what_it_does_not_know() {
    use common::bytes::Builder;
    let body = [2 << 3 | 1, 0x45, 0x04, 4, 1, 2, 3, 4];
    let stored = |builder: Builder, first: u8, pcm: &[u8]| {
        builder.chunk(0, &[first, pcm.len() as u8 / 2], pcm, pcm)
    };
    let first = stored(Builder::new([0, 1], &body), 0, &[1, 0, 2, 0]);
    let damage_at = first.bytes.len() - 3;
    let unknown = first.block(0x1F, 77, b"critical");
    let mut stream = stored(unknown, 2, &[3, 0, 4, 0]).bytes;
    assert_eq!(decode(&stream, true).0, [1, 0, 2, 0, 3, 0, 4, 0]);
    stream[damage_at] ^= 1;
    assert_eq!(decode(&stream, true).0, [0, 0, 0, 0, 3, 0, 4, 0]);
}

#[test]
fn recovery_of_nothing_but_beginnings_comes_to_an_end() {
    let (stream, _, chunks) = ten_chunks(4);
    let mut hostile = stream[..chunks[0].start].to_vec();
    // Each says that it is a chunk of nearly four hundred bytes, over and over.
    for _ in 0..300_000 {
        hostile.extend([0xD6, 0x9B, 0, 0, 100, 0x8F, 0x03]);
    }
    let (back, result) = decode(&hostile, true);
    assert!(back.is_empty() && matches!(result, Ok(Verification::Damaged)));
}

#[test]
fn a_second_pass_counts_damage_once() {
    let (mut stream, _, chunks) = ten_chunks(4);
    stream[chunks[3].start + 20] ^= 1;
    let mut decoder = Decoder::recover(Cursor::new(&stream), DecodeOptions::default()).unwrap();
    for _ in 0..2 {
        decoder.seek(0).unwrap();
        decoder.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(decoder.damage().lost_frames, 100);
    }
}

#[test]
fn junk_behind_a_stream_hides_nothing_of_it() {
    let (stream, ..) = ten_chunks(4);
    let summary = |stream: &[u8]| Decoder::new(Cursor::new(stream)).unwrap().summary().unwrap();
    let junk = [&stream[..], b"junk"].concat();
    let found = summary(&junk);
    assert!(found.complete);
    assert_eq!((found.md5, found.frames), (summary(&stream).md5, 1000));
}

#[test]
fn anything_at_all_is_survived() {
    let all = streams();
    let mut random = Random::new(3);
    for round in 0..20_000 {
        let (stream, _) = &all[round % all.len()];
        let mut damaged = stream.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(damaged.len() as u64) as usize;
            match random.below(4) {
                0 => damaged[at] = random.next() as u8,
                1 => damaged.truncate(at + 1),
                2 => damaged.insert(at, random.next() as u8),
                _ => drop(damaged.remove(at)),
            }
            if damaged.is_empty() {
                damaged.push(0);
            }
        }
        let _ = decode(&damaged, true);
        let mut decoder = match Decoder::recover(Cursor::new(&damaged), DecodeOptions::default()) {
            Ok(decoder) => decoder,
            Err(_) => continue,
        };
        let _ = decoder.seek(random.below(200));
        let mut restored = Restored::new(decoder);
        let _ = restored.read_to_end(&mut Vec::new());
    }
}

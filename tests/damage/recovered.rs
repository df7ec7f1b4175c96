//! Recovery brings back everything that was not damaged.

use std::io::{Cursor, Read};

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, EncodeOptions, Inspector, Verification};
use lmac_support::{Random, Signal, pcm, stream};

use crate::small::{SPEC, decode, silenced, ten_chunks};
use crate::subject::Subject;

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
        let options = DecodeOptions::default().with_threads(1 + round % 2);
        let mut decoder = Decoder::recover_in_one_pass(damaged.as_slice(), options).unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        // Bytes inserted in front of a chunk do not damage it.
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
    // A chunk that comes too early waits for the one before it.
    assert!(recovered(&[0, 2, 1, 3, 4, 5, 6, 7, 8, 9]) == pcm);
    // One that comes later than that has been given up; the others are there.
    assert!(recovered(&[0, 1, 7, 3, 4, 5, 6, 2, 8, 9]) == silenced(&pcm, 2..3));
    assert!(recovered(&[9, 0, 1, 2, 3, 4, 5, 6, 7, 8]) == pcm);
    assert!(recovered(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]) == silenced(&pcm, 0..1));
    // The end is lost, and the trailer has its length.
    assert!(recovered(&[0, 1, 2, 3, 4, 5, 6, 7, 8]) == silenced(&pcm, 9..10));
}

#[test]
fn recovery_of_a_cut_stream_gives_all_whole_chunks() {
    let (stream, pcm, chunks) = ten_chunks(4);
    for cut in chunks[0].start..stream.len() {
        let mut decoder =
            Decoder::recover_in_one_pass(&stream[..cut], DecodeOptions::default()).unwrap();
        let mut back = Vec::new();
        decoder.read_to_end(&mut back).unwrap();
        let whole = chunks.iter().filter(|chunk| chunk.end <= cut).count();
        assert!(back == pcm[..400 * whole], "cut at {cut}");
        assert!(decoder.damage().truncated);
    }
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
fn recovery_bridges_a_long_gap() {
    let pcm = pcm(&SPEC(), 2000, Signal::Melody, 4);
    let stream = stream(&pcm, &SPEC(), EncodeOptions::default().with_chunk_frames(10));
    let mut inspector = Inspector::new(stream.as_slice()).unwrap();
    let mut offsets = Vec::new();
    while let Some(chunk) = inspector.next_chunk().unwrap() {
        offsets.push(chunk.offset as usize);
    }
    // Twenty chunks are gone without a trace: the next one comes twenty chunks late.
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
fn recovery_passes_over_unknown_items() {
    use lmac_support::bytes::Builder;
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

/// Returns a WAV file of three chunks with bytes behind its audio.
fn with_a_tail() -> Subject {
    let audio = pcm(&SPEC(), 300, Signal::Melody, 4);
    let head = lmac::source::wav_head(&SPEC().with_channel_mask(3), Some(300));
    let wav = [&head[..], &audio, b"LIST\x04\0\0\0tail"].concat();
    let options = EncodeOptions::default().with_chunk_frames(100);
    let stream = lmac::source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap().writer;
    Subject::new("with a tail", stream, DecodeOptions::default())
}

#[test]
fn frames_lost_at_the_end_are_silent_before_the_tail() {
    let subject = with_a_tail();
    let mut damaged = subject.stream.clone();
    damaged.drain(subject.chunks[2].bytes.clone());
    let options = DecodeOptions::default();
    let decoder = Decoder::recover_in_one_pass(damaged.as_slice(), options).unwrap();
    let mut back = Vec::new();
    Restored::new(decoder).read_to_end(&mut back).unwrap();
    let head = lmac::source::wav_head(&SPEC().with_channel_mask(3), Some(300)).len();
    let mut expected = subject.file;
    expected[head + 800..head + 1200].fill(0);
    assert!(back == expected);
}

/// Returns a WAV file whose head takes two blocks.
fn wav_with_a_long_head() -> Vec<u8> {
    let audio = pcm(&SPEC(), 300, Signal::Melody, 4);
    let head = lmac::source::wav_head(&SPEC(), Some(300));
    let junk = [&b"junk"[..], &1_500_000u32.to_le_bytes(), &[7; 1_500_000]].concat();
    let length = (head.len() - 8 + junk.len() + audio.len()) as u32;
    [b"RIFF", &length.to_le_bytes()[..], b"WAVE", &junk, &head[12..], &audio].concat()
}

#[test]
fn an_incomplete_head_is_lost() {
    let wav = wav_with_a_long_head();
    let options = EncodeOptions::default().with_chunk_frames(100);
    let stream = lmac::source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap().writer;
    let subject = Subject::new("with a long head", stream, DecodeOptions::default());
    let first = Decoder::new(subject.stream.as_slice()).unwrap().info().spec;
    assert_eq!(first, SPEC());
    let chunks = subject.chunks[0].bytes.start;
    // Somewhere in the first block, its sync and its type, and the same of the second one.
    let second = subject.stream[100..chunks].windows(2).position(|bytes| bytes == [0xD6, 0x9B]);
    let second = 100 + second.unwrap();
    let header = subject.stream.windows(2).position(|bytes| bytes == [0xD6, 0x9B]).unwrap();
    for block in [header, second] {
        for place in [0, 3, 30] {
            let mut damaged = subject.stream.clone();
            damaged[block + place] ^= 2;
            let plain = Decoder::new(Cursor::new(&damaged)).and_then(|mut decoder| {
                decoder.find_length()?;
                Restored::new(decoder).read_to_end(&mut Vec::new())?;
                Ok(())
            });
            assert!(plain.is_err(), "byte {place} of the block at {block}");

            let mut decoder =
                Decoder::recover(Cursor::new(&damaged), DecodeOptions::default()).unwrap();
            decoder.find_length().unwrap();
            let mut back = Vec::new();
            decoder.read_to_end(&mut back).unwrap();
            assert!(decoder.damage().head_lost, "byte {place} of the block at {block}");
            assert!(back == subject.pcm);
        }
    }
}

#[test]
fn an_early_tail_loses_no_chunks() {
    let subject = with_a_tail();
    let end = subject.chunks[2].bytes.end;
    let tail = end..end + subject.stream[end..].windows(4).position(|b| b == b"tail").unwrap() + 8;
    let mut damaged = subject.stream.clone();
    let block: Vec<u8> = damaged.drain(tail).collect();
    let before = subject.chunks[1].bytes.start;
    damaged.splice(before..before, block);
    let options = DecodeOptions::default();
    let mut decoder = Decoder::recover_in_one_pass(damaged.as_slice(), options).unwrap();
    let mut back = Vec::new();
    decoder.read_to_end(&mut back).unwrap();
    assert!(back == subject.pcm);
    assert!(decoder.damage().tail_lost);
    assert_eq!(decoder.damage().lost_frames, 0);
}

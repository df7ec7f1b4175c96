//! Streams whose decisions are damaged or hostile.

use std::io::{Cursor, Read};

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, Inspector};
use lmac_support::Random;
use lmac_support::bytes::varint;
use lmac_support::flac::Shape;
use lmac_support::parts::{DECISIONS, Item, Parts, TAIL};

use crate::subject::{audio, built, encode, options, try_restore};

/// A stream of a FLAC file with a tail.
fn stream() -> Vec<u8> {
    let shape = Shape { channels: 2, bits: 16, rate: 44100 };
    let file = [built(shape, &[700; 9], 4).file, b"TAG".to_vec()].concat();
    encode(&file, &options()).unwrap().writer
}

/// Asserts that the file does not come back, and that its audio does in every way.
#[track_caller]
fn is_noticed(parts: &Parts, expected: &str) {
    let stream = parts.stream();
    let error = try_restore(&stream).map(|_| "the file").unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    has_its_audio(&stream);
}

fn recovered(stream: &[u8]) -> Vec<u8> {
    let mut pcm = Vec::new();
    let decoder = Decoder::recover(Cursor::new(stream), DecodeOptions::default());
    decoder.unwrap().read_to_end(&mut pcm).unwrap();
    pcm
}

/// Asserts that the audio of a stream is that of the sound one.
#[track_caller]
fn has_its_audio(stream: &[u8]) {
    let pcm = audio(&self::stream());
    assert!(recovered(stream) == pcm);
    let mut inspector = Inspector::new(Cursor::new(stream)).unwrap();
    let mut frames = 0;
    while let Ok(Some(chunk)) = inspector.next_chunk() {
        frames += chunk.frames;
    }
    assert_eq!(frames, 6300);
    let mut decoder = Decoder::new(Cursor::new(stream)).unwrap();
    decoder.seek(3333).unwrap();
    let mut part = [0; 8];
    decoder.read_exact(&mut part).unwrap();
    assert!(part == pcm[4 * 3333..][..8]);
}

#[test]
fn a_stream_in_its_parts() {
    let stream = stream();
    assert!(Parts::of(&stream).stream() == stream);
    assert_eq!(Parts::of(&stream).decisions().len(), 6);
}

#[test]
fn damaged_blocks() {
    let sound = stream();
    let parts = Parts::of(&sound);
    let mut offset = parts.header.len();
    for item in &parts.items {
        let length = match item {
            Item::Chunk(_, bytes) => bytes.len() + 4,
            Item::Block(kind, data) | Item::Sparse(kind, data) => {
                let length = varint(data.len() as u64).len() + varint(*kind).len();
                if *kind == DECISIONS {
                    for at in [0, 5, 5 + data.len() / 2, 5 + data.len()] {
                        let mut damaged = sound.clone();
                        damaged[offset + at] ^= 4;
                        assert!(try_restore(&damaged).is_err());
                        assert!(recovered(&damaged) == audio(&sound));
                    }
                }
                7 + length + data.len()
            }
        };
        offset += length;
    }
}

#[test]
fn blocks_in_wrong_places() {
    let parts = Parts::of(&stream());
    let blocks = parts.decisions();
    for &at in &blocks {
        let mut missing = parts.clone();
        missing.items.remove(at);
        is_noticed(&missing, "decisions");
        let mut doubled = parts.clone();
        doubled.items.insert(at, parts.items[at].clone());
        is_noticed(&doubled, "a block of decisions begins with the frame");
        let mut late = parts.clone();
        late.items.swap(at, at + 1);
        is_noticed(&late, "decisions from the frame");
        let mut swapped = parts.clone();
        swapped.items.swap(at, blocks[(at + 1) % blocks.len()]);
        if swapped.items != parts.items {
            is_noticed(&swapped, "decisions");
        }
    }
    let tail = parts.items.iter().position(|item| matches!(item, Item::Block(TAIL, _))).unwrap();
    let mut behind = parts.clone();
    behind.items.insert(tail + 1, parts.items[blocks[0]].clone());
    let stream = behind.stream();
    let error = try_restore(&stream).unwrap_err().to_string();
    assert!(error.contains("decisions stand behind the tail"), "{error}");
    let mut none = parts.clone();
    none.items.retain(|item| !matches!(item, Item::Block(DECISIONS, _)));
    is_noticed(&none, "decisions from the frame");
}

/// The fields that a block of decisions begins with, and its symbols.
fn fields(data: &[u8]) -> ([u64; 5], &[u8]) {
    let mut rest = data;
    let fields = [(); 5].map(|()| {
        let length = 1 + rest.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let (field, behind) = rest.split_at(length);
        rest = behind;
        field.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7F))
    });
    (fields, rest)
}

#[test]
fn wrong_heads_of_blocks() {
    const FIRST: usize = 0;
    const FRAMES: usize = 1;
    const POSITION: usize = 2;
    const LENGTH: usize = 3;
    const RECORDS: usize = 4;
    let parts = Parts::of(&stream());
    let blocks = parts.decisions();
    let with = |at: usize, data: Vec<u8>| {
        let mut wrong = parts.clone();
        *wrong.data(at) = data;
        wrong
    };
    let head = |head: [u64; 5]| head.map(varint).concat();
    let begins = "a block of decisions begins with the frame";
    for &at in [blocks[0], blocks[3]].iter() {
        let data = parts.clone().data(at).clone();
        let (right, symbols) = fields(&data);
        for (field, value, expected) in [
            (FIRST, right[FIRST] + 1, begins),
            (FIRST, u64::MAX, begins),
            (FRAMES, right[FRAMES] + 1, "decisions"),
            (FRAMES, right[FRAMES] - 1, "decisions"),
            (FRAMES, 66_536, "66535 frames and"),
            (FRAMES, u64::MAX, "are allowed"),
            (POSITION, right[POSITION] + 1, begins),
            (LENGTH, right[LENGTH] + 1, begins),
            (RECORDS, 0, "decisions"),
            (RECORDS, right[RECORDS] - 1, "decisions"),
            (RECORDS, u64::MAX, "decisions"),
            (RECORDS, 1 << 40, "decisions"),
        ] {
            let mut wrong = right;
            wrong[field] = value;
            is_noticed(&with(at, [&head(wrong), symbols].concat()), expected);
        }
        let endless = [right[FIRST], right[FRAMES], right[POSITION], right[LENGTH], u64::MAX];
        is_noticed(&with(at, head(endless)), "decisions");
        is_noticed(&with(at, [head(endless), vec![0xFF; 9]].concat()), "decisions");
        is_noticed(&with(at, varint(right[FIRST])), "ends within its head");
        is_noticed(&with(at, Vec::new()), "ends within its head");
    }
    // Behind the last block, no other one shows that a length is wrong.
    let last = blocks[blocks.len() - 1];
    let data = parts.clone().data(last).clone();
    let (right, symbols) = fields(&data);
    for (length, expected) in [
        (0, "make more bytes of the file"),
        (right[LENGTH] - 1, "make more bytes of the file"),
        (right[LENGTH] + 1, "leaves out 0 of its frames and 1 of its bytes"),
        (u64::MAX, "of its bytes"),
    ] {
        let mut wrong = right;
        wrong[LENGTH] = length;
        is_noticed(&with(last, [&head(wrong), symbols].concat()), expected);
    }
}

#[test]
fn records_of_random_bytes() {
    let parts = Parts::of(&stream());
    let blocks = parts.decisions();
    let mut restored = 0;
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let mut wrong = parts.clone();
        let at = blocks[random.below(blocks.len() as u64) as usize];
        let data = wrong.data(at);
        match random.below(4) {
            // Nonsense from some byte on, behind a head that is right.
            0 => {
                let head = data.len() - fields(data).1.len();
                let from = head + random.below((data.len() - head) as u64) as usize;
                data[from..].iter_mut().for_each(|byte| *byte = random.next_u64() as u8);
            }
            1 => {
                let at = random.below(data.len() as u64) as usize;
                data[at] ^= 1 << random.below(8);
            }
            2 => {
                let at = random.below(data.len() as u64) as usize;
                data.truncate(at);
            }
            _ => {
                let head: Vec<u8> = data[..data.len() - fields(data).1.len()].to_vec();
                let byte = [0, 0xFF, 0x80, 1][random.below(4) as usize];
                *data = [&head[..], &vec![byte; random.below(200) as usize]].concat();
            }
        }
        let stream = wrong.stream();
        // Damage that a checksum hides can give wrong bytes, but not many.
        if let Ok(file) = try_restore(&stream) {
            assert!(file.len() < 10 << 20);
            restored += 1;
        }
        let mut pcm = Vec::new();
        Decoder::new(stream.as_slice()).unwrap().read_to_end(&mut pcm).unwrap();
        assert_eq!(pcm.len(), 4 * 6300);
    }
    assert!(restored < 3000);
}

/// Restoring with recovery ends too, with the file or an error.
#[test]
fn recovered_streams_restore_or_fail() {
    let sound = stream();
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let mut damaged = sound.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(damaged.len() as u64) as usize;
            match random.below(3) {
                0 => damaged[at] ^= 1,
                1 => damaged.truncate(at.max(100)),
                _ => drop(damaged.drain(at..(at + 50).min(damaged.len()))),
            }
        }
        let decoder = Decoder::recover(Cursor::new(&damaged), DecodeOptions::default());
        let Ok(decoder) = decoder else { continue };
        let _ = Restored::new(decoder).read_to_end(&mut Vec::new());
    }
}

//! Hostile chunks.

use lmac::{DecodeOptions, ErrorKind};
use lmac_support::Random;
use lmac_support::bytes::{Builder, varint};
use lmac_support::memory::{Turn, Used};

use crate::hostile::{
    MIB, READER, Shape, WAYS, assert_takes_at_most, assert_with, cut_off, error_of, fields,
    with_memory,
};

/// Frames of the largest chunk of one channel of 16 bits.
const LARGEST: u64 = 1 << 27;

#[test]
fn a_payload_of_any_length() {
    let turn = Turn::take();
    let shape = Shape::new(1, LARGEST);
    for length in [LARGEST, 2 * LARGEST, 2 * LARGEST + 1, u64::MAX] {
        for method in [0x00, 0x01, 0x02, 0x23] {
            let head = [&[method][..], &fields(0, LARGEST), &varint(length), &[0; 4]];
            // Bytes of it that are there.
            for there in [0, 5000, 3_000_000] {
                let stream = [cut_off(shape.start(), &head), vec![7; there]].concat();
                // It is copied as it grows.
                assert_takes_at_most(&turn, &stream, READER + 3 * there as u64);
            }
        }
    }
}

#[test]
fn much_audio_in_few_bytes() {
    let turn = Turn::take();
    let silence = |chunks: u64| {
        let mut builder = Shape::new(1, 4 * MIB).start();
        let pcm = vec![0; 8 << 20];
        for chunk in 0..chunks {
            builder = builder.chunk(0x01, &fields(chunk * 4 * MIB, 4 * MIB), &[], &pcm);
        }
        builder.bytes
    };
    let [few, many] = [2, 40].map(silence);
    assert!(many.len() < 1000);
    let limit = 100 * MIB;
    for (name, way) in WAYS {
        for threads in [1, 4] {
            let take = |stream: &[u8]| {
                let options = with_memory(limit).with_threads(threads);
                turn.measure(|| way(stream, options)).1.peak
            };
            let (few, many) = (take(&few), take(&many));
            assert!(few.max(many) <= limit, "{name}, {threads} threads: {few} and {many}");
            assert!(threads > 1 || many <= few + MIB, "{name}: {few} and {many}");
        }
    }
}

/// Payloads of the adaptive and the light method that begin well and go on with nonsense.
#[test]
fn payloads_of_nonsense() {
    let turn = Turn::take();
    let mut random = Random::new(5);
    for round in 0..400 {
        let format = random.below(5) as u8;
        let channels = 1 + random.below(8);
        let frames = 1 + random.below(2000);
        let shape = Shape { format, ..Shape::new(channels, 2000) };
        let frame = channels as usize * [1, 2, 3, 4, 4][usize::from(format)];
        let length = random.below((frames as usize * frame) as u64 + 1) as usize;
        let mut payload: Vec<u8> = (0..length).map(|_| random.next_u64() as u8).collect();
        let head = if round % 2 == 0 { 0x22 } else { 0x23 };
        if let [set, flags, ..] = &mut payload[..]
            && head == 0x23
        {
            *set %= 3;
            *flags &= 0x3F;
        }
        let stream = shape.start().chunk(head, &fields(0, frames), &payload, &[]).bytes;
        let needed = match error_of(&stream, with_memory(0)).kind() {
            ErrorKind::Limit { needed, .. } => *needed,
            other => panic!("{other}"),
        };
        assert_with(&turn, &stream, &with_memory(needed), needed + READER);
    }
}

/// Makes a chunk of the parameter set fast with these bytes before its tokens.
fn adaptive(shape: &Shape, frames: u64, payload: &[u8]) -> Vec<u8> {
    let payload = [&[0], payload].concat();
    shape.start().chunk(0x23, &fields(0, frames), &payload, &[]).bytes
}

#[test]
fn tables_of_any_number_of_values() {
    let turn = Turn::take();
    // Samples of 24 bits.
    let shape = Shape { format: 2, ..Shape::new(1, 1000) };
    // A bitmap from 0 on, and a line of all integers from 0 on.
    let bitmap = |span: u64| [&[8, 1, 0, 0][..], &varint(span), &[0, 0]].concat();
    let line = |count: u64| [&[8, 1, 1, 0, 1, 0, 0][..], &varint(count), &[0]].concat();
    for count in [(1 << 17) + 1, 1 << 31, 1 << 32, u64::MAX] {
        for table in [bitmap(count), line(count)] {
            let stream = adaptive(&shape, 1000, &table);
            let error = error_of(&stream, DecodeOptions::default()).to_string();
            assert!(error.contains("numbers; it must be 1 to 131072"), "{error}");
            assert_takes_at_most(&turn, &stream, READER);
        }
    }
    // The most there may be: four bytes for each value and its index, and what predicts bits.
    for table in [bitmap(1 << 17), line(1 << 17)] {
        assert_takes_at_most(&turn, &adaptive(&shape, 1000, &table), READER + 4 * MIB);
        // Few frames may not have as many.
        let error = error_of(&adaptive(&shape, 10, &table), DecodeOptions::default());
        assert!(error.to_string().contains("numbers; it must be 1 to 5120"), "{error}");
    }
}

/// The largest tables there may be, for each of the most channels there may be.
#[test]
fn as_many_tables_as_channels() {
    let turn = Turn::take();
    for channels in [1, 32] {
        for set in [0, 1, 2] {
            let shape = Shape { format: 2, ..Shape::new(channels, 512) };
            let numbers: Vec<u8> = (1..=channels as u8).collect();
            // All candidates are values: a bitmap of no bytes reads zeros.
            let table = [&[0, 0][..], &varint(1 << 17), &[0]].concat();
            let tables = table.repeat(channels as usize);
            let payload = [&[set, 8][..], &numbers, &tables, &[0]].concat();
            let stream = shape.start().chunk(0x23, &fields(0, 512), &payload, &[]).bytes;
            let needed = match error_of(&stream, with_memory(0)).kind() {
                ErrorKind::Limit { needed, .. } => *needed,
                other => panic!("{other}"),
            };
            assert_with(&turn, &stream, &with_memory(needed), needed + READER);
        }
    }
}

#[test]
fn exceptions_of_any_number() {
    let turn = Turn::take();
    let shape = Shape { format: 4, ..Shape::new(1, 100_000) };
    let exceptions = |count: u64, runs: usize| {
        let run = [0, 0, 1, 2, 3, 4].repeat(runs);
        adaptive(&shape, 100_000, &[&[1, 15, 0x50][..], &varint(count), &run, &[0]].concat())
    };
    let most = 100_000 / 32 + 8;
    for count in [0, most + 1, 1 << 40, u64::MAX] {
        let stream = exceptions(count, most as usize + 1);
        let error = error_of(&stream, DecodeOptions::default()).to_string();
        assert!(error.contains("runs of exceptions"), "{error}");
        assert_takes_at_most(&turn, &stream, READER);
    }
    // As many as may be, and a count of them with few behind it.
    assert_takes_at_most(&turn, &exceptions(most, 10), READER);
    assert_takes_at_most(&turn, &exceptions(most, most as usize), READER + MIB);
    // Signs of zeros that are not there.
    let zeros = [&[1, 15, 0x90][..], &varint(u64::MAX)].concat();
    assert_takes_at_most(&turn, &adaptive(&shape, 100_000, &zeros), READER);
}

#[test]
fn orders_rules_and_ranges_of_any_kind() {
    let turn = Turn::take();
    let shape = Shape::new(32, 1000);
    let mut random = Random::new(9);
    for flags in [0x04, 0x10, 0x14, 0x20, 0x34] {
        for _ in 0..20 {
            let bytes: Vec<u8> = (0..600).map(|_| random.next_u64() as u8 & 0x0F).collect();
            let stream = adaptive(&shape, 1000, &[&[flags][..], &bytes].concat());
            // Should it be sound, the states of 32 channels come to be.
            assert_takes_at_most(&turn, &stream, 99 * MIB + READER);
        }
    }
}

#[test]
fn first_frames_that_are_far_away() {
    let turn = Turn::take();
    let pcm = [1, 0, 2, 0];
    for first in [1, 1 << 20, (1 << 56) - 5, 1 << 56, u64::MAX] {
        let builder = |first| Shape::new(1, 1000).start().chunk(0, &fields(first, 2), &pcm, &pcm);
        let Builder { bytes, .. } = builder(first);
        assert_takes_at_most(&turn, &bytes, READER);
        // Nor does a gap in front of it come out as silence longer than a chunk can be.
        let (recovered, Used { total, .. }) =
            turn.measure(|| WAYS[1].1(&bytes, DecodeOptions::default()));
        assert!(recovered.is_err() || recovered.unwrap() <= 256 * MIB + 4);
        assert!(total <= 4 * READER, "{total} bytes for the frame {first}");
    }
}

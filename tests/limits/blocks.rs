//! Hostile blocks, which hold the bytes of a file around its audio.

use std::io::Read;

use lmac::source::Restored;
use lmac::{DecodeOptions, Decoder, ErrorKind, Inspector};
use lmac_support::bytes::varint;
use lmac_support::memory::Turn;

use crate::hostile::{
    MIB, READER, Shape, assert_takes_at_most, assert_with, cut_off, error_of, with_memory,
};

const HEAD: u64 = 1;
const TAIL: u64 = 2;
const TAGS: u64 = 4;
const UNKNOWN: u64 = 77;

fn wav() -> Shape {
    Shape { source: 3, ..Shape::new(1, 1000) }
}

#[test]
fn a_block_of_any_length() {
    let turn = Turn::take();
    for kind in [HEAD, TAIL, TAGS, UNKNOWN, u64::MAX] {
        for length in [MIB, MIB + 1, 1 << 40, u64::MAX] {
            for there in [0, 1000, 1 << 20] {
                let head = [&[15][..], &varint(kind), &varint(length), &vec![3; there]];
                assert_takes_at_most(&turn, &cut_off(wav().start(), &head), READER + MIB);
            }
        }
    }
}

#[test]
fn sparse_blocks_of_any_length() {
    let turn = Turn::take();
    for kind in [HEAD, TAIL, TAGS, UNKNOWN] {
        for zeros in [MIB - 1, MIB, 1 << 40, u64::MAX] {
            for literal in [1, 1 << 40, u64::MAX] {
                let run = [&varint(literal)[..], &[3], &varint(zeros)].concat();
                let stream = wav().start().block(0x2F, kind, &run).bytes;
                assert_takes_at_most(&turn, &stream, READER + 2 * MIB);
                let many = wav().start().block(0x2F, kind, &run.repeat(1000)).bytes;
                assert_takes_at_most(&turn, &many, READER + 2 * MIB);
            }
        }
    }
    // Many of them count as what they stand for.
    let run = [&[1, 3][..], &varint(MIB - 1)].concat();
    let head = (0..70).fold(wav().start(), |builder, _| builder.block(0x3F, HEAD, &run)).bytes;
    let error = error_of(&head, DecodeOptions::default());
    assert!(error.to_string().contains("the head blocks hold"), "{error}");
    let limit = 5 * MIB;
    assert!(matches!(error_of(&head, with_memory(limit)).kind(), ErrorKind::Limit { .. }));
    let tail = (0..70).fold(wav().start(), |builder, _| builder.block(0x3F, TAIL, &run)).bytes;
    assert_takes_at_most(&turn, &tail, READER + 4 * MIB);
}

#[test]
fn a_head_of_any_length() {
    let turn = Turn::take();
    let data = vec![5; 1 << 20];
    let stream = (0..70).fold(wav().start(), |builder, _| builder.block(15, HEAD, &data)).bytes;
    // The vector that gathers it may be copied while it grows.
    assert_takes_at_most(&turn, &stream, 3 * 64 * MIB + READER);
    let error = error_of(&stream, DecodeOptions::default());
    assert!(error.to_string().contains("the head blocks hold"), "{error}");
    // It counts against the memory limit as it arrives.
    let limit = 5 * MIB;
    assert!(matches!(error_of(&stream, with_memory(limit)).kind(), ErrorKind::Limit { .. }));
    assert_with(&turn, &stream, &with_memory(limit), limit + READER);
}

#[test]
fn tags_of_any_length() {
    let turn = Turn::take();
    let data = vec![5; 1 << 20];
    let stream = (0..70).fold(wav().start(), |builder, _| builder.block(15, TAGS, &data)).bytes;
    assert_takes_at_most(&turn, &stream, 3 * 64 * MIB + READER);
    let limit = 16 * MIB;
    assert_with(&turn, &stream, &with_memory(limit), limit + READER);
}

#[test]
fn tags_of_many_parts() {
    let turn = Turn::take();
    // Cue sheets without a byte; comments of one byte.
    let blocks = [5, 0, 0, 0].repeat(1 << 18);
    let mut comments = vec![0x84, 0x0F, 0xFF, 0xF8, 0, 0, 0, 0, 0, 0, 1, 0];
    comments.extend([1, 0, 0, 0, b'='].repeat((1 << 20) / 5 - 3));
    comments.truncate((1 << 20) - 4);
    for (data, refused) in [(blocks, true), (comments, false)] {
        let stream = wav().start().block(15, TAGS, &data).bytes;
        let (parsed, used) = turn.measure(|| Inspector::new(stream.as_slice()).unwrap().tags());
        assert_eq!(parsed.is_err(), refused);
        assert!(used.peak <= READER + 16 * MIB, "{} bytes", used.peak);
    }
}

#[test]
fn a_tail_of_any_length() {
    let turn = Turn::take();
    let data = vec![5; 1 << 20];
    for count in [3, 120] {
        let blocks = (0..count).fold(wav().start(), |builder, _| builder.block(15, TAIL, &data));
        let stream = blocks.trailer(10, &[&[0][..], &varint(count * MIB)].concat());
        assert_takes_at_most(&turn, &stream, READER + 2 * MIB);
        let (length, used) = turn.measure(|| {
            let mut restored = Restored::new(Decoder::new(stream.as_slice()).unwrap());
            let (mut buffer, mut length) = ([0; 4096], 0);
            loop {
                match restored.read(&mut buffer).unwrap() {
                    0 => return length,
                    read => length += read as u64,
                }
            }
        });
        assert_eq!(length, count * MIB);
        assert!(used.peak <= READER + 2 * MIB, "{} bytes for {count} blocks", used.peak);
    }
}

#[test]
fn any_number_of_blocks_of_unknown_types() {
    let turn = Turn::take();
    let blocks = (0..200_000).fold(wav().start(), |builder, _| builder.block(15, UNKNOWN, &[]));
    assert_takes_at_most(&turn, &blocks.trailer(2, &[0]), READER);
}

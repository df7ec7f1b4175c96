//! Hostile headers.

use lmac::{Decoder, ErrorKind};
use lmac_support::bytes::{Builder, varint};
use lmac_support::memory::Turn;

use crate::hostile::{
    MIB, READER, Shape, assert_takes_at_most, assert_with, cut_off, error_of, fields, with_memory,
};

#[test]
fn a_header_of_any_length() {
    let turn = Turn::take();
    for length in [4097, 1 << 20, 1 << 40, u64::MAX] {
        let mut stream = b"\x89lmac\r\n\0\x03".to_vec();
        stream.extend(varint(length));
        stream.resize(3 << 20, 7);
        assert_takes_at_most(&turn, &stream, READER);
        let error = error_of(&stream, with_memory(u64::MAX)).to_string();
        assert!(error.contains(&format!("the body has {length} bytes")), "{error}");
    }
    // The longest header, of a version with more fields.
    let mut body = vec![2 << 3 | 1, 1, 1, 2, 3, 4];
    body.resize(4096, 9);
    let stream = Builder::new([0, 200], &body).trailer(2, &[0]);
    assert_takes_at_most(&turn, &stream, READER);
    assert!(Decoder::new(stream.as_slice()).is_ok());
}

#[test]
fn channels_of_any_number() {
    let turn = Turn::take();
    let pcm = vec![0; 2 * 65535];
    // Light chunks of two's complement, and of residuals: a code for each channel.
    let planes = [0b1010; 1];
    let codes = [&planes[..], &vec![0; 65535]].concat();
    for (head, payload) in [(0x02, &planes[..]), (0x22, &codes)] {
        let start = Shape::new(65535, 1).start();
        let stream = start.chunk(head, &fields(0, 1), payload, &pcm).trailer(2, &[1]);
        let state = 64 * 65535;
        assert_takes_at_most(&turn, &stream, 8 * pcm.len() as u64 + state + READER);
    }
    // The adaptive method has a large state for each channel and is refused.
    let adaptive = Shape::new(33, 1).start().chunk(0x23, &fields(0, 1), &[0, 0, 0], &[0; 66]);
    let stream = adaptive.trailer(2, &[1]);
    assert!(matches!(error_of(&stream, with_memory(u64::MAX)).kind(), ErrorKind::Unsupported(_)));
    assert_takes_at_most(&turn, &stream, READER);
}

#[test]
fn chunks_of_any_number_of_frames() {
    let turn = Turn::take();
    for (channels, frames) in [(1, (1 << 27) + 1), (65535, 2049), (2, u64::MAX), (1, 1 << 63)] {
        let stream = cut_off(Shape::new(channels, frames).start(), &[&[0], &fields(0, 1)]);
        assert!(matches!(error_of(&stream, with_memory(u64::MAX)).kind(), ErrorKind::Malformed(_)));
        assert_takes_at_most(&turn, &stream, READER);
    }
}

#[test]
fn chunks_that_are_too_large_for_the_machine() {
    let turn = Turn::take();
    for format in 0..=5 {
        for channels in [1, 2, 32, 33] {
            let shape = Shape { format, ..Shape::new(channels, 1 << 18) };
            let pcm = [1, 10].repeat(50);
            let stream = shape.start().chunk(0, &fields(0, 1), &pcm, &pcm).bytes;
            let limit = MIB;
            let error = error_of(&stream, with_memory(limit));
            let ErrorKind::Limit { needed, allowed, .. } = *error.kind() else {
                panic!("{error}");
            };
            assert!(needed > limit && allowed == limit);
            assert_with(&turn, &stream, &with_memory(limit), READER);
            assert!(!matches!(
                error_of(&stream, with_memory(needed)).kind(),
                ErrorKind::Limit { .. }
            ));
        }
    }
}

#[test]
fn declared_and_total_frames_of_any_number() {
    let turn = Turn::take();
    for frames in [1, 1 << 40, (1 << 56) - 1, 1 << 56, u64::MAX] {
        let shape = Shape { declared_frames: Some(frames), ..Shape::new(1, 1000) };
        let stored =
            shape.start().chunk(0, &fields(0, 3), &[1, 0, 2, 0, 3, 0], &[1, 0, 2, 0, 3, 0]);
        let ends = [stored.bytes.clone(), stored.trailer(2, &varint(frames))];
        for stream in ends {
            assert_takes_at_most(&turn, &stream, READER);
        }
    }
}

//! Hostile trailers.

use std::io::Cursor;

use lmac::{DecodeOptions, Decoder, ErrorKind};
use lmac_support::Random;
use lmac_support::bytes::{Builder, varint};
use lmac_support::memory::Turn;

use crate::hostile::{MIB, READER, Shape, assert_takes_at_most, error_of, fields};

/// The most entries of an index.
const MOST: u64 = 65_536;

fn two_chunks() -> Builder {
    let pcm = [1, 0, 2, 0];
    let chunk = |builder: Builder, first| builder.chunk(0, &fields(first, 2), &pcm, &pcm);
    chunk(chunk(Shape::new(1, 1000).start(), 0), 2)
}

/// Returns a trailer whose index announces this many chunks and has other entries.
fn indexed(chunks: u64, stride: u8, entries: &[u8]) -> Vec<u8> {
    let builder = two_chunks();
    let body = [&builder.header_copy()[..], &[4], &varint(chunks), &[stride], entries].concat();
    builder.trailer(3, &body)
}

#[test]
fn an_index_of_any_size() {
    let turn = Turn::take();
    for (chunks, stride) in [(MOST + 1, 0), (1 << 40, 3), (u64::MAX, 40), (MOST << 40, 40)] {
        for entries in [0, 10, 100_000] {
            let stream = indexed(chunks, stride, &[1, 1].repeat(entries));
            assert_takes_at_most(&turn, &stream, READER + 3 * MIB);
            let error = error_of(&stream, DecodeOptions::default());
            assert!(matches!(error.kind(), ErrorKind::Malformed(_)), "{error}");
        }
    }
    // The most entries: 16 bytes each, and the bytes that they are read from.
    let long = [0x81, 0x80, 0x80, 0x80, 0x01];
    for entry in [&[1, 1][..], &[long, long].concat()] {
        let entries = [&[0, 1][..], &entry.repeat(MOST as usize - 1)].concat();
        assert_takes_at_most(&turn, &indexed(MOST, 0, &entries), READER + 7 * MIB);
    }
}

#[test]
fn an_index_that_points_anywhere() {
    let turn = Turn::take();
    let mut random = Random::new(3);
    for _ in 0..200 {
        let mut entries = vec![0];
        entries.extend(varint(random.next_u64() >> random.below(64)));
        for _ in 0..40 {
            entries.extend(varint(random.next_u64() >> (8 + random.below(56))));
            entries.extend(varint(random.next_u64() >> (8 + random.below(56))));
        }
        let stream = indexed(41, 0, &entries);
        assert_takes_at_most(&turn, &stream, READER);
        let mut decoder = Decoder::new(Cursor::new(&stream)).unwrap();
        // Each place in it is tried, and accepted only if a chunk there agrees.
        for frame in [0, 1, 3] {
            let _ = decoder.seek(frame);
        }
    }
}

#[test]
fn a_trailer_of_any_length() {
    let turn = Turn::take();
    for length in [1, 1 << 20, 1_400_000, 1 << 30, u64::MAX] {
        let mut stream = two_chunks().bytes;
        stream.resize(3 << 20, 0x81);
        stream.extend(varint(length).iter().rev());
        stream.extend([0x63, 0x89]);
        assert_takes_at_most(&turn, &stream, READER + 5 * MIB);
    }
}

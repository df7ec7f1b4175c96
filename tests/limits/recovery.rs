//! Hostile damage: recovery tries every place, in little memory.

use lmac::{DecodeOptions, Decoder};
use lmac_support::bytes::varint;
use lmac_support::memory::Turn;

use crate::hostile::{MIB, READER, Shape, WAYS, assert_takes_at_most, fields};

#[test]
fn nothing_but_beginnings_of_items() {
    let turn = Turn::take();
    let shape = Shape::new(1, 1 << 20);
    let beginnings = [
        // Beginnings of chunks of 1 MiB, of blocks of 1 MiB, of trailers with an index.
        [&[0xD6, 0x9B, 0][..], &fields(0, 1 << 19), &varint(1 << 20), &[0; 4]].concat(),
        [&[0xD6, 0x9B, 15, 2][..], &varint(1 << 20)].concat(),
        vec![0xE3],
        vec![0xD6, 0x9B],
    ];
    for beginning in beginnings {
        let stream = [shape.start().bytes, beginning.repeat((4 << 20) / beginning.len())].concat();
        assert_takes_at_most(&turn, &stream, READER + 4 * MIB);
    }
}

#[test]
fn damage_without_end() {
    let turn = Turn::take();
    let pcm = [1, 0];
    // Every second chunk is missing; only some of them are listed.
    let stream = |chunks: u64| {
        let mut builder = Shape::new(1, 1).start();
        for chunk in 0..chunks {
            builder = builder.chunk(0, &fields(2 * chunk, 1), &pcm, &pcm);
            builder.bytes.extend([0; 20]);
        }
        builder.bytes
    };
    let recovered = |stream: &[u8]| {
        let options = DecodeOptions::default();
        let mut decoder = Decoder::recover_in_one_pass(stream, options).unwrap();
        let copied = std::io::copy(&mut decoder, &mut std::io::sink()).unwrap();
        (copied, decoder.damage().lost.len())
    };
    let stream = stream(60_000);
    let ((copied, listed), used) = turn.measure(|| recovered(&stream));
    assert_eq!((copied, listed), (2 * (2 * 60_000 - 1), 10_000));
    assert!(used.peak <= READER, "{} bytes", used.peak);
}

#[test]
fn gaps_that_no_stream_of_so_many_bytes_has() {
    let turn = Turn::take();
    let pcm = [1, 0];
    // A chunk has 2^27 bytes of PCM, and the stream has bytes for a few chunks.
    for first in [3, 3 << 26, 1 << 40] {
        let first_chunk = Shape::new(1, 1 << 26).start().chunk(0, &fields(0, 1), &pcm, &pcm);
        let mut builder = first_chunk;
        builder.bytes.extend([0; 26]);
        let stream = builder.chunk(0, &fields(first, 1), &pcm, &pcm).bytes;
        for (_, way) in &WAYS[1..3] {
            let (bytes, used) = turn.measure(|| way(&stream, DecodeOptions::default()));
            let bytes = bytes.unwrap();
            assert!(bytes <= (3 << 27) + 4, "{bytes} bytes of audio for frame {first}");
            // A chunk of silence at a time.
            assert!(used.peak <= (1 << 27) + READER, "{} bytes for frame {first}", used.peak);
        }
    }
}

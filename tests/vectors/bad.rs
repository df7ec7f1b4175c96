//! Streams that break one rule each, and streams for a later version of the format.

use std::collections::BTreeMap;

use lmac_support::bytes::{Builder, varint};

use crate::restore;

/// The body of a header: 16-bit mono at 11025 Hz from a raw file, no MD5, no declared frames,
/// chunks of at most four frames.
const BODY: [u8; 8] = [2 << 3 | 1, 0x45, 0x04, 4, 1, 2, 3, 4];

const PCM: [u8; 6] = [1, 0, 2, 0, 3, 0];

/// The body of the header of a WAV file whose head is in blocks.
const WAV_IN_BLOCKS: [u8; 6] = [2 << 3 | 1, 1 | 3 << 2, 1, 2, 3, 4];

fn start() -> Builder {
    Builder::new([0, 1], &BODY)
}

fn first_chunk() -> Builder {
    stored(start(), 0)
}

/// Adds a stored chunk of three frames.
fn stored(builder: Builder, first_frame: u64) -> Builder {
    builder.chunk(0, &[&varint(first_frame)[..], &varint(3)].concat(), &PCM, &PCM)
}

/// Adds the trailer of one chunk of three frames.
fn end(builder: Builder) -> Vec<u8> {
    builder.trailer(2, &varint(3))
}

fn light(head: u8, fields: &[u8], payload: &[u8]) -> Vec<u8> {
    end(start().chunk(2 | head, &[&[0, 3], fields].concat(), payload, &PCM))
}

/// Returns a stream with an adaptive chunk: four frames, so that the payload may have eight
/// bytes.
fn adaptive(payload: &[u8]) -> Vec<u8> {
    Builder::new([0, 2], &BODY).chunk(0x23, &[0, 4], payload, &[0; 8]).trailer(2, &[4])
}

/// An adaptive payload of floats that are multiples of a factor, on a grid.
fn factor(factor: f64, grid: u8) -> Vec<u8> {
    [&[0, 1, 63, grid << 2][..], &factor.to_le_bytes(), &[16, 0]].concat()
}

/// Returns the same in another format: the first byte of the header, and its channels.
fn adaptive_in(format: u8, channels: u8, payload: &[u8], pcm: &[u8]) -> Vec<u8> {
    Builder::new([0, 2], &[2 << 3 | format, 0x44, 4, channels, 4, 1, 2, 3, 4])
        .chunk(0x23, &[0, 4], payload, pcm)
        .trailer(2, &[4])
}

fn header(body: &[u8]) -> Vec<u8> {
    Builder::new([0, 1], body).trailer(2, &varint(0))
}

/// Returns a stream of two chunks with these bytes behind the header's copy in its trailer.
fn indexed(rest: &[u8]) -> Vec<u8> {
    let two = stored(first_chunk(), 3);
    let body = [&two.header_copy()[..], &varint(6), rest].concat();
    two.trailer(3, &body)
}

fn two_chunks() -> Vec<u8> {
    let second = stored(first_chunk(), 3).bytes.len() - first_chunk().bytes.len();
    let first = start().header_length;
    indexed(&[2, 0, 0, first as u8, 3, second as u8])
}

/// The start of a stream that restores a FLAC file.
fn of_flac() -> Builder {
    Builder::new([0, 6], &[2 << 3 | 1, 0x4D, 0x40, 0, 1, 2, 3, 4])
}

/// Returns such a stream with a block of decisions before its chunk.
fn of_decisions(block: &[u8]) -> Vec<u8> {
    end(of_flac().block(15, 3, block).chunk(0, &[0, 3], &PCM, &PCM))
}

/// Returns streams that break one rule each.
pub(crate) fn bad() -> BTreeMap<String, Vec<u8>> {
    let good = end(first_chunk());
    assert_eq!(restore(&good).unwrap(), PCM, "what the others differ from is good");
    assert_eq!(restore(&two_chunks()).unwrap(), [PCM, PCM].concat());
    let first = start().header_length as u8;
    let sparse = |kind: u64, data: &[u8]| {
        end(stored(Builder::new([0, 6], &WAV_IN_BLOCKS).block(0x3F, kind, data), 0))
    };
    let flipped = |at: usize| {
        let mut stream = good.clone();
        stream[at] ^= 1;
        stream
    };
    let with_body = |changes: &[(usize, u8)]| {
        let mut body = BODY;
        changes.iter().for_each(|&(at, byte)| body[at] = byte);
        header(&body)
    };
    let wav_body = |extra: &[u8]| {
        // Canonical WAV, with declared frames.
        header(&[&[2 << 3 | 1, 1 | 2 << 2 | 1 << 5], extra, &[1, 2, 3, 4]].concat())
    };
    let chunk = |head: u8, fields: &[u8], payload: &[u8], pcm: &[u8]| {
        end(start().chunk(head, fields, payload, pcm))
    };
    let wav_blocks = || Builder::new([0, 1], &WAV_IN_BLOCKS);
    let five_frames = [PCM, PCM].concat();

    let list: Vec<(&str, Vec<u8>)> = vec![
        // Header.
        ("magic-as-text", flipped(5)),
        ("header-checksum", flipped(11)),
        ("header-body-too-short", header(&BODY[..7])),
        ("header-body-too-long", header(&[&BODY[..], &[0]].concat())),
        ("header-body-of-5000-bytes", header(&[0; 5000])),
        ("no-channels", header(&[2 << 3 | 1, 0x04, 0, 1, 2, 3, 4])),
        (
            "65536-channels",
            header(&[&[2 << 3 | 1, 0x04], &varint(65536)[..], &[1, 2, 3, 4]].concat()),
        ),
        (
            "rate-of-2-to-the-32",
            header(&[&[1, 0x05], &varint(1 << 32)[..], &[1, 2, 3, 4]].concat()),
        ),
        ("valid-bits-of-float", header(&[2 << 3 | 4, 0x45, 2, 24, 1, 2, 3, 4])),
        ("16-valid-bits-of-16", header(&[2 << 3 | 1, 0x45, 2, 16, 1, 2, 3, 4])),
        ("no-valid-bits", header(&[2 << 3 | 1, 0x45, 2, 0, 1, 2, 3, 4])),
        ("chunks-of-no-frames", with_body(&[(3, 0)])),
        (
            "chunks-too-large",
            header(&[&[2 << 3 | 1, 0x45, 4], &varint((1 << 27) + 1)[..], &[1, 2, 3, 4]].concat()),
        ),
        ("big-endian-without-raw-file", with_body(&[(1, 0x41), (2, 0x0C)])),
        ("file-code-of-a-raw-file", header(&[2 << 3 | 1, 0x45, 0x40, 1, 1, 2, 3, 4])),
        ("flac-of-floats", header(&[2 << 3 | 4, 0x4D, 0x40, 0, 1, 2, 3, 4])),
        ("flac-of-3-bits", header(&[2 << 3, 0x4D, 0x42, 0, 3, 1, 2, 3, 4])),
        ("flac-of-9-channels", header(&[2 << 3 | 1, 0x4C, 0x40, 0, 9, 1, 2, 3, 4])),
        ("flac-without-decisions", end(of_flac().chunk(0, &[0, 3], &PCM, &PCM))),
        ("flac-decisions-of-other-frames", of_decisions(&[1, 3, 0, 9, 1])),
        ("flac-decisions-of-other-bytes", of_decisions(&[0, 3, 1, 9, 1])),
        ("flac-decisions-for-too-few", of_decisions(&[0, 2, 0, 9, 1])),
        (
            "flac-decisions-for-too-many",
            of_decisions(&[&[0][..], &varint(800_000), &[0, 9, 1]].concat()),
        ),
        ("flac-decisions-of-no-records", of_decisions(&[0, 3, 0, 0, 0])),
        ("flac-decisions-without-a-head", of_decisions(&[0, 3, 0, 9])),
        ("unsigned-float", header(&[2 << 3 | 4, 0x45, 0x10, 1, 2, 3, 4])),
        ("canonical-head-without-length", header(&[2 << 3 | 1, 1 | 2 << 2, 1, 2, 3, 4])),
        ("canonical-head-too-long", wav_body(&varint(1 << 31))),
        ("varint-longer-than-needed", header(&[2 << 3 | 1, 0x04, 0x81, 0x00, 1, 2, 3, 4])),
        ("varint-beyond-64-bits", wav_body(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 2])),
        // Chunks.
        ("no-sync", [&start().bytes[..], &[0xD6, 0x9C], &good[first as usize + 2..]].concat()),
        ("chunk-checksum", flipped(first as usize + 14)),
        ("audio-checksum", chunk(0, &[0, 3], &PCM, &[1, 0, 2, 0, 3, 1])),
        ("first-frame-not-0", end(stored(start(), 1))),
        ("gap-between-chunks", end(stored(first_chunk(), 4))),
        ("chunk-doubled", end(stored(first_chunk(), 0))),
        ("chunk-of-no-frames", chunk(0, &[0, 0], &[], &[])),
        ("chunk-of-too-many-frames", chunk(0, &[0, 5], &five_frames[..10], &five_frames[..10])),
        ("implied-frames-without-declared", chunk(0x80, &[0], &PCM, &PCM)),
        ("payload-longer-than-audio", chunk(0, &[0, 3], &five_frames[..7], &PCM)),
        ("stored-with-mapping", chunk(0x10, &[0, 3], &PCM, &PCM)),
        ("stored-with-wasted-bits", chunk(0x40, &[0, 3, 1], &PCM, &PCM)),
        ("stored-too-short", chunk(0, &[0, 3], &PCM[..5], &PCM)),
        ("constant-of-half-a-frame", chunk(1, &[0, 3], &[0], &[0; 6])),
        ("no-wasted-bits", light(0x40, &[0], &[0, 1])),
        ("16-wasted-bits", light(0x40, &[16], &[0])),
        ("light-without-kinds", light(0, &[], &[])),
        ("light-without-predictors", light(0x20, &[], &[0])),
        ("light-without-planes", light(0, &[], &[0b1010])),
        ("kinds-of-no-plane", light(0, &[], &[0b0001_0000, 0])),
        ("predictor-reserved-bit", light(0x20, &[], &[0, 8])),
        ("difference-in-first-channel", light(0x20, &[], &[0, 4])),
        ("bits-behind-planes", light(0, &[], &[0b0010, 0b0000_0001])),
        ("sample-beyond-its-bits", light(0x50, &[1], &[0b0101])),
        (
            "frames-beyond-2-to-the-56",
            chunk(0, &[&varint((1 << 56) - 3)[..], &[3]].concat(), &PCM, &PCM),
        ),
        ("adaptive-with-mapping-0", end(start().chunk(0x03, &[0, 3], &[0, 0, 0], &PCM))),
        ("adaptive-with-mapping-1", end(start().chunk(0x13, &[0, 3], &[0, 0, 0], &PCM))),
        ("adaptive-without-profile", adaptive(&[])),
        ("adaptive-settings-as-usual", adaptive(&[0x41, 0, 0, 0, 0])),
        ("adaptive-settings-cut-short", adaptive(&[0x41])),
        ("adaptive-past-cut-short", adaptive(&[0, 0])),
        ("adaptive-raw-bits-cut-short", adaptive(&[0, 0, 0, 1])),
        ("adaptive-raw-bits-too-many", adaptive(&[0, 0, 0, 3, 1, 1, 1])),
        ("adaptive-floats-of-integers", adaptive(&[0, 1, 0, 16, 0])),
        ("adaptive-first-channel-follows", adaptive(&[0, 4, 1, 0, 0, 2, 0])),
        (
            "adaptive-channel-follows-itself",
            adaptive_in(3, 2, &[0, 4, 2, 5, 0, 0, 0, 1, 1, 0, 2, 0], &[0; 32]),
        ),
        (
            "adaptive-rule-with-shift-63",
            adaptive_in(3, 2, &[0, 4, 2, 5, 0, 0, 0, 1, 0, 63, 2, 0], &[0; 32]),
        ),
        ("adaptive-turn-twice", adaptive_in(0, 2, &[0, 0x10, 0, 0, 1, 0, 0, 0], &[0; 8])),
        ("adaptive-partner-2-of-2", adaptive_in(0, 2, &[0, 0x10, 0, 1, 2, 0, 0, 0], &[0; 8])),
        ("adaptive-range-without-a-value", adaptive(&[0, 0x20, 0xFF, 0xFF, 3, 1, 0])),
        ("adaptive-range-beyond-the-width", adaptive(&[0, 0x20, 0, 0x80, 0x80, 4, 0])),
        (
            "adaptive-number-beyond-the-range",
            adaptive_in(0, 4, &[0, 0x20, 128, 1, 127, 0, 0, 0, 0, 0, 255, 255], &[0; 16]),
        ),
        ("adaptive-channel-kind-3", adaptive(&[0, 4, 3])),
        ("adaptive-constant-too-large", adaptive(&[0, 4, 2, 0, 0, 1, 0])),
        ("adaptive-delays-cut-short", adaptive_in(0, 2, &[0, 0x10, 0, 1, 1, 0, 0], &[0; 8])),
        ("adaptive-tables-of-no-channel", adaptive(&[0, 8, 0, 0])),
        ("adaptive-table-2-first", adaptive(&[0, 8, 2, 2, 0, 2, 0, 0])),
        ("adaptive-table-beyond-the-width", adaptive_in(0, 2, &[0, 8, 1, 1, 2, 0, 0], &[0; 8])),
        ("adaptive-bitmap-without-candidates", adaptive(&[0, 8, 1, 0, 0, 0, 0, 0])),
        ("adaptive-bitmap-too-long", adaptive(&[0, 8, 1, 0, 0, 0x81, 0x10, 0])),
        ("adaptive-bitmap-without-values", adaptive(&[0, 8, 1, 0, 0, 3, 1, 255])),
        ("adaptive-bitmap-cut-short", adaptive(&[0, 8, 1, 0, 0, 3, 5, 255])),
        (
            "adaptive-bitmap-begins-beyond-the-integers",
            adaptive_in(3, 1, &[0, 8, 1, 0, 128, 128, 128, 128, 16, 1, 0, 0], &[0; 16]),
        ),
        (
            "adaptive-bitmap-ends-beyond-the-integers",
            adaptive_in(3, 1, &[0, 8, 1, 0, 254, 255, 255, 255, 15, 2, 0, 0], &[0; 16]),
        ),
        (
            "adaptive-line-begins-beyond-the-integers",
            adaptive_in(3, 1, &[0, 8, 1, 1, 0, 1, 0, 128, 128, 128, 128, 16, 1, 0], &[0; 16]),
        ),
        (
            "adaptive-line-that-does-not-rise",
            adaptive_in(3, 1, &[0, 8, 1, 1, 1, 1, 0, 0, 3, 0], &[0; 16]),
        ),
        (
            "adaptive-line-of-no-values",
            adaptive_in(3, 1, &[0, 8, 1, 1, 0, 1, 0, 0, 0, 0], &[0; 16]),
        ),
        (
            "adaptive-line-too-long",
            adaptive_in(3, 1, &[0, 8, 1, 1, 0, 1, 0, 0, 0x81, 0x10, 0], &[0; 16]),
        ),
        (
            "adaptive-line-with-shift-63",
            adaptive_in(3, 1, &[0, 8, 1, 1, 63, 1, 0, 0, 1, 0], &[0; 16]),
        ),
        ("adaptive-law-beyond-the-width", adaptive_in(0, 1, &[0, 8, 1, 2, 0], &[128; 4])),
        ("adaptive-bits-behind-raw-ones", adaptive(&[0, 4, 2, 0, 0, 0, 0, 1])),
        ("adaptive-scaled-by-2-to-the-61", adaptive_in(4, 1, &[0, 1, 61, 16, 0], &[0; 16])),
        ("adaptive-scaled-by-nothing", adaptive_in(4, 1, &[0, 1, 0x40, 16, 0], &[0; 16])),
        ("adaptive-less-one-of-2-to-the-32", adaptive_in(4, 1, &[0, 1, 0x60, 16, 0], &[0; 16])),
        ("adaptive-floats-of-33-bits", adaptive_in(4, 1, &[0, 1, 15, 33, 0], &[0; 16])),
        ("adaptive-no-exceptions", adaptive_in(4, 1, &[0, 1, 15, 0x50, 0, 0], &[0; 16])),
        (
            "adaptive-exceptions-too-many",
            adaptive_in(4, 8, &[&[0, 1, 15, 0x50, 10][..], &[0; 61]].concat(), &[0; 128]),
        ),
        (
            "adaptive-exception-behind-the-end",
            adaptive_in(4, 1, &[0, 1, 15, 0x50, 1, 2, 2, 0, 0, 0, 0, 0], &[0; 16]),
        ),
        ("adaptive-zeros-cut-short", adaptive_in(4, 1, &[0, 1, 15, 0x90, 5, 0, 0], &[0; 16])),
        ("adaptive-truncated-floats-without-width", adaptive_in(4, 1, &[0, 3, 0], &[0; 16])),
        ("adaptive-truncated-floats-of-no-bits", adaptive_in(4, 1, &[0, 3, 0, 0, 0, 0], &[0; 16])),
        (
            "adaptive-truncated-floats-with-zeros",
            adaptive_in(4, 1, &[0, 3, 0, 0x98, 0, 0], &[0; 16]),
        ),
        (
            "adaptive-truncated-by-2-to-the-150",
            adaptive_in(4, 1, &[0, 3, 0xAC, 2, 24, 0, 0], &[0; 16]),
        ),
        ("adaptive-truncated-integers", adaptive(&[0, 3, 0, 24, 0, 0])),
        ("adaptive-factor-of-nothing", adaptive_in(4, 1, &factor(0.0, 0), &[0; 16])),
        ("adaptive-factor-below-nothing", adaptive_in(4, 1, &factor(-1.0, 0), &[0; 16])),
        ("adaptive-factor-that-is-no-number", adaptive_in(4, 1, &factor(f64::NAN, 0), &[0; 16])),
        ("adaptive-factor-on-a-grid-of-61", adaptive_in(4, 1, &factor(1.0, 61), &[0; 16])),
        ("adaptive-doubles-with-precision-25", adaptive_in(5, 1, &[0, 1, 25, 15, 16, 0], &[0; 32])),
        ("adaptive-doubles-as-integers", adaptive_in(5, 1, &[0, 0, 0], &[0; 32])),
        ("adaptive-doubles-by-their-bits", adaptive_in(5, 1, &[0, 2, 0], &[0; 32])),
        // Blocks.
        ("block-too-long", end(first_chunk().item(&[&[15, 2], &varint((1 << 20) + 1)]))),
        ("block-checksum", {
            let mut stream = first_chunk().block(15, 2, b"tail").trailer(10, &[3, 4]);
            let at = stream.windows(4).position(|bytes| bytes == b"tail").unwrap();
            stream[at] ^= 1;
            stream
        }),
        ("head-of-raw-file", end(stored(start().block(15, 1, b"head"), 0))),
        ("sparse-run-of-nothing", sparse(1, &[1, 7, 3, 0, 0])),
        ("sparse-run-cut-off", sparse(1, &[3, 7, 7])),
        ("sparse-run-without-zeros", sparse(1, &[1, 7])),
        ("sparse-head-too-long", sparse(1, &[&[1, 7][..], &varint(1 << 20)].concat())),
        ("sparse-decisions", end(stored(of_flac().block(0x2F, 3, &[0, 9]), 0))),
        ("sparse-block-of-another-type", sparse(77, &[1, 7, 3])),
        ("head-behind-chunk", end(stored(wav_blocks(), 0).block(15, 1, b"head"))),
        (
            "head-behind-block",
            end(stored(wav_blocks().block(15, 77, b"other").block(15, 1, b"head"), 0)),
        ),
        ("tail-of-samples", {
            let samples = Builder::new([0, 1], &[2 << 3 | 1, 1, 1, 2, 3, 4]);
            stored(samples, 0).block(15, 2, b"tail").trailer(10, &[3, 4])
        }),
        ("chunk-behind-tail", {
            let two = stored(first_chunk().block(15, 2, b"tail"), 3);
            let second = two.bytes.len() - stored(start(), 0).bytes.len() + first as usize;
            let offset = (second - usize::from(first)) as u8;
            let body = [&two.header_copy()[..], &[6, 4, 2, 0, 0, first, 3, offset]].concat();
            two.trailer(11, &body)
        }),
        // Trailer.
        ("trailer-checksum", flipped(good.len() - 8)),
        ("trailer-length", first_chunk().trailer_with(2, &[3], 1, [0x63, 0x89])),
        ("closing-magic", first_chunk().trailer_with(2, &[3], 0, [0x63, 0x88])),
        ("total-frames-beyond-2-to-the-56", first_chunk().trailer(2, &varint(1 << 56))),
        ("no-number-of-frames", first_chunk().trailer(0, &[])),
        ("wrong-number-of-frames", first_chunk().trailer(2, &[4])),
        ("index-of-one-chunk", {
            let body = [&start().header_copy()[..], &[3, 1, 0, 0, first]].concat();
            first_chunk().trailer(3, &body)
        }),
        ("two-chunks-without-index", stored(first_chunk(), 3).trailer(2, &[6])),
        ("index-of-three-chunks", indexed(&[3, 0, 0, first, 3, 25, 3, 25])),
        ("index-with-wrong-frame", indexed(&[2, 0, 0, first, 2, 25])),
        ("index-with-wrong-offset", indexed(&[2, 0, 0, first, 3, 26])),
        ("index-with-stride-41", indexed(&[2, 41, 0, first])),
        ("header-copy-differs", {
            let two = stored(first_chunk(), 3);
            let mut body = [&two.header_copy()[..], &[6, 2, 0, 0, first, 3, 25]].concat();
            body[8] ^= 1;
            two.trailer(3, &body)
        }),
        ("pad-and-tail", stored(wav_blocks(), 0).block(15, 2, b"tail").trailer(14, &[3, 4])),
        ("pad-of-raw-file", first_chunk().trailer(6, &[3])),
        ("tail-that-is-not-there", first_chunk().trailer(10, &[3, 4])),
        ("tail-of-no-bytes", first_chunk().trailer(10, &[3, 0])),
        ("tail-of-another-length", first_chunk().block(15, 2, b"tail").trailer(10, &[3, 5])),
        ("wrong-md5", {
            let with_md5 = Builder::new([0, 1], &[2 << 3 | 1, 0x55, 4, 4, 1, 2, 3, 4]);
            stored(with_md5, 0).trailer(2, &[&[3][..], &[9; 16]].concat())
        }),
        ("something-behind-the-end", [&good[..], &[0]].concat()),
        ("cut-in-header", good[..12].to_vec()),
        ("cut-in-chunk", good[..first as usize + 20].to_vec()),
        ("cut-behind-chunk", first_chunk().bytes),
        ("cut-in-trailer", good[..good.len() - 1].to_vec()),
        ("nothing", Vec::new()),
    ];
    let count = list.len();
    let all: BTreeMap<_, _> =
        list.into_iter().map(|(name, stream)| (format!("bad-{name}"), stream)).collect();
    assert_eq!(all.len(), count, "no name stands twice");
    all
}

/// Returns streams for a later version.
pub(crate) fn unsupported() -> BTreeMap<String, Vec<u8>> {
    let with = |at: usize, byte: u8| {
        let mut body = BODY;
        body[at] = byte;
        header(&body)
    };
    let list: Vec<(&str, Vec<u8>)> = vec![
        ("major-version", Builder::new([1, 0], &BODY).bytes),
        ("sample-format-6", with(0, 2 << 3 | 6)),
        ("channel-code-3", with(1, 0x47)),
        ("header-flag", with(1, 0xC5)),
        ("header-extension", with(2, 0x84)),
        ("file-code-6", header(&[2 << 3 | 1, 0x4D, 0x40, 6, 1, 2, 3, 4])),
        ("method-5", end(start().chunk(5, &[0, 3], &PCM, &PCM))),
        ("adaptive-profile-3", adaptive(&[3, 0, 0])),
        ("adaptive-flag", adaptive(&[0, 0x40, 0])),
        ("adaptive-flag-of-the-model", adaptive(&[0x81, 0, 0, 0])),
        ("adaptive-settings-of-fast", adaptive(&[0x40, 1, 0, 0, 0])),
        ("adaptive-table-of-form-4", adaptive(&[0, 8, 1, 4, 0, 0])),
        ("adaptive-33-channels", adaptive_in(0, 33, &[0, 0, 0], &[0; 132])),
        ("mapping-3", end(start().chunk(0x32, &[0, 3], &PCM, &PCM))),
        ("block-flag", end(first_chunk().block(0x4F, 77, b"x"))),
        ("critical-block", end(first_chunk().block(0x1F, 77, b"x"))),
    ];
    list.into_iter().map(|(name, stream)| (format!("unsupported-{name}"), stream)).collect()
}

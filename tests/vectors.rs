//! The test vectors in `spec/vectors`, against this decoder and the one in Python; but for
//! those that need a language model, which are in `tests/language_vectors.rs`.
//!
//! `good-*` streams restore the file beside them, `bad-*` streams break one rule each, and
//! `unsupported-*` streams need a newer program. They are made here, so that their making
//! is written down: where one is new, `LMAC_WRITE_VECTORS=1 cargo test --test vectors`
//! writes it. One that exists is never overwritten: it is what old versions wrote.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::bytes::{Builder, varint};
use common::vectors::{
    check_file, folder, names, python, python_restores, recorded, said_by_python, stream,
};
use common::{Signal, pcm};
use lmac::source::{self, RawLayout};
use lmac::{
    AudioSpec, DecodeOptions, EncodeOptions, Error, ErrorKind, Mapping, Preset, SampleFormat,
};

fn restore(stream: &[u8]) -> Result<Vec<u8>, Error> {
    common::vectors::restore(stream, DecodeOptions::default())
}

fn spec(format: SampleFormat, channels: u16) -> AudioSpec {
    AudioSpec::new(format, channels, 8000)
}

/// Frames of a chunk, more than any running sum goes without being made anew.
const CHUNK: usize = 2100;

/// What each profile of the adaptive method is tried with.
fn signals_of_a_model() -> Vec<(&'static str, RawLayout, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add = |name, format, channels, audio: Vec<u8>| {
        all.push((name, RawLayout::new(spec(format, channels)), audio));
    };
    let made = |format, channels, signal, frames| pcm(&spec(format, channels), frames, signal, 11);

    for (name, format, channels, signal, frames) in [
        ("8-bit", SampleFormat::U8, 1, Signal::Melody, 500),
        // Weights are solved in three rhythms, and a chunk ends.
        ("16-bit", SampleFormat::S16, 1, Signal::Melody, CHUNK + 100),
        ("stereo", SampleFormat::S16, 2, Signal::Melody, 600),
        ("24-bit", SampleFormat::S24, 3, Signal::Melody, 150),
        ("32-bit", SampleFormat::S32, 1, Signal::Melody, 300),
        ("full-scale", SampleFormat::S16, 2, Signal::FullScale, 200),
        ("wasted-bits", SampleFormat::S16, 1, Signal::WastedBits, 300),
        ("silence-before", SampleFormat::S16, 1, Signal::LateStart, 400),
    ] {
        add(name, format, channels, made(format, channels, signal, frames));
    }

    let changed = |frames, change: fn(usize, i16) -> i16| -> Vec<u8> {
        let melody = made(SampleFormat::S16, 1, Signal::Melody, frames);
        let values = melody.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        values.enumerate().flat_map(|(at, value)| change(at, value).to_le_bytes()).collect()
    };
    add("clipped", SampleFormat::S16, 1, changed(400, |_, value| value.clamp(-5000, 4000)));
    add("ranks", SampleFormat::S16, 1, changed(500, |_, value| value / 512 * 40));
    // What nothing led to expect, upwards and downwards, alone and in a row.
    add(
        "outliers",
        SampleFormat::S16,
        1,
        changed(600, |at, value| match at % 200 {
            77 | 150..155 => 32767,
            177 | 160 | 162 => -32768,
            _ => value / 4,
        }),
    );
    add("tiny", SampleFormat::S16, 1, changed(300, |at, value| value / 15_000 + (at % 3) as i16));

    let sine = (0..300u16).map(|at| (f64::from(at) * 0.01).sin() as f32 * 0.9);
    add("float", SampleFormat::F32, 1, sine.flat_map(f32::to_le_bytes).collect());
    let scaled = |sample: &[u8]| {
        let float = f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]);
        ((float * 8192.0).floor() / 8192.0).to_le_bytes()
    };
    let melody = made(SampleFormat::F32, 1, Signal::Melody, 300);
    add("scaled-float", SampleFormat::F32, 1, melody.chunks(4).flat_map(scaled).collect());
    all
}

/// Streams by name, and what they restore.
fn good() -> BTreeMap<String, (Vec<u8>, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let options = || EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(500);
    let mut add_raw = |name: &str, layout: RawLayout, audio: Vec<u8>, options: EncodeOptions| {
        let audio = recorded(name, audio);
        let finished = source::encode_raw(audio.as_slice(), &layout, Vec::new(), &options).unwrap();
        all.insert(format!("good-{name}"), (finished.writer, audio));
    };
    let raw = |format, channels, signal, frames: usize| {
        let layout = RawLayout::new(spec(format, channels));
        let audio = pcm(&layout.spec, frames, signal, 11);
        (layout, audio)
    };

    for (name, format) in [
        ("8-bit", SampleFormat::U8),
        ("16-bit", SampleFormat::S16),
        ("24-bit", SampleFormat::S24),
        ("32-bit", SampleFormat::S32),
        ("32-bit-float", SampleFormat::F32),
        ("64-bit-float", SampleFormat::F64),
    ] {
        let (layout, audio) = raw(format, 2, Signal::Melody, 700);
        add_raw(name, layout, audio, options());
    }
    for mapping in [Mapping::TwosComplement, Mapping::OffsetBinary, Mapping::Residual] {
        let (layout, audio) = raw(SampleFormat::S16, 1, Signal::Melody, 400);
        add_raw(mapping.name(), layout, audio, options().with_mapping(mapping));
    }
    let (layout, audio) = raw(SampleFormat::S16, 2, Signal::Melody, 40);
    add_raw("stored", layout, audio, options().with_preset(Preset::Store));
    let (layout, audio) = raw(SampleFormat::S24, 2, Signal::Silence, 10_000);
    add_raw("silence", layout, audio, options().with_chunk_frames(4000));
    let (layout, audio) = raw(SampleFormat::S24, 3, Signal::Constant, 1);
    add_raw("constant", layout, audio.repeat(600), options());
    let (layout, audio) = raw(SampleFormat::S24, 1, Signal::WastedBits, 400);
    add_raw("wasted-bits", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::FullScale, 400);
    add_raw("full-scale", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 40, Signal::Melody, 40);
    add_raw("40-channels", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::Melody, 300);
    add_raw("30-chunks", layout, audio, options().with_chunk_frames(10));
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::Silence, 0);
    add_raw("empty", layout, audio, options());
    let (layout, audio) = raw(SampleFormat::S16, 1, Signal::LateStart, 300);
    add_raw("no-md5", layout, audio, options().with_md5(false));
    let (layout, mut audio) = raw(SampleFormat::S24, 2, Signal::Melody, 100);
    audio.truncate(597);
    add_raw(
        "raw-big-endian-unsigned",
        layout.with_big_endian(true).with_flipped_sign(true),
        audio,
        options(),
    );

    for preset in [Preset::Fast, Preset::Standard, Preset::Max] {
        for (name, layout, audio) in signals_of_a_model() {
            let name = format!("{}-{name}", preset.name());
            add_raw(
                &name,
                layout,
                audio,
                options().with_preset(preset).with_chunk_frames(CHUNK as u64),
            );
        }
    }
    let fast = || options().with_preset(Preset::Fast).with_chunk_frames(1200);
    // Every twelfth value, a channel that repeats, a constant one, and an inverted one.
    let (_, stereo) = raw(SampleFormat::S16, 2, Signal::Melody, 1000);
    let layout = RawLayout::new(spec(SampleFormat::S16, 5));
    let twelfth = |frame: &[u8]| {
        let sample = |at: usize| i16::from_le_bytes([frame[at], frame[at + 1]]) / 48 * 12;
        let (left, right) = (sample(0), sample(2));
        [left, left, 7, right, -left].map(i16::to_le_bytes).concat()
    };
    add_raw("fast-ranks-and-rules", layout, stereo.chunks(4).flat_map(twelfth).collect(), fast());
    // A channel that is another one times 0.613; floats by their bits, and inverted.
    let layout = RawLayout::new(spec(SampleFormat::S16, 3));
    let (_, stereo) = raw(SampleFormat::S16, 2, Signal::Melody, 500);
    let faded = |frame: &[u8]| {
        let x = i16::from_le_bytes([frame[0], frame[1]]);
        let y = (i32::from(x) * 613 + 500).div_euclid(1000) as i16;
        [frame, &y.to_le_bytes()].concat()
    };
    add_raw("fast-rule-of-thousandths", layout, stereo.chunks(4).flat_map(faded).collect(), fast());
    let layout = RawLayout::new(spec(SampleFormat::F32, 2));
    let inverted = |at: u32| {
        let x = (f64::from(at) * 0.01).sin() as f32 * 0.9;
        [x, -x].map(f32::to_le_bytes).concat()
    };
    add_raw("fast-inverted-float", layout, (0..500).flat_map(inverted).collect(), fast());
    // The fourth channel is like the first one, the fifth like the second one.
    let layout = RawLayout::new(spec(SampleFormat::S16, 5));
    let (_, audio) = raw(SampleFormat::S16, 3, Signal::Noise, 500);
    let alike = |frame: &[u8]| {
        let sample = |at: usize| i16::from_le_bytes([frame[at], frame[at + 1]]);
        let (a, b, c) = (sample(0) / 4, sample(2) / 4, sample(4) / 4);
        [a, b, c, a + c / 16, c / 8 - b].map(i16::to_le_bytes).concat()
    };
    add_raw("fast-order", layout, audio.chunks(6).flat_map(alike).collect(), fast());
    // Integers as floats by every convention, with negative zeros and a few exceptions.
    let layout = RawLayout::new(spec(SampleFormat::F32, 2));
    let (_, integers) = raw(SampleFormat::S16, 2, Signal::Melody, 400);
    type Convention = fn(f32) -> f32;
    let conventions: [(&str, Convention); 3] = [
        ("less-one", |x| x / 32767.0),
        ("halves", |x| x / if x < 0.0 { 32768.0 } else { 32767.0 }),
        ("reciprocal", |x| x * (1.0 / 32767.0)),
    ];
    for (name, convention) in conventions {
        let float = |sample: &[u8]| {
            let value = i16::from_le_bytes([sample[0], sample[1]]);
            let zero = if sample[0] < 64 { -0.0 } else { 0.0 };
            if value.abs() < 1000 { zero } else { convention(f32::from(value)) }
        };
        let mut floats: Vec<f32> = integers.chunks(2).map(float).collect();
        floats[5] = f32::NAN;
        floats[301] = 0.1;
        floats[700..720].fill(f32::NEG_INFINITY);
        let audio = floats.into_iter().flat_map(f32::to_le_bytes).collect();
        add_raw(&format!("fast-float-{name}"), layout, audio, fast());
    }

    let mut twelve = AudioSpec::new(SampleFormat::S16, 1, 44101).with_valid_bits(12);
    let mut audio = pcm(&twelve, 300, Signal::Melody, 11);
    add_raw("12-in-16-that-are-16", RawLayout::new(twelve), audio.clone(), options());
    audio.iter_mut().step_by(2).for_each(|low| *low &= 0xF0);
    twelve = twelve.with_channel_mask(4);
    add_raw("12-in-16", RawLayout::new(twelve), audio, options());

    let mut add_wav = |name: &str, wav: Vec<u8>| {
        let options = options().with_chunk_frames(200);
        let wav = recorded(name, wav);
        let finished = source::encode_wav(wav.as_slice(), Vec::new(), &options).unwrap();
        all.insert(format!("good-{name}"), (finished.writer, wav));
    };
    let mono = spec(SampleFormat::U8, 1);
    let audio = pcm(&mono, 151, Signal::Melody, 11);
    let head = source::wav_head(&mono, Some(151));
    add_wav("wav-odd-and-padded", [&head[..], &audio, &[0]].concat());
    add_wav("wav-odd-not-padded", [&head[..], &audio].concat());
    add_wav("wav-cut-short", [&head[..], &audio[..100]].concat());
    // The file that `spec/walkthrough.md` takes apart.
    let audio: Vec<u8> =
        [0i16, 3, 6, 8, 9, 9, 8, 6, 3, 0, -3, -6].iter().flat_map(|s| s.to_le_bytes()).collect();
    let head = source::wav_head(&spec(SampleFormat::S16, 1), Some(12));
    add_wav("walkthrough", [&head[..], &audio].concat());
    let stereo = spec(SampleFormat::S24, 2);
    let audio = pcm(&stereo, 300, Signal::Melody, 11);
    let head = source::wav_head(&stereo.with_channel_mask(3), None);
    add_wav("wav-with-head-and-tail", [&head[..], &audio, b"within a frame, and more"].concat());

    // A later minor version that adds a field to the header and a block, neither critical.
    let samples = [1, 2, 3, 4, 5, 6];
    let newer = Builder::new([0, 200], &[2 << 3 | 1, 0x01 | 1 << 2, 1, 2, 3, 4, 99, 99])
        .block(15, 77, b"not known")
        .chunk(0, &[&varint(0)[..], &varint(3)].concat(), &samples, &samples)
        .block(15, 78, b"not known either")
        .trailer(2, &varint(3));
    all.insert("good-newer-minor-version".into(), (newer, samples.to_vec()));
    all
}

/// 16-bit mono at 11025 Hz out of a raw file, no MD5, no declared frames, chunks of at
/// most four frames.
const BODY: [u8; 8] = [2 << 3 | 1, 0x45, 0x04, 4, 1, 2, 3, 4];

const PCM: [u8; 6] = [1, 0, 2, 0, 3, 0];

fn start() -> Builder {
    Builder::new([0, 1], &BODY)
}

fn first_chunk() -> Builder {
    stored(start(), 0)
}

/// Three frames as they are.
fn stored(builder: Builder, first_frame: u64) -> Builder {
    builder.chunk(0, &[&varint(first_frame)[..], &varint(3)].concat(), &PCM, &PCM)
}

/// The trailer of one chunk of three frames.
fn end(builder: Builder) -> Vec<u8> {
    builder.trailer(2, &varint(3))
}

fn light(head: u8, fields: &[u8], payload: &[u8]) -> Vec<u8> {
    end(start().chunk(2 | head, &[&[0, 3], fields].concat(), payload, &PCM))
}

/// A chunk of the adaptive method: four frames, so that the payload may have eight bytes.
fn adaptive(payload: &[u8]) -> Vec<u8> {
    Builder::new([0, 2], &BODY).chunk(0x23, &[0, 4], payload, &[0; 8]).trailer(2, &[4])
}

/// The same in another format: the first byte and the channels of the header.
fn adaptive_in(format: u8, channels: u8, payload: &[u8], pcm: &[u8]) -> Vec<u8> {
    Builder::new([0, 2], &[2 << 3 | format, 0x44, 4, channels, 4, 1, 2, 3, 4])
        .chunk(0x23, &[0, 4], payload, pcm)
        .trailer(2, &[4])
}

fn header(body: &[u8]) -> Vec<u8> {
    Builder::new([0, 1], body).trailer(2, &varint(0))
}

/// A stream of two chunks, whose trailer goes on like this behind the header's copy.
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

/// Streams that break one rule each.
fn bad() -> BTreeMap<String, Vec<u8>> {
    let good = end(first_chunk());
    assert_eq!(restore(&good).unwrap(), PCM, "what the others differ from is good");
    assert_eq!(restore(&two_chunks()).unwrap(), [PCM, PCM].concat());
    let first = start().header_length as u8;
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
    let wav_blocks = || Builder::new([0, 1], &[2 << 3 | 1, 1 | 3 << 2, 1, 2, 3, 4]);
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
        ("adaptive-without-tokens", adaptive(&[0, 0, 1])),
        ("adaptive-raw-bits-too-many", adaptive(&[0, 0, 0, 1, 1, 1])),
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
        ("adaptive-turn-twice", adaptive_in(0, 2, &[0, 0x10, 0, 0, 1, 0, 0], &[0; 8])),
        ("adaptive-partner-2-of-2", adaptive_in(0, 2, &[0, 0x10, 0, 1, 2, 0, 0], &[0; 8])),
        ("adaptive-range-without-a-value", adaptive(&[0, 0x20, 0xFF, 0xFF, 3, 1, 0])),
        ("adaptive-range-beyond-the-width", adaptive(&[0, 0x20, 0, 0x80, 0x80, 4, 0])),
        (
            "adaptive-number-beyond-the-range",
            adaptive_in(0, 4, &[0, 0x20, 128, 1, 127, 2, 255, 255], &[0; 16]),
        ),
        ("adaptive-channel-kind-3", adaptive(&[0, 4, 3])),
        ("adaptive-constant-too-large", adaptive(&[0, 4, 2, 0, 0, 1, 0])),
        ("adaptive-ranks-beyond-the-integers", adaptive(&[0, 8, 0, 0x81, 0x80, 0x08, 0])),
        ("adaptive-ranks-without-values", adaptive(&[0, 8, 0, 3, 1, 255, 0])),
        ("adaptive-ranks-too-many", adaptive(&[0, 8, 0, 0x81, 0x08, 1, 255, 0])),
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
        ("adaptive-numbers-of-kind-3", adaptive_in(4, 1, &[0, 3, 0], &[0; 16])),
        // Blocks.
        ("block-too-long", end(first_chunk().item(&[&[15, 2], &varint((1 << 20) + 1)]))),
        ("block-checksum", {
            let mut stream = first_chunk().block(15, 2, b"tail").trailer(10, &[3, 4]);
            let at = stream.windows(4).position(|bytes| bytes == b"tail").unwrap();
            stream[at] ^= 1;
            stream
        }),
        ("head-of-raw-file", end(stored(start().block(15, 1, b"head"), 0))),
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

/// Streams that are right, but not for this version.
fn unsupported() -> BTreeMap<String, Vec<u8>> {
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
        ("header-extension", with(2, 0x44)),
        ("method-5", end(start().chunk(5, &[0, 3], &PCM, &PCM))),
        ("adaptive-profile-3", adaptive(&[3, 0, 0])),
        ("adaptive-flag", adaptive(&[0, 0x40, 0])),
        ("adaptive-64-bit-float", adaptive_in(5, 1, &[0, 0, 0], &[0; 32])),
        ("adaptive-33-channels", adaptive_in(0, 33, &[0, 0, 0], &[0; 132])),
        ("mapping-3", end(start().chunk(0x32, &[0, 3], &PCM, &PCM))),
        ("block-flag", end(first_chunk().block(0x2F, 77, b"x"))),
        ("critical-block", end(first_chunk().block(0x1F, 77, b"x"))),
    ];
    list.into_iter().map(|(name, stream)| (format!("unsupported-{name}"), stream)).collect()
}

#[test]
fn vectors_are_as_they_were() {
    for (name, (stream, file)) in good() {
        check_file(&format!("{name}.lmac"), &stream);
        check_file(&format!("{name}.restored"), &file);
    }
    for (name, stream) in bad().into_iter().chain(unsupported()) {
        check_file(&format!("{name}.lmac"), &stream);
    }
}

#[test]
fn good_vectors_are_restored() {
    for name in names("good-", false) {
        let file = fs::read(folder().join(format!("{name}.restored"))).unwrap();
        let restored = restore(&stream(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(restored == file, "{name}");
    }
}

#[test]
fn bad_vectors_are_refused() {
    for name in names("bad-", false) {
        let error = restore(&stream(&name)).expect_err(&name);
        let expected = match name.as_str() {
            "bad-magic-as-text" => matches!(error.kind(), ErrorKind::NotLmac),
            "bad-nothing" => matches!(error.kind(), ErrorKind::Truncated),
            cut if cut.starts_with("bad-cut-") => matches!(error.kind(), ErrorKind::Truncated),
            checksum if checksum.ends_with("-checksum") || checksum == "bad-wrong-md5" => {
                matches!(error.kind(), ErrorKind::Checksum(_))
            }
            _ => matches!(error.kind(), ErrorKind::Malformed(_)),
        };
        assert!(expected, "{name}: {error}");
        assert!(error.place().is_some() || name == "bad-magic-as-text", "{name}: {error}");
    }
}

#[test]
fn unsupported_vectors_ask_for_a_newer_version() {
    for name in names("unsupported-", false) {
        let error = restore(&stream(&name)).expect_err(&name);
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{name}: {error}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[test]
fn the_decoder_in_python_agrees() {
    let mut all: Vec<_> =
        ["bad-", "unsupported-"].iter().flat_map(|prefix| names(prefix, false)).collect();
    all.push("good-walkthrough".into());
    for (name, said) in all.iter().zip(said_by_python(&all)) {
        let agrees = match name.split('-').next().unwrap() {
            "good" => said.starts_with("ok, 12 frames, "),
            "unsupported" => said.starts_with("unsupported: "),
            _ => said.starts_with("malformed: ") || said.starts_with("truncated: "),
        };
        assert!(agrees, "{name}: {said}");
    }
}

#[test]
fn the_decoder_in_python_restores_good_vectors() {
    python_restores(names("good-", false));
}

/// `python3 spec/parameter_sets.py` prints the tables that the specification has.
#[test]
fn the_specification_has_the_tables_of_the_decoder_in_python() {
    let output = python("parameter_sets.py").output().unwrap();
    let tables = String::from_utf8(output.stdout).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/adaptive.md");
    assert!(fs::read_to_string(path).unwrap().contains(tables.trim_end()));
    assert!(tables.len() > 1000);
}

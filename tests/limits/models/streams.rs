//! Hostile streams with a language model, which the caller has.

use std::io::Write;

use lmac::language::{LanguageModel, LanguageOptions};
use lmac::{
    AudioSpec, DecodeOptions, EncodeOptions, Encoder, ErrorKind, Precision, Preset, SampleFormat,
};
use lmac_support::bytes::varint;
use lmac_support::memory::Turn;
use lmac_support::models::llama;
use lmac_support::{Random, Signal, pcm};

use crate::hostile::{
    MIB, READER, Shape, WAYS, assert_takes_at_most, assert_with, error_of, fields, needed_by,
    with_memory,
};

/// Returns a header's bytes about a model.
fn usage(model: &LanguageModel, context: u64, lockstep: u64) -> Vec<u8> {
    let id = model.id();
    let precision = u8::from(id.precision == Precision::Int8);
    let start = [&varint(4)[..], b"tiny", &id.hash, &[precision], &id.probe.to_le_bytes(), &[1, 0]];
    [start.concat(), varint(context), varint(lockstep), vec![0]].concat()
}

fn shape(model: Vec<u8>) -> Shape {
    Shape { model, ..Shape::new(1, 100_000) }
}

#[test]
fn a_name_of_any_length() {
    let turn = Turn::take();
    for length in [256, 4000, 1 << 40, u64::MAX] {
        let stream = shape([&varint(length)[..], &[b'x'; 3000]].concat()).start().bytes;
        assert_takes_at_most(&turn, &stream, READER);
    }
}

#[test]
fn a_model_that_is_not_there() {
    let turn = Turn::take();
    let model = usage(&llama(1, 0.1, Precision::F32), 1 << 10, 1 << 12);
    let stream = shape(model).start().chunk(0x04, &fields(0, 100_000), &[0], &[]).bytes;
    let error = error_of(&stream, DecodeOptions::default());
    assert!(matches!(error.kind(), ErrorKind::MissingModel(_)), "{error}");
    assert_takes_at_most(&turn, &stream, READER);
}

#[test]
fn contexts_of_any_length_and_number() {
    let turn = Turn::take();
    for precision in [Precision::F32, Precision::Int8] {
        let model = llama(1, 0.1, precision);
        for (context, lockstep) in [(1 << 17, 1 << 12), (1024, 1 << 12), ((1 << 17) + 1, 1)] {
            let stream = shape(usage(&model, context, lockstep)).start();
            let stream = stream.chunk(0x04, &fields(0, 100_000), &[0], &[]).bytes;
            let options = with_memory(100 * MIB).with_model(model.clone());
            assert_with(&turn, &stream, &options, READER + MIB);
            let error = error_of(&stream, options);
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::Limit { .. } | ErrorKind::Malformed(_) | ErrorKind::Model(_)
                ),
                "{error}"
            );
        }
    }
}

/// All segments of a chunk take turns, but there are few characters.
#[test]
fn long_contexts_with_little_audio() {
    let turn = Turn::take();
    let model = llama(1, 0.1, Precision::F32);
    let stream = shape(usage(&model, 1024, 1 << 12)).start();
    let stream = stream.chunk(0x04, &fields(0, 3), &[0, 0, 0, 0, 1], &[]).bytes;
    let options = with_memory(u64::MAX).with_model(model);
    assert_with(&turn, &stream, &options, READER + MIB);
}

#[test]
fn tokens_of_nonsense() {
    let turn = Turn::take();
    let mut random = Random::new(2);
    for round in 0..20 {
        let model = llama(1, 10.0, [Precision::F32, Precision::Int8][round % 2]);
        let stream = shape(usage(&model, 64, 4)).start();
        let payload: Vec<u8> =
            [0, 0xF].into_iter().chain((0..300).map(|_| random.next_u64() as u8)).collect();
        let stream = stream.chunk(0x04, &fields(0, 300), &payload, &[]).bytes;
        let options = DecodeOptions::default().with_model(model);
        assert_with(&turn, &stream, &options, READER + 4 * MIB);
    }
}

#[test]
fn the_memory_limit_holds_with_a_model() {
    let turn = Turn::take();
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    for precision in [Precision::F32, Precision::Int8] {
        let model = llama(1, 0.1, precision);
        let mut language = LanguageOptions::default();
        language.context = Some(256);
        let options = EncodeOptions::default()
            .with_preset(Preset::Light)
            .with_chunk_frames(2000)
            .with_model(model.clone(), language);
        let mut encoder = Encoder::with_options(Vec::new(), spec, options).unwrap();
        encoder.write_all(&pcm(&spec, 4000, Signal::Melody, 1)).unwrap();
        let stream = encoder.finish().unwrap().writer;
        let with = |limit: u64| with_memory(limit).with_model(model.clone());
        let least = needed_by(WAYS[0], &stream, with(0)).expect("it decodes");
        for way in WAYS {
            let needed = needed_by(way, &stream, with(0)).unwrap_or(least);
            for limit in [needed, 3 * needed] {
                for threads in [1, 3] {
                    let options = with(limit).with_threads(threads);
                    let (result, used) = turn.measure(|| way.1(&stream, options));
                    result.unwrap();
                    assert!(used.peak <= limit, "{}: {} bytes of {limit}", way.0, used.peak);
                }
            }
        }
    }
}

//! Streams coded with a language model.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read, Write};

use lmac::language::{LanguageModel, LanguageOptions, Meter};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, ErrorKind, Inspector, Limits,
    Mapping, Method, Precision, SampleFormat, Stats, Verification, Verify,
};
use lmac_support::models::llama;
use lmac_support::{Signal, pcm};

const FRAMES: usize = 700;

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 8000)
}

/// Quiet audio: its upper bytes have planes that follow from their characters.
fn quiet() -> Vec<u8> {
    let mut pcm = pcm(&spec(), FRAMES, Signal::Melody, 3);
    for sample in pcm.chunks_exact_mut(2) {
        let value = i16::from_le_bytes([sample[0], sample[1]]) >> 8;
        sample.copy_from_slice(&value.to_le_bytes());
    }
    pcm
}

fn options() -> LanguageOptions {
    LanguageOptions::default().with_context(128).with_lockstep(4)
}

fn encoded(pcm: &[u8], options: EncodeOptions) -> (Vec<u8>, Stats) {
    let options = options.with_chunk_frames(300).with_verify(Verify::Usual);
    let mut encoder = Encoder::with_options(Vec::new(), spec(), options).unwrap();
    encoder.write_all(pcm).unwrap();
    let finished = encoder.finish().unwrap();
    (finished.writer, finished.stats)
}

fn with(model: &LanguageModel) -> EncodeOptions {
    EncodeOptions::default().with_model(model.clone(), options())
}

fn decoder(stream: &[u8], options: DecodeOptions) -> Decoder<Cursor<Vec<u8>>> {
    Decoder::with_options(Cursor::new(stream.to_vec()), options).unwrap()
}

fn knows(model: &LanguageModel) -> DecodeOptions {
    DecodeOptions::default().with_model(model.clone())
}

fn rest(decoder: &mut Decoder<Cursor<Vec<u8>>>) -> Vec<u8> {
    let mut pcm = Vec::new();
    decoder.read_to_end(&mut pcm).unwrap();
    pcm
}

#[test]
fn audio_comes_back_with_any_number_of_threads() {
    let pcm = quiet();
    for precision in Precision::ALL.iter().copied() {
        let model = llama(1, 0.1, precision);
        let (stream, stats) = encoded(&pcm, with(&model));
        assert_eq!((stats.chunks_of(Method::Language), stats.chunks()), (3, 3));
        for threads in [2, 3] {
            let full = with(&model).with_threads(threads).with_verify(Verify::Full);
            assert!(encoded(&pcm, full).0 == stream, "{threads} threads change the stream");
            let mut decoder = decoder(&stream, knows(&model).with_threads(threads));
            assert!(rest(&mut decoder) == pcm);
            assert!(matches!(decoder.verification(), Verification::Md5(_)));
        }
    }
}

#[test]
fn the_header_says_which_model_and_how_it_is_used() {
    let model = llama(1, 0.1, Precision::Int8);
    let language = options().with_top_k(100).with_blocking(16);
    let mut encode = EncodeOptions::default().with_model(model.clone(), language);
    encode.mapping = Some(Mapping::TwosComplement);
    let (stream, _) = encoded(&quiet(), encode);
    let mut inspector = Inspector::new(Cursor::new(&stream)).unwrap();
    let usage = inspector.info().model.clone().unwrap();
    assert_eq!(&usage.id, model.id());
    assert_eq!((usage.id.name.as_str(), usage.id.precision), ("seeded 1", Precision::Int8));
    assert_eq!((usage.top_k, usage.context, usage.blocking), (Some(100), 128, 16));
    // The header can be read without the model.
    let chunk = inspector.next_chunk().unwrap().unwrap();
    assert_eq!((chunk.method, chunk.mapping), (Method::Language, Mapping::TwosComplement));
    let sections = chunk.sections.unwrap();
    assert!(sections.planes == "mp" || sections.planes == "mm", "{}", sections.planes);
    let parts = 2 + sections.token_bytes + sections.plane_bytes;
    assert_eq!(parts, chunk.payload_bytes);
    assert!(inspector.summary().unwrap().complete);
    let mut decoder = decoder(&stream, DecodeOptions::default());
    decoder.find_length().unwrap();
    decoder.set_model(&model).unwrap();
    assert!(rest(&mut decoder) == quiet());
}

#[test]
fn a_missing_or_other_model_is_refused_before_any_audio() {
    let model = llama(1, 0.1, Precision::F32);
    let (stream, _) = encoded(&quiet(), with(&model));
    let first = |options: DecodeOptions| {
        let error = decoder(&stream, options).samples().next().unwrap().unwrap_err();
        let message = error.to_string();
        assert!(message.contains(&model.id().hash_name()), "{message}");
        assert!(message.contains("seeded 1") && message.contains("f32"), "{message}");
        error
    };
    let missing = first(DecodeOptions::default());
    assert!(matches!(missing.kind(), ErrorKind::MissingModel(id) if &**id == model.id()));
    for other in [llama(2, 0.1, Precision::F32), llama(1, 0.1, Precision::Int8)] {
        first(knows(&other));
        let refused = decoder(&stream, DecodeOptions::default()).set_model(&other).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Model(_)), "{refused}");
    }
    let several = knows(&llama(2, 0.1, Precision::F32)).with_model(model.clone());
    assert!(rest(&mut decoder(&stream, several)) == quiet());
    let plain = encoded(&quiet(), EncodeOptions::default()).0;
    assert!(decoder(&plain, DecodeOptions::default()).set_model(&model).is_err());
}

#[test]
fn chunks_that_a_model_expands_use_a_cheaper_method() {
    let model = llama(1, 10.0, Precision::F32);
    let pcm = pcm(&spec(), FRAMES, Signal::Melody, 3);
    let (stream, stats) = encoded(&pcm, with(&model));
    assert_eq!((stats.chunks_of(Method::Language), stats.chunks_of(Method::Adaptive)), (0, 3));
    let without = encoded(&pcm, EncodeOptions::default()).0;
    assert!(stream.len() < without.len() + 200, "{} {}", stream.len(), without.len());
    assert!(rest(&mut decoder(&stream, knows(&model))) == pcm);
}

#[test]
fn seeking_and_recovery_work_with_a_model() {
    let model = llama(1, 0.1, Precision::F32);
    let pcm = quiet();
    let (stream, _) = encoded(&pcm, with(&model));
    let mut seeking = decoder(&stream, knows(&model));
    for frame in [650, 299, 300, 0, 699] {
        seeking.seek(frame).unwrap();
        assert!(rest(&mut seeking) == pcm[4 * frame as usize..], "from {frame}");
    }

    let mut damaged = stream.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let mut recovering = Decoder::recover(Cursor::new(damaged), knows(&model)).unwrap();
    let back = rest(&mut recovering);
    assert_eq!(recovering.damage().lost.first(), Some(&(300..600)));
    assert_eq!(recovering.damage().lost_frames, 300);
    assert!(back[..1200] == pcm[..1200] && back[2400..] == pcm[2400..]);
    assert!(back[1200..2400].iter().all(|&byte| byte == 0));
}

#[test]
fn the_memory_of_contexts_counts_against_the_limit() {
    let model = llama(1, 0.1, Precision::F32);
    let (stream, _) = encoded(&quiet(), with(&model));
    let limited = |bytes| knows(&model).with_limits(Limits::default().with_memory(bytes));
    let error = decoder(&stream, limited(60 << 20)).samples().next().unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit { .. }), "{error}");
    assert!(rest(&mut decoder(&stream, limited(80 << 20))) == quiet());
}

#[test]
fn a_meter_counts_both_ways() {
    let model = llama(1, 0.1, Precision::F32);
    let (encoding, decoding) = (Meter::default(), Meter::default());
    let (stream, _) = encoded(&quiet(), with(&model.clone().with_meter(encoding.clone())));
    assert_eq!((encoding.tokens(), encoding.characters()), (2800, 2800));
    rest(&mut decoder(&stream, knows(&model.clone().with_meter(decoding.clone()))));
    assert_eq!(decoding.tokens(), 2800);
    assert_eq!((encoding.tokens(), model.meter().tokens()), (2800, 0));
}

#[test]
fn impossible_options_are_refused() {
    let model = llama(1, 0.1, Precision::F32);
    let refused = |options: EncodeOptions| {
        let error = Encoder::with_options(Vec::new(), spec(), options).unwrap_err();
        matches!(error.kind(), ErrorKind::Argument(_))
    };
    let language = |language| EncodeOptions::default().with_model(model.clone(), language);
    assert!(refused(language(options().with_context(1025))));
    assert!(refused(language(options().with_top_k(0))));
    assert!(refused(language(options().with_lockstep(0))));
    assert!(refused(language(options().with_memory(1))));
    assert!(refused(with(&model).with_mapping(Mapping::Residual)));
}

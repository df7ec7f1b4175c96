//! Accounts of the bits and the time of a language model's stream, and estimates.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Read, Write};
use std::time::Duration;

use lmac::language::{Account, LanguageModel, LanguageOptions, Meter, Stage, estimate};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, Method, Precision, Preset,
    SampleFormat, Stats, Verify,
};
use lmac_support::models::llama;
use lmac_support::{Signal, pcm};

const CHUNK: usize = 500;
const CONTEXT: usize = 200;

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 8000)
}

fn options() -> LanguageOptions {
    LanguageOptions::default().with_context(CONTEXT as u32).with_lockstep(4)
}

fn chunked() -> EncodeOptions {
    EncodeOptions::default().with_preset(Preset::Store).with_chunk_frames(CHUNK as u64)
}

fn with(model: &LanguageModel, language: LanguageOptions) -> EncodeOptions {
    chunked().with_model(model.clone(), language)
}

fn metered(model: &LanguageModel, meter: &Meter) -> LanguageModel {
    model.clone().with_meter(meter.clone())
}

fn encoded(pcm: &[u8], options: EncodeOptions) -> (Vec<u8>, Stats) {
    let mut encoder = Encoder::with_options(Vec::new(), spec(), options).unwrap();
    encoder.write_all(pcm).unwrap();
    let finished = encoder.finish().unwrap();
    (finished.writer, finished.stats)
}

/// Quiet audio: its upper bytes have planes that follow from their characters.
fn quiet(frames: usize, seed: u64) -> Vec<u8> {
    let mut pcm = pcm(&spec(), frames, Signal::Melody, seed);
    for sample in pcm.chunks_exact_mut(2) {
        let value = i16::from_le_bytes([sample[0], sample[1]]) >> 8;
        sample.copy_from_slice(&value.to_le_bytes());
    }
    pcm
}

/// A chunk of quiet audio, one of silence, one that wastes eight bits, and a short one.
fn mixed() -> Vec<u8> {
    let mut all = quiet(CHUNK, 3);
    all.extend(vec![0; CHUNK * 4]);
    let mut wasting = pcm(&spec(), CHUNK, Signal::Melody, 5);
    wasting.chunks_exact_mut(2).for_each(|sample| sample[0] = 0);
    all.extend(wasting);
    all.extend(quiet(77, 9));
    all
}

fn total(account: &Account) -> f64 {
    account.token_bits.iter().chain(&account.plane_bits).sum()
}

#[test]
fn an_account_counts_what_the_model_coded() {
    let model = llama(1, 0.1, Precision::F32);
    let pcm = mixed();
    let mut results = [1, 3].map(|threads| {
        let meter = Meter::default().with_segments();
        let model = metered(&model, &meter);
        let (_, stats) = encoded(&pcm, with(&model, options()).with_threads(threads));
        let chunks = [Method::Language, Method::Constant].map(|method| stats.chunks_of(method));
        assert_eq!(chunks, [3, 1]);
        let account = meter.account();
        assert_eq!(account.payload_bytes, stats.payload_bytes);
        (account, meter.segments())
    });
    assert!(results[0] == results[1], "threads change the account");
    let (account, segments) = std::mem::take(&mut results[0]);

    // Of wide samples there are 577 in each channel, and of narrow ones 500.
    assert_eq!((account.chunks, account.characters), (3, 4 * 577 + 2 * 500));
    assert_eq!((account.hits, account.escapes), (account.tokens, 0));
    assert_eq!((account.token_bits.len(), account.plane_bits.len()), (2, 2));
    assert_eq!(account.head_bytes, 3 * 2);
    assert!(account.token_bits[0] > 1.5 * account.token_bits[1], "{:?}", account.token_bits);
    // The low bytes' last bits are noise, and only wide samples have them.
    assert!((account.plane_bits[1] / (2.0 * 577.0) - 1.0).abs() < 0.02);
    let rounded = 8.0 * account.payload_bytes as f64 - account.payload_bits();
    assert!((-8.0..3.0 * 16.0 + 10.0).contains(&rounded), "{rounded}");

    let bits: f64 = segments.iter().map(|segment| segment.token_bits + segment.plane_bits).sum();
    assert!((bits - total(&account)).abs() < 1e-3);
    let places: Vec<_> =
        segments.iter().map(|segment| (segment.first_frame, segment.frames)).collect();
    let of_chunk = |first, frames: u64, each: u64| {
        (0..frames.div_ceil(each)).map(move |at| (first + at * each, each.min(frames - at * each)))
    };
    let expected: Vec<_> = of_chunk(0, 500, 50)
        .chain(of_chunk(1000, 500, 100))
        .chain(of_chunk(1500, 77, 50))
        .collect();
    assert_eq!(places, expected);
}

#[test]
fn segments_are_kept_only_on_request() {
    let meter = Meter::default();
    let model = llama(1, 0.1, Precision::F32);
    encoded(&mixed(), with(&metered(&model, &meter), options()));
    assert!(meter.segments().is_empty() && meter.account().tokens > 0);
}

#[test]
fn an_estimate_matches_the_stream() {
    for precision in Precision::ALL.iter().copied() {
        for (size, top_k) in [(0.1, None), (0.4, None), (0.4, Some(5)), (0.4, Some(100))] {
            let model = llama(1, size, precision);
            let pcm = mixed();
            let mut language = options();
            language.top_k = top_k;
            let (stream, stats) = encoded(&pcm, with(&model, language.clone()));
            let estimate = estimate(&pcm, &spec(), &chunked(), &model, &language).unwrap();
            let refused = estimate.account.refused_chunks;
            if size == 0.1 {
                assert_eq!(refused, 0);
            }
            assert_eq!(stats.chunks_of(Method::Stored), refused, "both refuse the same");
            if refused == 0 {
                let longer = 8.0 * stream.len() as f64 - estimate.bits;
                let most = 3.0 * 16.0 + 2e-4 * estimate.bits;
                assert!((-8.0..most).contains(&longer), "{longer} of {}", estimate.bits);
                let outside = stats.stream_bytes - stats.payload_bytes;
                assert_eq!(estimate.other_bytes, outside, "constant chunks of silence are empty");
            }
        }
    }
}

/// Returns the bits of the text by its logits, each compared with the character `late` places
/// behind it.
fn by_hand(model: &LanguageModel, text: &[u8], late: usize) -> f64 {
    let mut bits = 0.0;
    for segment in text.chunks(CONTEXT) {
        let tokens: Vec<u32> = std::iter::once(model.vocabulary().beginning())
            .chain(segment.iter().map(|&character| u32::from(character)))
            .collect();
        let tokens = &tokens[..segment.len()];
        let mut contexts = model.evaluator(1, CONTEXT);
        let advance = contexts.advance(&[tokens], |_, at, logits| {
            // The beginning is not a character.
            let logits = logits[..128].iter().map(|&logit| f64::from(logit));
            let sum: f64 = logits.clone().map(f64::exp).sum();
            if let Some(&character) = segment.get(at + late) {
                let own = logits.clone().nth(usize::from(character)).unwrap();
                bits += (sum.ln() - own) / std::f64::consts::LN_2;
            }
        });
        advance.unwrap();
    }
    bits
}

#[test]
fn an_estimate_is_the_cross_entropy_of_the_characters() {
    let model = llama(1, 0.7, Precision::F32);
    let pcm = quiet(CHUNK, 3);
    let text: Vec<u8> =
        pcm.chunks_exact(2).flat_map(|sample| [(sample[1] ^ 0x80) >> 1, sample[0] >> 1]).collect();
    let meter = Meter::default();
    let model = metered(&model, &meter);
    let estimate = estimate(&pcm, &spec(), &chunked(), &model, &options()).unwrap();
    let bits: f64 = estimate.account.token_bits.iter().sum();
    let own = by_hand(&model, &text, 0);
    assert!((bits - own).abs() < 0.01, "{bits} {own}");
    // Logits of another character are much farther away.
    let late = by_hand(&model, &text, 1) * CONTEXT as f64 / (CONTEXT - 1) as f64;
    assert!((bits - late).abs() > 10.0 * (2e-4 * bits + 16.0), "{bits} {late}");
    // An estimate counts as progress, and in its own account alone.
    assert_eq!(meter.tokens(), estimate.account.tokens);
    assert_eq!(meter.account(), Account::default());
}

#[test]
fn chunks_that_a_model_expands_count_at_their_coded_size() {
    let model = llama(1, 10.0, Precision::F32);
    let pcm = pcm(&spec(), CHUNK + 77, Signal::Melody, 3);
    let meter = Meter::default();
    let (stream, stats) = encoded(&pcm, with(&metered(&model, &meter), options()));
    let account = meter.account();
    assert_eq!((stats.chunks_of(Method::Stored), account.refused_chunks), (2, 2));
    assert_eq!(account.refused_pcm_bytes, pcm.len() as u64);
    assert_eq!(account.refused_payload_bytes, account.payload_bytes);
    assert!(account.payload_bytes > pcm.len() as u64);

    let estimate = estimate(&pcm, &spec(), &chunked(), &model, &options()).unwrap();
    assert_eq!(estimate.account.refused_chunks, 2);
    assert!(estimate.bits > 8.0 * (stream.len() + 100) as f64);
    assert_eq!(estimate.other_bytes, stats.stream_bytes - stats.payload_bytes);
}

#[test]
fn stepping_makes_the_same_stream() {
    let pcm = mixed();
    for precision in Precision::ALL.iter().copied() {
        let model = llama(1, 0.1, precision);
        for language in [options(), options().with_top_k(3)] {
            let (stream, _) = encoded(&pcm, with(&model, language.clone()));
            for threads in [1, 3] {
                let meter = Meter::default();
                let stepping = language.clone().with_stepping(true);
                let stepping = with(&metered(&model, &meter), stepping).with_threads(threads);
                assert!(encoded(&pcm, stepping.clone()).0 == stream);
                assert_eq!(meter.tokens(), meter.account().tokens);
                assert!(encoded(&pcm, stepping.with_verify(Verify::Usual)).0 == stream);
            }
        }
    }
}

#[test]
fn each_stage_has_a_time() {
    let model = llama(1, 0.1, Precision::F32);
    let pcm = mixed();
    let timed = |meter: &Meter| -> Vec<Stage> {
        let stages = meter.stages();
        stages.iter().filter(|&&(_, time)| time > Duration::ZERO).map(|&(stage, _)| stage).collect()
    };
    let unchecked =
        [Stage::Tokenizing, Stage::Model, Stage::Frequencies, Stage::Coding, Stage::Planes];
    for stepping in [false, true] {
        for (verify, checks) in [(Verify::No, false), (Verify::Usual, true), (Verify::Full, true)] {
            let meter = Meter::default();
            let options = with(&metered(&model, &meter), options().with_stepping(stepping));
            encoded(&pcm, options.with_verify(verify).with_threads(2));
            assert_eq!(timed(&meter), if checks { Stage::ALL } else { &unchecked });
        }
    }
    let (stream, _) = encoded(&pcm, with(&model, options()));
    let meter = Meter::default();
    let decode = DecodeOptions::default().with_model(metered(&model, &meter));
    let mut decoder = Decoder::with_options(&stream[..], decode).unwrap();
    decoder.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(timed(&meter), unchecked[1..]);
    assert_eq!(meter.account(), Account::default(), "an account is an encoder's");
}

#[test]
fn an_estimate_needs_whole_frames_and_channels() {
    let model = llama(1, 0.1, Precision::F32);
    let estimate_of =
        |pcm: &[u8], spec: AudioSpec| estimate(pcm, &spec, &chunked(), &model, &options());
    let half = estimate_of(&mixed()[1..], spec()).unwrap_err();
    assert!(half.to_string().contains("within a frame"), "{half}");
    let none = AudioSpec::new(SampleFormat::S16, 0, 8000);
    assert!(estimate_of(&[], none).is_err());
}

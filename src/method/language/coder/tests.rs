//! Chunks through a coder and back, with models that were never trained.

use std::sync::Arc;

use lmac_support::Random;

use super::{ChunkPcm, Coder};
use crate::audio::{AudioSpec, SampleFormat};
use crate::error::Result;
use crate::method::identity::{Precision, TokenKind};
use crate::method::language::account::Account;
use crate::method::language::architecture::{Architecture, ByteTransformer, ExpectedTensor, Llama};
use crate::method::language::meter::Meter;
use crate::method::language::model::{LanguageModel, ModelParts};
use crate::method::language::options::LanguageOptions;
use crate::method::language::tensor::{Tensor, TensorKind, Tensors};
use crate::method::language::vocabulary::{CHARACTERS, Tokenizer, Vocabulary};
use crate::method::model::ModelCoder;
use crate::method::verify::Verify;
use crate::planes::Mapping;

/// Weights that follow from a seed, of this size.
struct Seeded {
    random: Random,
    size: f32,
}

impl Tensors for Seeded {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let count: usize = expected.shape.iter().product();
        let norm = expected.name.ends_with("norm") || expected.name.ends_with("scale");
        let bytes = (0..count).flat_map(|_| {
            let random = self.random.next_f32();
            (if norm { 1.0 } else { self.size * random }).to_le_bytes()
        });
        Tensor::new(expected.shape.clone(), TensorKind::F32, bytes.collect())
    }
}

/// Takes two equal characters in a row for one token: 256 and on.
struct Pairs {
    /// Whether it forgets the last character of a text.
    forgetful: bool,
}

impl Tokenizer for Pairs {
    fn tokens(&self, text: &[u8]) -> Vec<u32> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let pair = text.get(at + 1) == Some(&text[at]);
            tokens.push(u32::from(text[at]) + if pair { 256 } else { 0 });
            at += if pair { 2 } else { 1 };
        }
        if self.forgetful {
            tokens.pop();
        }
        tokens
    }
}

/// 256 bytes, pairs of characters, and a beginning.
fn vocabulary() -> Vocabulary {
    let bytes = (0..=255u8).map(|byte| vec![byte]);
    let pairs = (0..CHARACTERS as u8).map(|character| vec![character; 2]);
    let mut tokens: Vec<Option<Box<[u8]>>> = bytes.chain(pairs).map(|b| Some(b.into())).collect();
    tokens.push(None);
    let beginning = tokens.len() as u32 - 1;
    Vocabulary::new(tokens, std::array::from_fn(|at| at as u32), beginning).unwrap()
}

fn llama(size: f32, precision: Precision, tokenizer: Option<Pairs>) -> LanguageModel {
    let vocabulary = vocabulary();
    let architecture = Architecture::Llama(Llama {
        vocabulary: vocabulary.len(),
        width: 24,
        layers: 2,
        heads: 4,
        key_heads: 2,
        head_width: 6,
        feed_forward: 40,
        epsilon: 1e-5,
        rope_base: 10_000.0,
        rope_factors: Vec::new(),
        tied: false,
        positions: 512,
    });
    let parts = ModelParts {
        name: "tiny".into(),
        architecture,
        vocabulary,
        tokenizer: tokenizer.map(|pairs| Arc::new(pairs) as Arc<dyn Tokenizer>),
        tensors: &mut Seeded { random: Random::new(5), size },
        hash: None,
    };
    LanguageModel::new(parts, precision).unwrap()
}

fn byte_transformer(precision: Precision) -> LanguageModel {
    let architecture = Architecture::ByteTransformer(ByteTransformer {
        vocabulary: 256,
        width: 32,
        layers: 2,
        heads: 4,
        feed_forward: 64,
    });
    let tokens = (0..=255u8).map(|byte| Some(Box::from([byte]))).collect();
    let parts = ModelParts {
        name: "bytes".into(),
        architecture,
        vocabulary: Vocabulary::new(tokens, std::array::from_fn(|at| at as u32), 0).unwrap(),
        tokenizer: None,
        tensors: &mut Seeded { random: Random::new(9), size: 0.3 },
        hash: None,
    };
    LanguageModel::new(parts, precision).unwrap()
}

/// A tone with a little noise, and half of it silence.
fn pcm(spec: &AudioSpec, frames: usize) -> Vec<u8> {
    let bytes = spec.format.bytes();
    let mut pcm = vec![0; frames * spec.frame_bytes()];
    for (at, sample) in pcm.chunks_exact_mut(bytes).enumerate() {
        let full = 2f64.powi(spec.format.bits() as i32 - 3);
        let tone = (at as f64 * 0.03).sin() * full;
        let value = if at / 50 % 2 == 0 { 0 } else { tone as i64 + (at * at % 7) as i64 };
        spec.format.put(value, sample);
    }
    pcm
}

struct Case {
    spec: AudioSpec,
    frames: usize,
    mapping: Mapping,
}

impl Case {
    fn new(format: SampleFormat, channels: u16, frames: usize) -> Self {
        let spec = AudioSpec::new(format, channels, 8000);
        Case { spec, frames, mapping: Mapping::OffsetBinary }
    }

    fn chunk<'a>(&'a self, pcm: &'a [u8]) -> ChunkPcm<'a> {
        let Case { spec, mapping, .. } = self;
        ChunkPcm { pcm, first_frame: 0, spec, wasted: 0, mapping: *mapping }
    }

    /// The payload, once it was found to come back with any number of threads.
    fn check(&self, model: &LanguageModel, options: &LanguageOptions) -> Vec<u8> {
        let Case { spec, frames, mapping } = self;
        let pcm = pcm(spec, *frames);
        let coder =
            |threads| -> Coder { options.coder(model, spec, *frames as u64, threads).unwrap() };
        let encode = |threads, verify| {
            let encoded = coder(threads).encode(self.chunk(&pcm), verify);
            encoded.unwrap().expect("a context holds a frame").payload
        };
        let payload = encode(1, Verify::Full);
        assert!(encode(3, Verify::Usual) == payload, "threads change the payload");
        let stepping = options.clone().with_stepping(true);
        let stepping = stepping.coder(model, spec, *frames as u64, 2).unwrap();
        let stepped = stepping.encode(self.chunk(&pcm), Verify::No).unwrap();
        assert!(stepped.unwrap().payload == payload, "steps change the payload");
        for threads in [1, 2, 5] {
            let back = coder(threads).decode(&payload, *frames, spec, 0, *mapping).unwrap();
            assert!(back == pcm, "{threads} threads, {:?}", spec.format);
        }
        payload
    }
}

/// What a chunk took, counted while it was encoded and estimated.
fn accounts(case: &Case, model: &LanguageModel, options: &LanguageOptions) -> [Account; 2] {
    let Case { spec, frames, .. } = case;
    let pcm = pcm(spec, *frames);
    [false, true].map(|estimating| {
        let mut results = [1, 3].map(|threads| {
            let meter = Meter::default();
            let model = model.clone().with_meter(meter.clone());
            let coder = options.coder(&model, spec, *frames as u64, threads).unwrap();
            let coder = coder.with_estimating(estimating);
            let (mapping, verify) = (case.mapping, Verify::No);
            let payload = coder.encode_if_smaller(&pcm, 0, spec, 0, mapping, verify).unwrap();
            let account = meter.account();
            let refused = account.refused_chunks > 0;
            assert_eq!(refused, account.payload_bytes as usize >= pcm.len());
            assert_eq!(
                payload.map(|p| p.len() as u64),
                (!refused).then_some(account.payload_bytes)
            );
            account
        });
        let [first, second] = &mut results;
        assert_eq!(first, second, "threads change the account");
        std::mem::take(first)
    })
}

#[test]
fn payloads_are_as_long_as_they_are_counted_and_estimated() {
    for precision in [Precision::F32, Precision::Int8] {
        let model = llama(0.5, precision, Some(Pairs { forgetful: false }));
        for (format, channels) in
            [(SampleFormat::U8, 1), (SampleFormat::S16, 2), (SampleFormat::S24, 1)]
        {
            let case = Case::new(format, channels, 1000);
            for tokens in [TokenKind::Bpe, TokenKind::Characters] {
                for top_k in [None, Some(1), Some(20)] {
                    let mut options = options().with_tokens(tokens);
                    options.top_k = top_k;
                    let [counted, estimated] = accounts(&case, &model, &options);
                    let symbols = (counted.tokens + counted.escapes) as f64;
                    let real = 8.0 * counted.payload_bytes as f64;
                    let longer = real - counted.payload_bits();
                    assert!((-16.0..16.0 + 0.006 * symbols).contains(&longer), "{longer}");

                    // Of each token the same is thought, byte by byte and all together.
                    let same = |account: &Account| {
                        let Account { chunks, tokens, characters, escapes, .. } = *account;
                        let bytes = account.token_bits.len();
                        (chunks, tokens, characters, escapes, account.head_bytes, bytes)
                    };
                    assert_eq!(same(&estimated), same(&counted));
                    assert_eq!(estimated.plane_bits, counted.plane_bits);
                    for (estimated, counted) in estimated.token_bits.iter().zip(&counted.token_bits)
                    {
                        let difference = (counted - estimated).abs();
                        assert!(difference < 1e-4 * estimated, "{counted} for {estimated}");
                    }
                    assert_eq!(counted.characters, (case.frames * case.spec.frame_bytes()) as u64);
                    assert_eq!(counted.hits + counted.escapes, counted.tokens);
                    assert_eq!(counted.escapes > 0, top_k.is_some());
                    assert_eq!(counted.tokens < counted.characters, tokens == TokenKind::Bpe);
                }
            }
        }
    }
}

#[test]
fn a_model_loses_more_by_its_own_probabilities_than_by_frequencies() {
    let model = llama(20.0, Precision::F32, Some(Pairs { forgetful: false }));
    let case = Case::new(SampleFormat::S16, 2, 120);
    for top_k in [None, Some(2)] {
        let mut options = options();
        options.top_k = top_k;
        let [counted, estimated] = accounts(&case, &model, &options);
        assert_eq!((counted.refused_chunks, estimated.refused_chunks), (1, 1));
        assert_eq!(counted.refused_pcm_bytes, 480);
        assert_eq!(counted.refused_payload_bytes, counted.payload_bytes);
        let (tokens, escapes) = (counted.tokens as f64, counted.escapes as f64);
        let most = 0.03 * tokens + 3.0 * escapes + 16.0;
        assert!(8.0 * counted.payload_bytes as f64 <= estimated.payload_bits() + most);
        assert!(counted.payload_bits() < 0.9 * estimated.payload_bits());
    }
}

fn options() -> LanguageOptions {
    LanguageOptions::default().with_context(96).with_lockstep(3)
}

#[test]
fn every_format_comes_back_with_every_kind_of_tokens() {
    for precision in [Precision::F32, Precision::Int8] {
        let model = llama(0.3, precision, Some(Pairs { forgetful: false }));
        for (format, channels, blocking) in [
            (SampleFormat::U8, 1, 0),
            (SampleFormat::S16, 2, 0),
            (SampleFormat::S24, 1, 0),
            (SampleFormat::S32, 2, 5),
            (SampleFormat::F32, 1, 0),
            (SampleFormat::F64, 1, 0),
        ] {
            let case = Case::new(format, channels, 150);
            for tokens in [TokenKind::Bpe, TokenKind::Characters] {
                for top_k in [None, Some(1), Some(100)] {
                    let mut options = options().with_tokens(tokens).with_blocking(blocking);
                    options.top_k = top_k;
                    case.check(&model, &options);
                }
            }
        }
        let case = Case::new(SampleFormat::S16, 1, 200);
        let payload = case.check(&byte_transformer(precision), &options());
        let other = Case { mapping: Mapping::TwosComplement, ..case };
        assert!(other.check(&byte_transformer(precision), &options()) != payload);
    }
}

#[test]
fn a_model_that_is_wrong_about_everything_only_costs_bits() {
    // Logits in the hundreds: what it does not expect is all but impossible to it.
    let model = llama(20.0, Precision::F32, Some(Pairs { forgetful: false }));
    let case = Case::new(SampleFormat::S16, 2, 120);
    for tokens in [TokenKind::Bpe, TokenKind::Characters] {
        for top_k in [None, Some(1), Some(2)] {
            let mut options = options().with_tokens(tokens);
            options.top_k = top_k;
            let payload = case.check(&model, &options);
            let pcm = case.frames * case.spec.frame_bytes();
            assert!(payload.len() > pcm, "{} of {pcm}: it is not wrong enough", payload.len());
        }
    }
}

#[test]
fn what_a_tokenizer_cannot_spell_goes_by_characters() {
    let case = Case::new(SampleFormat::S16, 1, 100);
    let sound = llama(0.3, Precision::F32, Some(Pairs { forgetful: false }));
    let forgetful = llama(0.3, Precision::F32, Some(Pairs { forgetful: true }));
    let characters = case.check(&sound, &options().with_tokens(TokenKind::Characters));
    let own = case.check(&sound, &options());
    let fallen_back = case.check(&forgetful, &options());
    assert_eq!(fallen_back[1..], characters[1..]);
    assert_eq!((fallen_back[0], characters[0]), (1, 0));
    assert!(own[1..] != characters[1..]);
}

#[test]
fn damaged_payloads_are_errors_or_other_audio() {
    let case = Case::new(SampleFormat::S16, 1, 60);
    let model = llama(0.3, Precision::F32, Some(Pairs { forgetful: false }));
    let payload = case.check(&model, &options().with_top_k(3));
    let coder = options().with_top_k(3).coder(&model, &case.spec, 60, 1).unwrap();
    let decode = |payload: &[u8]| coder.decode(payload, 60, &case.spec, 0, case.mapping);
    for at in 0..payload.len() {
        let mut damaged = payload.clone();
        damaged[at] ^= 0x55;
        // Its checksum stands elsewhere.
        let _ = decode(&damaged);
        let _ = decode(&payload[..at]);
    }
    assert!(decode(&[]).is_err());
    assert!(decode(&[0, 0xFF]).is_err(), "planes beyond the last");
}

#[test]
fn contexts_that_do_not_fit_are_fewer_or_refused() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44_100);
    let model = llama(0.3, Precision::F32, None);
    let lockstep = |options: &LanguageOptions, frames| {
        options.coder(&model, &spec, frames, 1).map(|coder| coder.usage().lockstep)
    };
    let all = LanguageOptions::default().with_context(512);
    assert_eq!(lockstep(&all, 441_000).unwrap(), 128);
    assert_eq!(lockstep(&all, 3 * 128).unwrap(), 4, "no more than there are segments");
    let context = model.context_bytes(512);
    let least = all.clone().with_lockstep(1).coder(&model, &spec, 441_000, 1).unwrap().memory();
    let little = all.clone().with_memory(least + 20 * context);
    let halved = lockstep(&little, 441_000).unwrap();
    assert!([8, 16].contains(&halved), "{halved}");
    let none = all.clone().with_memory(least - 1);
    assert!(lockstep(&none, 441_000).unwrap_err().to_string().contains("bytes"));
    assert!(lockstep(&all.clone().with_context(513), 100).is_err(), "beyond the model's");
    assert!(lockstep(&all.clone().with_tokens(TokenKind::Bpe), 100).is_err(), "no tokenizer");
    assert!(lockstep(&all.with_top_k(0), 100).is_err());
}

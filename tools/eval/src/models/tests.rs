use std::io::Write;

use lmac::language::{
    Architecture, ExpectedTensor, Llama, ModelParts, Tensor, TensorKind, Tensors, Vocabulary,
};
use lmac::{Encoder, Precision, SampleFormat, checkpoint};

use super::*;
use crate::contestant::Interrupt;
use crate::testing::checkpoint_path;

/// A model whose hash is not cached.
fn loaded(name: &str) -> LanguageModel {
    let mut checkpoint = checkpoint::open(&checkpoint_path(name)).unwrap();
    let parts = ModelParts {
        name: name.into(),
        architecture: checkpoint.architecture,
        vocabulary: checkpoint.vocabulary,
        tokenizer: checkpoint.tokenizer,
        tensors: checkpoint.tensors.as_mut(),
        hash: None,
    };
    LanguageModel::new(parts, Precision::F32).unwrap()
}

/// Weights of nothing but zero.
struct Zeros;

impl Tensors for Zeros {
    fn tensor(&mut self, expected: &ExpectedTensor) -> lmac::Result<Tensor> {
        let count: usize = expected.shape.iter().product();
        Tensor::new(expected.shape.clone(), TensorKind::F32, vec![0; 4 * count])
    }
}

/// A model that finds all characters equally likely: each takes seven bits.
fn indifferent() -> LanguageModel {
    let tokens = (0..=128u8).map(|byte| (byte < 128).then(|| Box::from([byte]))).collect();
    let characters = std::array::from_fn(|character| character as u32);
    let parts = ModelParts {
        name: "indifferent".into(),
        architecture: Architecture::Llama(Llama {
            vocabulary: 129,
            width: 4,
            layers: 1,
            heads: 1,
            key_heads: 1,
            head_width: 4,
            feed_forward: 4,
            epsilon: 1e-5,
            rope_base: 10_000.0,
            rope_factors: Vec::new(),
            tied: true,
            positions: 1024,
        }),
        vocabulary: Vocabulary::new(tokens, characters, 128).unwrap(),
        tokenizer: None,
        tensors: &mut Zeros,
        hash: None,
    };
    LanguageModel::new(parts, Precision::F32).unwrap()
}

fn contestant(model: LanguageModel, options: ModelOptions) -> Model {
    Model::new("tiny", model, Weights { file_bytes: 1, parameters: 2 }, options)
}

/// A model out of a checkpoint, which nothing but its own text surprises little.
fn of(name: &str, options: ModelOptions) -> Model {
    contestant(loaded(name), options)
}

/// Samples of 16 bits that are odd, with nothing in the upper byte: their planes cost nothing,
/// and even a model that knows nothing makes them smaller.
fn quiet(channels: u16, frames: usize) -> Clip {
    let spec = AudioSpec::new(SampleFormat::S16, channels, 8000);
    let samples = (0..frames * usize::from(channels)).map(|at| 2 * (at * at * 7 % 61) as i16 + 1);
    Clip {
        name: "quiet".into(),
        spec,
        pcm: samples.flat_map(i16::to_le_bytes).collect(),
        file: None,
    }
}

/// Incompressible samples.
fn noise(frames: usize) -> Clip {
    let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    Clip { name: "noise".into(), spec, pcm: (0..frames).map(|_| next()).collect(), file: None }
}

fn job(chunk_bytes: usize, headers: Headers) -> Job {
    let (arrangement, interrupt) = (Arrangement::Chunks, Interrupt::default());
    Job { arrangement, chunk_bytes, headers, check: true, threads: 2, interrupt }
}

/// The stream of audio with the indifferent model, with chunks of these frames and contexts
/// of these characters.
fn stream(clip: &Clip, pcm: &[u8], frames: u64, context: u32) -> Vec<u8> {
    let options = EncodeOptions::default()
        .with_preset(Preset::Store)
        .with_chunk_frames(frames)
        .with_declared_frames((pcm.len() / clip.spec.frame_bytes()) as u64)
        .with_model(indifferent(), LanguageOptions::default().with_context(context));
    let mut encoder = Encoder::with_options(Vec::new(), clip.spec, options).unwrap();
    encoder.write_all(pcm).unwrap();
    let finished = encoder.finish().unwrap();
    assert_eq!(finished.stats.chunks_of(lmac::Method::Language), finished.stats.chunks());
    finished.writer
}

/// Chunks have all the bytes in them; the account has all but what the coder loses, and what
/// each stream rounds up.
fn adds_up(outcome: &Outcome) -> &crate::BitAccount {
    let sum: f64 = outcome.chunks.iter().sum();
    assert!((sum - outcome.bytes as f64).abs() < 1e-6 * sum, "{sum} {}", outcome.bytes);
    let account = outcome.account.as_ref().unwrap();
    let bits: f64 = account.token_bits.iter().chain(&account.plane_bits).sum();
    let rest = outcome.bytes as f64 - bits / 8.0 - account.other_bytes as f64;
    let loss = if outcome.estimated { 0.0 } else { bits / 8.0 / 100.0 };
    let streams = outcome.chunks.len() as f64;
    assert!((-1.0..=loss + 4.0 * streams).contains(&rest), "{rest} {account:?}");
    assert_eq!(account.hits + account.escapes, account.tokens);
    account
}

#[test]
fn a_clip_is_one_stream_of_contexts() {
    let contestant = contestant(indifferent(), ModelOptions::default());
    // Chunks of 25 frames, the last of 2: more than a chunk of the stream.
    let clip = quiet(2, 25 * 130 + 2);
    let job = job(103, Headers::Once);
    let outcome = contestant.measure(&clip, &job).unwrap();
    let real = stream(&clip, &clip.pcm, 25 * 128, 100);
    assert_eq!((outcome.bytes, &outcome.check), (real.len() as u64, &Check::Passed));
    assert_eq!(outcome.chunks.len(), 131);
    assert!(outcome.chunks[130] < outcome.chunks[0] / 5.0);
    let account = adds_up(&outcome);
    let counted = contestant
        .real(&clip.pcm, &clip.spec, contestant.options(contestant.language(100), 25 * 128), &job)
        .unwrap()
        .account;
    let around = real.len() as u64 - counted.payload_bytes;
    assert_eq!(account.other_bytes, around + counted.head_bytes);
    assert_eq!(account.characters, clip.pcm.len() as u64);
    assert_eq!((account.token_bits.len(), account.plane_bits.len()), (2, 2));
    // A bit of each byte is a plane's, and these cost nothing.
    let characters = clip.pcm.len() as f64 / 2.0;
    assert!((account.token_bits[0] / characters - 7.0).abs() < 0.01, "{account:?}");
    assert!((account.token_bits[1] / characters - 7.0).abs() < 0.01, "{account:?}");
    assert!(account.plane_bits.iter().sum::<f64>() < characters / 10.0);
    assert!(account.other_bytes > 30 && account.expanded == 0);
    assert!(outcome.stages.iter().any(|stage| stage.name == "encoding: model"));
    assert!(outcome.stages.iter().any(|stage| stage.name == "decoding: model"));
    assert!(outcome.decoding.is_some());
}

#[test]
fn a_chunk_is_a_stream() {
    let contestant = contestant(indifferent(), ModelOptions::default());
    let clip = quiet(1, 200 * 3 + 120);
    let outcome = contestant.measure(&clip, &job(401, Headers::Each)).unwrap();
    let real = clip.pcm.chunks(400).map(|piece| stream(&clip, piece, 200, 400).len() as f64);
    assert!(outcome.chunks.iter().copied().eq(real));
    assert_eq!((outcome.chunks.len(), &outcome.check), (4, &Check::Passed));
    let account = adds_up(&outcome);
    assert_eq!(account.characters, clip.pcm.len() as u64);
    assert!(account.other_bytes > 4 * 30);
}

#[test]
fn expanded_chunks_count_as_the_model_coded_them() {
    for headers in [Headers::Once, Headers::Each] {
        let contestant = of("llama", ModelOptions::default());
        let clip = noise(500);
        let outcome = contestant.measure(&clip, &job(100, headers)).unwrap();
        let account = adds_up(&outcome);
        let chunks = if headers == Headers::Once { 1 } else { 5 };
        assert_eq!((account.expanded, &outcome.check), (chunks, &Check::Passed));
        // Chunks that the stream does not hold were decoded as well.
        assert!(outcome.stages.iter().any(|stage| stage.name == "decoding: checking"));
        // How long that took is known of one thread.
        assert_eq!(outcome.decoding, None);
        let one = Job { threads: 1, ..job(100, headers) };
        let slower = contestant.measure(&clip, &one).unwrap();
        let checking = slower.stages.iter().find(|stage| stage.name == "decoding: checking");
        let (decoding, checking) = (slower.decoding.unwrap(), checking.unwrap().seconds);
        assert!(decoding > 0.0 && (decoding - checking).abs() < 1e-6, "{decoding} {checking}");
        // Headers are in no loss: a stream has its head, its index and the lengths of chunks.
        assert!(account.other_bytes > 30 * chunks && account.other_bytes < 250 * chunks);
        // The planes alone are an eighth, and tokens no smaller than what they spell.
        assert_eq!(account.plane_bits, [500.0]);
        assert!(account.token_bits[0] > 3400.0, "{}", account.token_bits[0]);
        assert!(outcome.bytes > 500 + account.other_bytes.min(30), "{}", outcome.bytes);
    }
}

#[test]
fn rounding_of_the_coder_is_not_a_header() {
    let contestant = contestant(indifferent(), ModelOptions::default());
    let clip = quiet(1, 1000);
    // Many payloads, each of which ends on a whole byte.
    let options = contestant.options(contestant.language(20), 10);
    let part = contestant.real(&clip.pcm, &clip.spec, options, &job(20, Headers::Once)).unwrap();
    let (account, payloads) = (&part.account, part.account.chunks as f64);
    let bits: f64 = account.token_bits.iter().chain(&account.plane_bits).sum();
    let rest = part.outcome.bytes as f64 - bits / 8.0 - part.other_bytes as f64;
    assert!(payloads == 100.0 && rest > 0.2 * payloads && rest < 3.0 * payloads, "{rest}");
}

#[test]
fn an_entropy_is_near_and_says_what_it_is() {
    for headers in [Headers::Once, Headers::Each] {
        for clip in [quiet(2, 800), noise(600)] {
            let measure = |options| of("llama", options).measure(&clip, &job(100, headers));
            let real = measure(ModelOptions::default()).unwrap();
            let options = ModelOptions { rate: Rate::Entropy, ..ModelOptions::default() };
            let estimated = measure(options.clone()).unwrap();
            assert!(estimated.estimated && !real.estimated);
            assert_eq!((&estimated.check, estimated.decoding), (&Check::Skipped, None));
            let off = estimated.bytes.abs_diff(real.bytes);
            let chunks = real.chunks.len() as u64;
            assert!(off <= real.bytes / 500 + 3 * chunks, "{estimated:?} {}", real.bytes);
            assert_eq!(estimated.chunks.len(), real.chunks.len());
            adds_up(&estimated);
            assert!(of("llama", options).description().ends_with("estimated by entropy"));
        }
    }
}

#[test]
fn step_by_step_comes_to_the_same_bytes() {
    let clip = quiet(1, 400);
    let measure = |stepping| {
        let options = ModelOptions { stepping, top_k: Some(9), ..ModelOptions::default() };
        of("llama", options).measure(&clip, &job(100, Headers::Once)).unwrap()
    };
    let (quick, slow) = (measure(false), measure(true));
    assert_eq!((quick.bytes, &quick.chunks), (slow.bytes, &slow.chunks));
    assert_eq!(quick.account, slow.account);
    assert!(quick.account.unwrap().escapes > 0);
}

#[test]
fn contexts_may_be_longer_than_chunks() {
    // The lower byte of all samples says nothing: a context has twice the frames.
    let mut clip = quiet(1, 1000);
    clip.pcm.chunks_exact_mut(2).for_each(|sample| sample.swap(0, 1));
    let contestant = of("bytes.npz", ModelOptions::default());
    let outcome = contestant.measure(&clip, &job(100, Headers::Once)).unwrap();
    assert_eq!((outcome.chunks.len(), &outcome.check), (20, &Check::Passed));
    assert_eq!(adds_up(&outcome).characters, 1000);
    assert!(outcome.chunks.iter().all(|&bytes| bytes > 20.0), "{:?}", outcome.chunks);
}

#[test]
fn chunks_that_are_too_long_are_refused() {
    let contestant = of("llama", ModelOptions::default());
    let error = contestant.measure(&quiet(1, 500), &job(258, Headers::Once)).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("chunks have 258 bytes") && message.contains("256"), "{message}");
}

#[test]
fn the_description_says_how_a_model_is_used() {
    let options = ModelOptions {
        top_k: Some(100),
        mapping: Some(Mapping::TwosComplement),
        blocking: 16,
        stepping: true,
        ..ModelOptions::default()
    };
    let contestant = of("llama", options);
    let description = contestant.description();
    assert!(description.contains(&contestant.model.id().hash_name()));
    let says = "precision f32, tokens bpe, top-k 100, mapping twos-complement, blocks of 16 \
                frames, step by step";
    assert!(description.ends_with(says), "{description}");
    assert_eq!(contestant.arrangements(), [Arrangement::Chunks]);
    assert!(contestant.weights().is_some());
}

#[test]
fn a_model_tells_how_far_it_is() {
    let contestant = contestant(indifferent(), ModelOptions::default());
    let clip = quiet(1, 500);
    assert_eq!(contestant.progress(), None);
    let under_way = contestant.progress.begin(4 * clip.pcm.len() as u64);
    assert_eq!(contestant.progress(), Some(0.0));
    // Two passes, then one.
    for (check, part) in [(true, 0.5), (false, 0.75)] {
        let job = Job { check, ..job(100, Headers::Once) };
        let options = contestant.options(contestant.language(100), 500);
        contestant.real(&clip.pcm, &clip.spec, options, &job).unwrap();
        assert_eq!(contestant.progress(), Some(part));
    }
    drop(under_way);
    assert_eq!(contestant.progress(), None);
}

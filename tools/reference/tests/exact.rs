//! The logits of lmac's engine are candle's, up to rounding.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use candle_transformers::models::llama::{Llama3RopeConfig, Llama3RopeType};
use lmac::Precision;
use lmac::language::Llama;
use lmac_reference::{Exact, Float, Seeded, Subject};

const VOCABULARY: usize = 160;
const POSITIONS: usize = 640;

/// The largest difference between logits, relative to the largest logit: sums have another order.
const ROUNDING: f32 = 2e-5;

#[test]
fn heads_that_have_their_own_keys() {
    compare(llama(64, 4, 4, 2, 96), None);
}

#[test]
fn heads_that_share_keys() {
    compare(llama(96, 6, 2, 2, 160), None);
    compare(llama(64, 8, 1, 1, 72), None);
}

#[test]
fn an_embedding_that_is_the_head() {
    compare(Llama { tied: true, ..llama(64, 2, 1, 3, 100) }, None);
}

#[test]
fn another_base_and_epsilon() {
    let llama = Llama { rope_base: 500_000.0, epsilon: 1e-3, ..llama(48, 4, 2, 2, 56) };
    compare(llama, None);
}

#[test]
fn rotary_frequencies_scaled_as_llama_3_has_them() {
    // Every branch has frequencies: kept, between, and divided.
    let scaling = Llama3RopeConfig {
        factor: 8.0,
        low_freq_factor: 1.0,
        high_freq_factor: 4.0,
        original_max_position_embeddings: 128,
        rope_type: Llama3RopeType::Llama3,
    };
    let mut llama = llama(64, 2, 2, 2, 96);
    llama.rope_factors = factors(&llama, &scaling);
    let between = |factor: &&f32| **factor > 1.0 && **factor < 8.0;
    assert!(llama.rope_factors.contains(&1.0) && llama.rope_factors.contains(&8.0));
    assert!(llama.rope_factors.iter().filter(between).count() > 1);
    compare(llama.clone(), Some(scaling));

    // The factors matter: without them the logits differ.
    let plain = Seeded::new(Llama { rope_factors: Vec::new(), ..llama.clone() }, 3);
    let tokens = tokens(300);
    let logits = |weights: &Seeded| {
        let mut exact = Exact::new(weights, Precision::F32).unwrap();
        exact.begin(1, POSITIONS).unwrap();
        exact.advance(&tokens).unwrap()
    };
    let (with, without) = (logits(&Seeded::new(llama, 3)), logits(&plain));
    assert!(distance(&with, &without) > 1e-2);
}

#[test]
fn eight_bits_stay_near() {
    let weights = Seeded::new(llama(128, 4, 2, 2, 192), 11);
    let mut candle = Float::new(&weights, None).unwrap();
    let mut exact = Exact::new(&weights, Precision::Int8).unwrap();
    candle.begin(2, POSITIONS).unwrap();
    exact.begin(2, POSITIONS).unwrap();
    let tokens = tokens(200);
    let (theirs, ours) = (candle.advance(&tokens).unwrap(), exact.advance(&tokens).unwrap());
    let apart = distance(&ours, &theirs);
    assert!(apart > 1e-4 && apart < 0.1, "{apart}");
}

/// Compares every logit of a long pass, of steps and of several contexts.
fn compare(llama: Llama, scaling: Option<Llama3RopeConfig>) {
    let weights = Seeded::new(llama, 3);
    let mut candle = Float::new(&weights, scaling).unwrap();
    let mut exact = Exact::new(&weights, Precision::F32).unwrap();

    // candle gives only the last logits of a pass, so it takes a step for each token here.
    let tokens_of_one = tokens(300);
    exact.begin(1, POSITIONS).unwrap();
    candle.begin(1, POSITIONS).unwrap();
    let ours = exact.all_logits(&tokens_of_one).unwrap();
    for (at, (ours, token)) in ours.chunks(VOCABULARY).zip(&tokens_of_one).enumerate() {
        let theirs = candle.advance(&[*token]).unwrap();
        assert!(theirs.iter().any(|logit| logit.abs() > 1.0));
        let apart = distance(ours, &theirs);
        assert!(apart < ROUNDING, "position {at}: {apart}");
    }

    for lengths in [&[1][..], &[2], &[17], &[256], &[600], &[5, 1, 1, 64, 3]] {
        for contexts in [1, 3] {
            exact.begin(contexts, POSITIONS).unwrap();
            candle.begin(contexts, POSITIONS).unwrap();
            for &length in lengths {
                let tokens = tokens(length * contexts);
                let theirs = candle.advance(&tokens).unwrap();
                let ours = exact.advance(&tokens).unwrap();
                assert_eq!(ours.len(), contexts * VOCABULARY);
                let apart = distance(&ours, &theirs);
                assert!(apart < ROUNDING, "{contexts} x {length} of {lengths:?}: {apart}");
            }
        }
    }
}

/// The largest difference between logits, relative to the largest logit.
fn distance(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().map(|logit| logit.abs()).fold(0.0, f32::max);
    let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    // A NaN counts as the largest difference.
    apart.fold(0.0, |most: f32, one| if one <= most { most } else { one }) / largest
}

fn llama(
    width: usize,
    heads: usize,
    key_heads: usize,
    layers: usize,
    feed_forward: usize,
) -> Llama {
    Llama {
        vocabulary: VOCABULARY,
        width,
        layers,
        heads,
        key_heads,
        head_width: width / heads,
        feed_forward,
        epsilon: 1e-5,
        rope_base: 10_000.0,
        rope_factors: Vec::new(),
        tied: false,
        positions: POSITIONS,
    }
}

/// The factors that frequencies are divided by: 1 for waves that are short beside the context of the
/// first training, `factor` for long ones, and a value between for those between.
fn factors(llama: &Llama, scaling: &Llama3RopeConfig) -> Vec<f32> {
    let context = scaling.original_max_position_embeddings as f64;
    let (low, high) = (f64::from(scaling.low_freq_factor), f64::from(scaling.high_freq_factor));
    let factor = f64::from(scaling.factor);
    let pairs = llama.head_width / 2;
    let factors = (0..pairs).map(|pair| {
        let frequency = llama.rope_base.powf(-(pair as f64) / pairs as f64);
        let waves = context * frequency / std::f64::consts::TAU;
        let kept = ((waves - low) / (high - low)).clamp(0.0, 1.0);
        1.0 / (kept + (1.0 - kept) / factor)
    });
    factors.map(|factor| factor as f32).collect()
}

fn tokens(count: usize) -> Vec<u32> {
    (0..count).map(|at| ((at * at * 31 + at * 7 + 3) % VOCABULARY) as u32).collect()
}

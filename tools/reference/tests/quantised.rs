//! The Llama on candle's quantised products gives the logits of candle's Llama.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use candle_core::quantized::GgmlDType;
use lmac::language::Llama;
use lmac_reference::{Float, Quantised, Seeded, Subject};

const VOCABULARY: u32 = 96;

#[test]
fn without_quantising_logits_are_those_of_candle() {
    assert!(worst(GgmlDType::F32) < 1e-5);
}

#[test]
fn with_quantising_they_are_close() {
    let worst = worst(GgmlDType::Q8_0);
    assert!((1e-3..0.5).contains(&worst), "{worst}");
}

/// The largest difference between logits: one context and several, in one pass and in steps.
fn worst(kind: GgmlDType) -> f32 {
    let llama = Llama {
        vocabulary: VOCABULARY as usize,
        width: 64,
        layers: 2,
        heads: 4,
        key_heads: 2,
        head_width: 16,
        feed_forward: 96,
        epsilon: 1e-5,
        rope_base: 10_000.0,
        rope_factors: Vec::new(),
        tied: true,
        positions: 32,
    };
    let weights = Seeded::new(llama, 5);
    let mut float = Float::new(&weights, None).unwrap();
    let mut quantised = Quantised::new(&weights, kind).unwrap();
    let mut worst = 0.0;
    for contexts in [1, 3] {
        float.begin(contexts, 32).unwrap();
        quantised.begin(contexts, 32).unwrap();
        for each in [7, 1, 1, 5] {
            let count = (contexts * each) as u32;
            let tokens: Vec<u32> = (0..count).map(|at| (at * at * 7 + 3) % VOCABULARY).collect();
            let (theirs, ours) =
                (float.advance(&tokens).unwrap(), quantised.advance(&tokens).unwrap());
            assert_eq!(theirs.len(), contexts * VOCABULARY as usize);
            assert_eq!(theirs.len(), ours.len());
            assert!(theirs.iter().any(|logit| logit.abs() > 1.0));
            worst = theirs.iter().zip(&ours).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
        }
    }
    worst
}

//! Measures the speed of models of about 1, 10 and 100 million parameters; run by hand, with
//! optimisation.

use std::fs::read_to_string;

use lmac_support::Random;

use super::seeded::{self, Seeded, models};
use super::*;
use crate::method::language::tensor::TensorKind;

/// Returns the processor time of this thread in seconds.
fn seconds() -> f64 {
    let times = read_to_string("/proc/thread-self/schedstat").expect("a Linux");
    let nanoseconds: f64 = times.split(' ').next().expect("a time").parse().expect("a number");
    nanoseconds * 1e-9
}

/// Returns the tokens per second of contexts that all advance by `tokens` a call, up to `length`.
fn rate(engine: &Engine, contexts: usize, tokens: usize, length: usize) -> f64 {
    let mut caches: Vec<Cache> = (0..contexts).map(|_| engine.cache()).collect();
    let (head, mut scratch) = (engine.head(None), Scratch::default());
    let tokens = seeded::tokens(&mut Random::new(1), 512, tokens);
    let (mut sum, mut count) = (0.0, 0);
    let start = seconds();
    while seconds() - start < 1.5 {
        caches.iter_mut().for_each(Cache::clear);
        while caches[0].len() + tokens.len() <= length {
            let mut runs: Vec<Run<'_>> =
                caches.iter_mut().map(|cache| Run { cache, tokens: &tokens }).collect();
            engine.advance(&mut runs, &head, &mut scratch, &mut |_, _, row| sum += row[0]).unwrap();
            count += contexts * tokens.len();
        }
    }
    assert!(sum.is_finite());
    count as f64 / (seconds() - start)
}

#[test]
#[ignore = "measures"]
fn models_in_tokens_a_second() {
    // Only models whose names start with this.
    let only = std::env::var("MODEL").unwrap_or_default();
    for (name, llama) in models() {
        let architecture = Architecture::Llama(llama);
        for &precision in Precision::ALL {
            let name = format!("{name} {}", precision.name());
            if !name.starts_with(&only) {
                continue;
            }
            let mut tensors = Seeded { kind: TensorKind::F32 };
            let engine = Engine::new(architecture.clone(), precision, &mut tensors).unwrap();
            print!("{name}:");
            for contexts in [1, 8, 32, 128] {
                print!(" x{contexts}: {:.0}", rate(&engine, contexts, 1, 256));
            }
            for length in [256, 1_024, 2_048] {
                print!(" prefill {length}: {:.0}", rate(&engine, 1, length, length));
            }
            println!();
        }
    }
}

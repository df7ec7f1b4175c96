//! Tests that every arrangement of calls gives the bits of the definition.

mod reference;
mod seeded;
mod speed;

use super::*;
use crate::method::language::architecture::{ExpectedTensor, Llama};
use crate::method::language::tensor::{Tensor, TensorKind};
use crate::numerics::environment;
use lmac_support::Random;
use reference::Reference;
use seeded::{Seeded, llama, models, odd_models, tokens};

fn engine(architecture: &Architecture, precision: Precision, kind: TensorKind) -> Engine {
    Engine::new(architecture.clone(), precision, &mut Seeded { kind }).unwrap()
}

fn reference(architecture: &Architecture, precision: Precision, kind: TensorKind) -> Reference {
    let mut tensors = std::collections::BTreeMap::new();
    for expected in architecture.tensors() {
        let tensor = Seeded { kind }.tensor(&expected).unwrap();
        let mut rows = vec![vec![0.0; tensor.columns()]; tensor.rows()];
        for (at, row) in rows.iter_mut().enumerate() {
            tensor.row(at, row);
        }
        tensors.insert(expected.name, rows);
    }
    Reference::new(architecture, precision, tensors)
}

/// The arrangement of tokens in calls: for each call, how many tokens each context gets.
type Arrangement = Vec<Vec<usize>>;

/// Evaluates contexts and returns the bits of all logits of each.
fn advance(
    engine: &Engine,
    head: &OutputHead,
    contexts: &[Vec<u32>],
    arrangement: &Arrangement,
) -> Vec<Vec<Vec<u32>>> {
    let mut caches: Vec<Cache> = contexts.iter().map(|_| engine.cache()).collect();
    let mut scratch = Scratch::default();
    let mut logits = vec![Vec::new(); contexts.len()];
    for counts in arrangement {
        let parts = caches.iter_mut().zip(contexts).zip(counts);
        let mut runs: Vec<Run<'_>> = parts
            .map(|((cache, tokens), &count)| {
                let start = cache.len();
                let end = tokens.len().min(start + count);
                Run { cache, tokens: &tokens[start..end] }
            })
            .collect();
        let starts: Vec<usize> = runs.iter().map(|run| run.cache.len()).collect();
        engine
            .advance(&mut runs, head, &mut scratch, &mut |run, token, row| {
                assert_eq!(logits[run].len(), starts[run] + token);
                logits[run].push(row.iter().map(|x| x.to_bits()).collect());
            })
            .unwrap();
    }
    for ((cache, tokens), logits) in caches.iter().zip(contexts).zip(&logits) {
        assert_eq!((cache.len(), logits.len()), (tokens.len(), tokens.len()));
    }
    logits
}

/// Returns arrangements: all tokens at once, one by one, and in chunks of uneven lengths.
fn arrangements(contexts: &[Vec<u32>], random: &mut Random) -> Vec<Arrangement> {
    let longest = contexts.iter().map(Vec::len).max().unwrap_or(0);
    let count = contexts.len();
    let mut chunks = Vec::new();
    let mut left: Vec<usize> = contexts.iter().map(Vec::len).collect();
    while left.iter().any(|&left| left > 0) {
        let mut counts = Vec::new();
        for left in &mut left {
            let count = (*left).min([0, 1, 2, 7, 40, 130][random.next_u64() as usize % 6]);
            *left -= count;
            counts.push(count);
        }
        chunks.push(counts);
    }
    vec![vec![vec![longest; count]], vec![vec![1; count]; longest], chunks]
}

fn contexts(vocabulary: usize, lengths: &[usize]) -> Vec<Vec<u32>> {
    let mut random = Random::new(lengths.len() as u64);
    lengths.iter().map(|&length| tokens(&mut random, vocabulary, length)).collect()
}

fn bits(rows: Vec<Vec<f32>>) -> Vec<Vec<u32>> {
    rows.into_iter().map(|row| row.into_iter().map(f32::to_bits).collect()).collect()
}

#[test]
fn every_arrangement_gives_the_bits_of_the_definition() {
    let mut random = Random::new(3);
    for architecture in odd_models() {
        for &precision in Precision::ALL {
            let kind = [TensorKind::F32, TensorKind::F16, TensorKind::BF16]
                [random.next_u64() as usize % 3];
            let contexts = contexts(architecture.vocabulary(), &[70, 1, 135, 9]);
            let reference = reference(&architecture, precision, kind);
            let expected: Vec<_> =
                contexts.iter().map(|tokens| bits(reference.logits(tokens))).collect();
            let mut engine = engine(&architecture, precision, kind);
            for set in Supported::all() {
                engine.set = set;
                for arrangement in arrangements(&contexts, &mut random) {
                    let logits = advance(&engine, &engine.head(None), &contexts, &arrangement);
                    let shown = format!("{architecture:?} {precision:?} {set:?} {arrangement:?}");
                    assert!(logits == expected, "{shown}");
                }
            }
        }
    }
}

#[test]
fn long_contexts_cross_every_border() {
    let architecture = Architecture::Llama(Llama { tied: true, ..llama(32, 1, [4, 2], 48) });
    for &precision in Precision::ALL {
        let engine = engine(&architecture, precision, TensorKind::F32);
        let contexts = contexts(300, &[1500, 700]);
        let reference = reference(&architecture, precision, TensorKind::F32);
        let expected: Vec<_> =
            contexts.iter().map(|tokens| bits(reference.logits(tokens))).collect();
        for arrangement in arrangements(&contexts, &mut Random::new(8)) {
            let logits = advance(&engine, &engine.head(None), &contexts, &arrangement);
            assert!(logits == expected, "{precision:?} {arrangement:?}");
        }
    }
}

/// Compares all instruction sets and arrangements with each other.
fn compare_arrangements(architecture: &Architecture) {
    let mut random = Random::new(5);
    for &precision in Precision::ALL {
        let mut engine = engine(architecture, precision, TensorKind::BF16);
        let contexts = contexts(512, &[30, 7, 19, 1]);
        let mut expected = None;
        for set in Supported::all() {
            engine.set = set;
            for arrangement in arrangements(&contexts, &mut random) {
                let logits = advance(&engine, &engine.head(None), &contexts, &arrangement);
                let expected = expected.get_or_insert_with(|| logits.clone());
                assert!(logits == *expected, "{precision:?} {set:?} {arrangement:?}");
            }
        }
    }
}

#[test]
fn a_model_of_a_million_parameters_has_one_result() {
    compare_arrangements(&Architecture::Llama(models()[0].1.clone()));
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn models_of_many_parameters_have_one_result() {
    for (_, llama) in &models()[1..] {
        compare_arrangements(&Architecture::Llama(llama.clone()));
    }
}

#[test]
fn selected_outputs_have_the_same_bits_as_among_all() {
    for architecture in odd_models() {
        for &precision in Precision::ALL {
            let engine = engine(&architecture, precision, TensorKind::BF16);
            let contexts = contexts(architecture.vocabulary(), &[20]);
            let at_once = vec![vec![20]];
            let all = advance(&engine, &engine.head(None), &contexts, &at_once);
            for count in [1, 20, 100] {
                let tokens =
                    tokens(&mut Random::new(count as u64), architecture.vocabulary(), count);
                let some = advance(&engine, &engine.head(Some(&tokens)), &contexts, &at_once);
                for (row, all) in some[0].iter().zip(&all[0]) {
                    let expected: Vec<u32> = tokens.iter().map(|&at| all[at as usize]).collect();
                    assert_eq!(row, &expected);
                }
            }
        }
    }
}

#[test]
fn callers_that_flush_denormals_get_the_same_bits() {
    /// Weights that make denormals of the logits.
    struct Tiny(Seeded);

    impl Tensors for Tiny {
        fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
            let tensor = self.0.tensor(expected)?;
            let factor = match expected.name.as_str() {
                "embedding" => 1e-20,
                "norm" => 1e-5,
                "head" => 1e-29,
                _ => 1.0,
            };
            let mut bytes = Vec::new();
            let mut row = vec![0.0; tensor.columns()];
            for at in 0..tensor.rows() {
                tensor.row(at, &mut row);
                row.iter().for_each(|x| bytes.extend_from_slice(&(x * factor).to_le_bytes()));
            }
            Tensor::new(tensor.shape().to_vec(), TensorKind::F32, bytes)
        }
    }

    let architecture = Architecture::Llama(Llama { epsilon: 1e-30, ..llama(40, 2, [5, 5], 52) });
    let contexts = contexts(300, &[30]);
    for &precision in Precision::ALL {
        let run = || {
            let mut tensors = Tiny(Seeded { kind: TensorKind::F32 });
            let engine = Engine::new(architecture.clone(), precision, &mut tensors).unwrap();
            advance(&engine, &engine.head(None), &contexts, &vec![vec![30]])
        };
        let plain = run();
        assert!(plain[0].iter().flatten().any(|&bits| bits << 1 != 0 && bits << 1 < 1 << 24));
        assert!(environment::with_flushing(run) == plain);
    }
}

#[test]
fn a_cache_that_was_cleared_is_like_a_new_one() {
    let architecture = &odd_models()[0];
    for &precision in Precision::ALL {
        let engine = engine(architecture, precision, TensorKind::F32);
        let mut scratch = Scratch::default();
        let mut cache = engine.cache();
        let mut logits = Vec::new();
        for length in [90, 70] {
            cache.clear();
            logits.clear();
            let tokens = tokens(&mut Random::new(1), 300, length);
            let runs = &mut [Run { cache: &mut cache, tokens: &tokens }];
            let each = &mut |_, _, row: &[f32]| logits.push(row.to_vec());
            engine.advance(runs, &engine.head(None), &mut scratch, each).unwrap();
        }
        let contexts = vec![tokens(&mut Random::new(1), 300, 70)];
        let expected = advance(&engine, &engine.head(None), &contexts, &vec![vec![70]]);
        assert!(bits(logits) == expected[0]);
    }
}

#[test]
fn threads_share_an_engine() {
    let architecture = &odd_models()[2];
    let engine = engine(architecture, Precision::F32, TensorKind::F32);
    let contexts = contexts(300, &[80, 300]);
    let alone = advance(&engine, &engine.head(None), &contexts, &vec![vec![300, 300]]);
    std::thread::scope(|scope| {
        let run = |tokens: &[u32]| {
            let contexts = [tokens.to_vec()];
            advance(&engine, &engine.head(None), &contexts, &vec![vec![300]]).remove(0)
        };
        let threads: Vec<_> =
            contexts.iter().map(|tokens| scope.spawn(move || run(tokens))).collect();
        for (thread, alone) in threads.into_iter().zip(&alone) {
            assert!(thread.join().unwrap() == *alone);
        }
    });
}

#[test]
fn errors_name_tensors_that_do_not_fit() {
    /// Tensors of which one is wrong.
    struct Wrong(&'static str, Option<f32>);

    impl Tensors for Wrong {
        fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
            let tensor = Seeded { kind: TensorKind::F32 }.tensor(expected)?;
            if expected.name != self.0 {
                return Ok(tensor);
            }
            let mut shape = tensor.shape().to_vec();
            let value = self.1.unwrap_or(0.5);
            if self.1.is_none() {
                shape[0] += 1;
            }
            let bytes = value.to_le_bytes().repeat(shape.iter().product());
            Tensor::new(shape, TensorKind::F32, bytes)
        }
    }

    for architecture in [&odd_models()[0], &odd_models()[5]] {
        for name in architecture.tensors().into_iter().map(|expected| expected.name) {
            for wrong in [None, Some(f32::NAN), Some(f32::INFINITY)] {
                for &precision in Precision::ALL {
                    let name: &'static str = name.clone().leak();
                    let mut tensors = Wrong(name, wrong);
                    let engine = Engine::new(architecture.clone(), precision, &mut tensors);
                    let message = engine.expect_err("a wrong tensor").to_string();
                    assert!(message.contains(name), "{message}");
                }
            }
        }
    }
}

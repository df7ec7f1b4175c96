//! Measures contestants in turns.

use std::ops::Range;
use std::time::Instant;

use lmac::language::Llama;
use lmac_reference::Result;
use lmac_support::Random;

use crate::clock::{Took, time};
use crate::contestant::Contestant;
use crate::shapes::operations;

/// The work that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A context of this many tokens in one pass.
    Prefill(usize),
    /// This many contexts, one token of each at a time.
    Lockstep(usize),
}

/// The limits of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) steps: usize,
    pub(crate) seconds: f64,
}

/// One turn of one contestant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turn {
    pub(crate) took: Took,
    pub(crate) tokens: usize,
    /// All operations.
    pub(crate) operations: f64,
    /// The operations per second of a loop over registers, measured right after the turn.
    pub(crate) peak: f64,
}

/// The steps of a turn in lockstep.
const STEPS: usize = 16;
/// Passes are repeated until a turn takes this many seconds.
const LEAST: f64 = 0.2;
/// The most turns of passes.
const PASSES: usize = 7;

impl Work {
    pub(crate) fn all() -> impl Iterator<Item = Work> {
        let passes = [256, 1024, 2048].map(Work::Prefill);
        passes.into_iter().chain([1, 8, 32, 128].map(Work::Lockstep))
    }

    pub(crate) fn name(self) -> String {
        match self {
            Work::Prefill(tokens) => format!("prefill {tokens}"),
            Work::Lockstep(contexts) => format!("lockstep {contexts}"),
        }
    }

    /// The contexts of a contestant. In passes, each thread has one.
    fn contexts(self, contestant: &Contestant) -> usize {
        match self {
            Work::Prefill(_) => contestant.threads,
            Work::Lockstep(contexts) => contexts,
        }
    }
}

/// Measures the turns of each contestant; none for those with more threads than contexts.
///
/// All others have the same number. Turns of the same index are next to each other in time and at
/// the same position of their contexts.
pub(crate) fn measure(
    contestants: &mut [Contestant],
    work: Work,
    llama: &Llama,
    limits: Limits,
) -> Result<Vec<Vec<Turn>>> {
    let start = Instant::now();
    let mut turns = vec![Vec::new(); contestants.len()];
    let (most, length) = match work {
        Work::Prefill(length) => (PASSES, length),
        Work::Lockstep(_) => (limits.steps.div_ceil(STEPS), limits.steps),
    };
    for contestant in &mut *contestants {
        // Work of the first use is not measured.
        let contexts = work.contexts(contestant);
        contestant.subject.begin(contexts, length)?;
        contestant.advance(&vec![0; contexts])?;
        contestant.subject.begin(contexts, length)?;
    }
    for number in 0..most {
        if number > 0 && start.elapsed().as_secs_f64() > limits.seconds {
            break;
        }
        for (contestant, turns) in contestants.iter_mut().zip(&mut turns) {
            let contexts = work.contexts(contestant);
            if contestant.threads > contexts {
                continue;
            }
            turns.push(match work {
                Work::Prefill(length) => passes(contestant, contexts, length, llama)?,
                Work::Lockstep(_) => {
                    let from = number * STEPS;
                    steps(contestant, contexts, from..length.min(from + STEPS), llama)?
                }
            });
        }
    }
    Ok(turns)
}

/// Measures a turn of passes, each from the beginning.
fn passes(
    contestant: &mut Contestant,
    contexts: usize,
    length: usize,
    llama: &Llama,
) -> Result<Turn> {
    let tokens = tokens(length * contexts, llama.vocabulary);
    let mut passes = 0;
    let (done, took) = time(|| -> Result<()> {
        let start = Instant::now();
        while passes == 0 || start.elapsed().as_secs_f64() < LEAST {
            contestant.subject.begin(contexts, length)?;
            contestant.advance(&tokens)?;
            passes += 1;
        }
        Ok(())
    });
    done?;
    let logits = if contestant.last_logits_only { 1 } else { length };
    let operations = operations(llama, 0..length, logits) * (contexts * passes) as f64;
    let tokens = tokens.len() * passes;
    Ok(Turn { took, tokens, operations, peak: contestant.peak.measure() })
}

/// Measures a turn of these steps.
fn steps(
    contestant: &mut Contestant,
    contexts: usize,
    steps: Range<usize>,
    llama: &Llama,
) -> Result<Turn> {
    let tokens = tokens(steps.len() * contexts, llama.vocabulary);
    let (done, took) = time(|| contestant.steps(&tokens));
    done?;
    let operations = operations(llama, steps.clone(), steps.len()) * contexts as f64;
    Ok(Turn { took, tokens: tokens.len(), operations, peak: contestant.peak.measure() })
}

/// Tokens without a pattern.
fn tokens(count: usize, vocabulary: usize) -> Vec<u32> {
    let mut random = Random::new(1);
    (0..count).map(|_| random.below(vocabulary as u64) as u32).collect()
}

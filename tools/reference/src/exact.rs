//! lmac's exact engine.

use std::hint::black_box;
use std::thread;

use lmac::Precision;
use lmac::language::{Architecture, Evaluator, LanguageModel, ModelParts, Vocabulary};

use crate::seeded::Seeded;
use crate::subject::{Result, Subject};

/// The number of characters.
const CHARACTERS: u32 = 128;

/// lmac's engine with seeded weights.
#[derive(Debug)]
pub struct Exact {
    model: LanguageModel,
    threads: usize,
    /// One for each thread.
    groups: Vec<Group>,
    contexts: usize,
    positions: usize,
}

/// Contexts that one thread advances.
#[derive(Debug)]
struct Group {
    evaluator: Evaluator,
    first: usize,
    contexts: usize,
}

impl Exact {
    /// The model with these weights, evaluated in a precision.
    pub fn new(weights: &Seeded, precision: Precision) -> Result<Self> {
        let size = weights.llama().vocabulary as u32;
        let spelled = |token| (token < CHARACTERS).then(|| [token as u8].into());
        let vocabulary = Vocabulary::new(
            (0..size).map(spelled).collect(),
            std::array::from_fn(|character| character as u32),
            size.saturating_sub(1),
        )?;
        let parts = ModelParts {
            name: "seeded".into(),
            architecture: Architecture::Llama(weights.llama().clone()),
            vocabulary,
            tokenizer: None,
            tensors: &mut weights.clone(),
            // Only streams need the hash.
            hash: Some([0; 32]),
        };
        let model = LanguageModel::new(parts, precision)?;
        Ok(Exact { model, threads: 1, groups: Vec::new(), contexts: 0, positions: 0 })
    }

    /// The same weights, with the contexts divided among this many threads.
    pub fn with_threads(&self, threads: usize) -> Self {
        let model = self.model.clone();
        Exact { model, threads, groups: Vec::new(), contexts: 0, positions: 0 }
    }

    /// The logits of every token, one context after the other.
    pub fn all_logits(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let size = self.model.vocabulary().len();
        let each = tokens.len() / self.contexts;
        let mut all = vec![0.0; tokens.len() * size];
        for group in &mut self.groups {
            let tokens: Vec<&[u32]> = group.of(tokens, each).collect();
            group.evaluator.advance(&tokens, |context, token, logits| {
                let at = (group.first + context) * each + token;
                all[at * size..(at + 1) * size].copy_from_slice(logits);
            })?;
        }
        Ok(all)
    }
}

impl Group {
    /// The tokens of each of the group's contexts.
    fn of<'a>(&self, tokens: &'a [u32], each: usize) -> impl Iterator<Item = &'a [u32]> {
        tokens[self.first * each..][..self.contexts * each].chunks(each)
    }
}

impl Subject for Exact {
    fn begin(&mut self, contexts: usize, positions: usize) -> Result<()> {
        if (self.contexts, self.positions) == (contexts, positions) {
            self.groups.iter_mut().for_each(|group| group.evaluator.clear());
            return Ok(());
        }
        let threads = self.threads.min(contexts);
        let starts = |thread| contexts * thread / threads;
        let groups = (0..threads).map(|thread| {
            let (first, contexts) = (starts(thread), starts(thread + 1) - starts(thread));
            Group { evaluator: self.model.evaluator(contexts, positions), first, contexts }
        });
        self.groups = groups.collect();
        (self.contexts, self.positions) = (contexts, positions);
        Ok(())
    }

    fn advance(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let size = self.model.vocabulary().len();
        let each = tokens.len() / self.contexts;
        let run = |group: &mut Group| -> Result<Vec<f32>> {
            let tokens: Vec<&[u32]> = group.of(tokens, each).collect();
            let mut last = vec![0.0; group.contexts * size];
            group.evaluator.advance(&tokens, |context, token, logits| {
                if token + 1 == each {
                    last[context * size..][..size].copy_from_slice(logits);
                }
            })?;
            Ok(last)
        };
        Ok(on_threads(&mut self.groups, run)?.concat())
    }

    fn steps(&mut self, tokens: &[u32]) -> Result<()> {
        let contexts = self.contexts;
        // Contexts are independent, so threads do not wait for each other.
        on_threads(&mut self.groups, |group| {
            for step in tokens.chunks(contexts) {
                let tokens: Vec<&[u32]> = group.of(step, 1).collect();
                group.evaluator.advance(&tokens, |_, _, logits| {
                    black_box(logits);
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Runs a function for each group, each on a thread of its own.
fn on_threads<T: Send>(
    groups: &mut [Group],
    run: impl Fn(&mut Group) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    if let [group] = groups {
        return Ok(vec![run(group)?]);
    }
    thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> =
            groups.iter_mut().map(|group| scope.spawn(move || run(group))).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined.map(|done| done.unwrap_or_else(|_| Err("a thread panicked".into()))).collect()
    })
}

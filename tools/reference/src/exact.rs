//! lmac's exact engine.

use std::hint::black_box;
use std::thread;

use lmac::Profile;
use lmac::language::{Architecture, Evaluator, LanguageModel, Parts, Vocabulary};

use crate::seeded::Seeded;
use crate::subject::{Result, Subject};

/// Characters that a vocabulary has at least.
const CHARACTERS: u32 = 128;

/// lmac's engine with seeded weights.
#[derive(Debug)]
pub struct Exact {
    model: LanguageModel,
    threads: usize,
    /// One for each thread.
    groups: Vec<Group>,
    contexts: usize,
}

/// Contexts that one thread advances.
#[derive(Debug)]
struct Group {
    evaluator: Evaluator,
    first: usize,
    contexts: usize,
}

impl Exact {
    /// The model with these weights, in the arithmetic of a profile.
    pub fn new(weights: &Seeded, profile: Profile) -> Result<Self> {
        let size = weights.llama().vocabulary as u32;
        let spelled = |token| (token < CHARACTERS).then(|| [token as u8].into());
        let vocabulary = Vocabulary::new(
            (0..size).map(spelled).collect(),
            std::array::from_fn(|character| character as u32),
            size.saturating_sub(1),
        )?;
        let parts = Parts {
            name: "seeded".into(),
            architecture: Architecture::Llama(weights.llama().clone()),
            vocabulary,
            tokenizer: None,
            tensors: &mut weights.clone(),
            // Only streams need to know.
            hash: Some([0; 32]),
        };
        let model = LanguageModel::new(parts, profile)?;
        Ok(Exact { model, threads: 1, groups: Vec::new(), contexts: 0 })
    }

    /// The same weights, with contexts shared out to this many threads.
    pub fn with_threads(&self, threads: usize) -> Self {
        Exact { model: self.model.clone(), threads, groups: Vec::new(), contexts: 0 }
    }

    /// The logits of every token: one context after the other.
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
    /// The tokens of each of its contexts, out of those of all contexts.
    fn of<'a>(&self, tokens: &'a [u32], each: usize) -> impl Iterator<Item = &'a [u32]> {
        tokens[self.first * each..][..self.contexts * each].chunks(each)
    }
}

impl Subject for Exact {
    fn begin(&mut self, contexts: usize, positions: usize) -> Result<()> {
        let threads = self.threads.min(contexts);
        let starts = |thread| contexts * thread / threads;
        let groups = (0..threads).map(|thread| {
            let (first, contexts) = (starts(thread), starts(thread + 1) - starts(thread));
            Group { evaluator: self.model.evaluator(contexts, positions), first, contexts }
        });
        self.groups = groups.collect();
        self.contexts = contexts;
        Ok(())
    }

    fn advance(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let size = self.model.vocabulary().len();
        let each = tokens.len() / self.contexts;
        let mut last = vec![0.0; self.contexts * size];
        for group in &mut self.groups {
            let tokens: Vec<&[u32]> = group.of(tokens, each).collect();
            group.evaluator.advance(&tokens, |context, token, logits| {
                if token + 1 == each {
                    last[(group.first + context) * size..][..size].copy_from_slice(logits);
                }
            })?;
        }
        Ok(last)
    }

    fn steps(&mut self, tokens: &[u32]) -> Result<()> {
        let contexts = self.contexts;
        let run = |group: &mut Group| -> Result<()> {
            for step in tokens.chunks(contexts) {
                let tokens: Vec<&[u32]> = group.of(step, 1).collect();
                group.evaluator.advance(&tokens, |_, _, logits| {
                    black_box(logits);
                })?;
            }
            Ok(())
        };
        // Threads need not wait for each other: contexts know nothing of each other.
        match self.groups.as_mut_slice() {
            [group] => run(group),
            groups => thread::scope(|scope| {
                let run = &run;
                let running: Vec<_> =
                    groups.iter_mut().map(|group| scope.spawn(move || run(group))).collect();
                running.into_iter().try_for_each(|thread| {
                    thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
                })
            }),
        }
    }
}

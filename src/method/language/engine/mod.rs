//! The exact transformer: tokens in, logits out, the same bits in every arrangement of calls.

mod attention;
mod buffer;
mod byte_transformer;
mod cache;
mod heads;
mod intake;
mod llama;
mod matrix;
mod panels;
mod positions;
mod rows;
mod schedule;
mod scratch;

pub(crate) use cache::Cache;
pub(crate) use schedule::Run;
pub(crate) use scratch::Scratch;

use std::time::Duration;

use crate::error::Result;
use crate::method::language::Precision;
use crate::method::language::architecture::Architecture;
use crate::method::language::stages::Stopwatch;
use crate::method::language::tensor::Tensors;
use crate::numerics::dispatch::{InstructionSet, Supported, run_with};
use crate::numerics::environment::DefaultEnvironment;
use crate::numerics::matrix::GROUP;
use buffer::reserve;
use cache::CacheLayout;
use intake::Intake;
use matrix::Matrix;
use rows::{Bias, Finite};
use schedule::Span;
use scratch::Block;

/// The most logits that are computed at once, or one row if that is more.
const LOGITS: usize = 1 << 21;

/// A model that is ready for use. Threads share it.
#[derive(Debug)]
pub(crate) struct Engine {
    architecture: Architecture,
    layout: CacheLayout,
    weights: Weights,
    /// The instruction set that it uses.
    set: Supported,
}

#[derive(Debug)]
enum Weights {
    Llama(llama::Weights),
    ByteTransformer(byte_transformer::Weights),
}

/// The last matrix of a model, for the logits that are wanted.
#[derive(Debug)]
pub(crate) struct OutputHead {
    /// The matrix of the wanted outputs; `None` for the engine's own, which has all outputs.
    matrix: Option<Matrix>,
    /// The bias of each output, if the model has biases.
    biases: Option<Vec<f32>>,
    /// The wanted outputs of the engine's matrix, if these are not all.
    picked: Option<Vec<u32>>,
}

impl Engine {
    /// Loads the tensors, one at a time, in their canonical order. The architecture must be
    /// valid.
    pub(crate) fn new(
        architecture: Architecture,
        precision: Precision,
        tensors: &mut dyn Tensors,
    ) -> Result<Self> {
        let _environment = DefaultEnvironment::enter();
        let mut intake = Intake::new(&architecture, precision, tensors);
        let (weights, heads, head_width) = match &architecture {
            Architecture::Llama(llama) => {
                let positions = architecture.positions();
                let weights = llama::Weights::new(llama, positions, &mut intake)?;
                (Weights::Llama(weights), llama.key_heads, llama.head_width)
            }
            Architecture::ByteTransformer(model) => {
                let positions = architecture.positions();
                let weights = byte_transformer::Weights::new(model, positions, &mut intake)?;
                (Weights::ByteTransformer(weights), model.heads, model.width / model.heads)
            }
        };
        let layout = CacheLayout { precision, layers: architecture.layers(), heads, head_width };
        let set = Supported::best(InstructionSet::Vnni);
        Ok(Engine { architecture, layout, weights, set })
    }

    /// Returns the architecture of the model.
    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Returns a head for the logits of these tokens, in this order, or of all tokens. Tokens
    /// must be in the vocabulary.
    pub(crate) fn head(&self, tokens: Option<&[u32]>) -> OutputHead {
        let _environment = DefaultEnvironment::enter();
        let biases = match &self.weights {
            Weights::Llama(_) => None,
            Weights::ByteTransformer(weights) => Some(&weights.head_bias),
        };
        match tokens {
            None => OutputHead { matrix: None, biases: biases.cloned(), picked: None },
            // A matrix of most of the outputs would be as large as that of all.
            Some(tokens) if 4 * tokens.len() > self.architecture.vocabulary() => {
                let picked = Some(tokens.to_vec());
                OutputHead { matrix: None, biases: biases.cloned(), picked }
            }
            Some(tokens) => {
                let matrix = Some(self.all_outputs().select(tokens));
                let some = |all: &Vec<f32>| tokens.iter().map(|&at| all[at as usize]).collect();
                OutputHead { matrix, biases: biases.map(some), picked: None }
            }
        }
    }

    /// Returns an empty context, which grows with its tokens.
    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.layout.precision)
    }

    /// Returns the bytes of a context of this many positions.
    pub(crate) fn cache_bytes(&self, positions: usize) -> u64 {
        Cache::bytes(&self.layout, positions)
    }

    /// Evaluates the tokens of all runs, and calls `each` with the logits after each token: the
    /// number of the run, the number of the token in it, and the logits. Returns the time that
    /// `each` took.
    ///
    /// Tokens must be in the vocabulary; contexts must be of this engine and within its
    /// positions.
    pub(crate) fn advance(
        &self,
        runs: &mut [Run<'_>],
        head: &OutputHead,
        scratch: &mut Scratch,
        each: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Result<Duration> {
        let _environment = DefaultEnvironment::enter();
        for run in &mut *runs {
            run.cache.make_room(run.tokens.len(), &self.layout)?;
        }
        let mut handed_out = Duration::ZERO;
        for spans in schedule::blocks(runs) {
            let rows = spans.iter().map(|span| span.rows).sum();
            let block = Block { runs, spans: &spans, rows, scratch };
            handed_out += self.advance_block(block, head, each);
        }
        Ok(handed_out)
    }

    fn advance_block(
        &self,
        mut block: Block<'_, '_>,
        head: &OutputHead,
        each: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Duration {
        self.embed(&mut block);
        match &self.weights {
            Weights::Llama(weights) => weights.run(self.set, &self.layout, &mut block),
            Weights::ByteTransformer(weights) => {
                weights.run(self.set, &self.layout, &mut block);
            }
        }
        for span in block.spans {
            block.runs[span.run].cache.extend(span.rows);
        }
        self.hand_out(block, head, each)
    }

    /// Fills the residual stream with the embeddings of a block's tokens.
    fn embed(&self, block: &mut Block<'_, '_>) {
        let width = match &self.architecture {
            Architecture::Llama(llama) => llama.width,
            Architecture::ByteTransformer(model) => model.width,
        };
        let stride = width.next_multiple_of(GROUP);
        let Scratch { positions, stream, .. } = &mut *block.scratch;
        positions.clear();
        let mut rows = reserve(stream, block.rows * stride).chunks_exact_mut(stride);
        for span in block.spans {
            let run = &mut block.runs[span.run];
            let tokens = &run.tokens[span.token..span.token + span.rows];
            for (at, (&token, row)) in tokens.iter().zip(&mut rows).enumerate() {
                let position = span.position + at;
                positions.push(position);
                match &self.weights {
                    Weights::Llama(weights) => weights.embed(token, &mut row[..width]),
                    Weights::ByteTransformer(weights) => {
                        weights.embed(token, position, &mut row[..width]);
                    }
                }
            }
        }
    }

    /// Computes the logits of a block's rows, several rows at a time, and hands them out.
    fn hand_out(
        &self,
        block: Block<'_, '_>,
        head: &OutputHead,
        each: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Duration {
        let mut handed_out = Duration::ZERO;
        let Scratch { inputs, logits, picked, .. } = block.scratch;
        let matrix = head.matrix.as_ref().unwrap_or(self.all_outputs());
        let (outputs, stride) = (matrix.outputs(), matrix.stride());
        let places = |span: &Span| {
            let (run, token) = (span.run, span.token);
            (0..span.rows).map(move |at| (run, token + at))
        };
        let mut places = block.spans.iter().flat_map(places);
        let most = (LOGITS / stride).max(1);
        for first in (0..block.rows).step_by(most) {
            let rows = most.min(block.rows - first);
            let logits = reserve(logits, rows * stride);
            matrix.multiply_from(self.set, inputs, first, logits);
            if let Some(biases) = &head.biases {
                run_with(self.set, Bias { rows: logits, stride, biases });
            }
            run_with(self.set, Finite(logits));
            let began = Stopwatch::start();
            for (row, (run, token)) in logits.chunks_exact(stride).zip(&mut places) {
                match &head.picked {
                    None => each(run, token, &row[..outputs]),
                    Some(tokens) => {
                        picked.clear();
                        picked.extend(tokens.iter().map(|&at| row[at as usize]));
                        each(run, token, picked);
                    }
                }
            }
            handed_out += began.elapsed();
        }
        handed_out
    }

    /// Returns the matrix for the logits of all tokens.
    fn all_outputs(&self) -> &Matrix {
        match &self.weights {
            Weights::Llama(weights) => &weights.head,
            Weights::ByteTransformer(weights) => &weights.head,
        }
    }
}

#[cfg(test)]
mod tests;

//! Llama: RMS norms before the parts, rotary positions, SwiGLU.

use super::buffer::reserve;
use super::cache::CacheLayout;
use super::heads::Heads;
use super::intake::Intake;
use super::matrix::Matrix;
use super::positions::Positions;
use super::rows::{Add, Gate, RootMeanSquare};
use super::scratch::{Block, Scratch};
use crate::error::Result;
use crate::method::language::architecture::Llama;
use crate::method::language::tensor::Tensor;
use crate::numerics::dispatch::{Supported, run_with};
use crate::numerics::matrix::GROUP;

/// The weights of a Llama.
#[derive(Debug)]
pub(super) struct Weights {
    width: usize,
    epsilon: f32,
    /// Rows of the embedding; `None` if they are those of the head.
    embedding: Option<Tensor>,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    pub(super) head: Matrix,
    positions: Positions,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Vec<f32>,
    heads: Heads,
    feed_norm: Vec<f32>,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
}

impl Weights {
    pub(super) fn new(llama: &Llama, positions: usize, intake: &mut Intake<'_>) -> Result<Self> {
        let (mut embedding, mut head) = (None, None);
        if llama.tied {
            head = Some(intake.matrix("embedding")?);
        } else {
            embedding = Some(intake.rows("embedding")?);
        }
        let mut layers = Vec::new();
        for _ in 0..llama.layers {
            layers.push(Layer {
                attention_norm: intake.vector("attention_norm")?,
                heads: Heads::new(intake)?,
                feed_norm: intake.vector("feed_norm")?,
                gate: intake.matrix("gate")?,
                up: intake.matrix("up")?,
                down: intake.matrix("down")?,
            });
        }
        let norm = intake.vector("norm")?;
        let head = match head {
            Some(head) => head,
            None => intake.matrix("head")?,
        };
        let (width, epsilon) = (llama.width, llama.epsilon);
        let positions = Positions::rotary(llama, positions);
        Ok(Weights { width, epsilon, embedding, layers, norm, head, positions })
    }

    /// Writes the embedding of a token.
    pub(super) fn embed(&self, token: u32, values: &mut [f32]) {
        match &self.embedding {
            Some(tensor) => tensor.row(token as usize, values),
            None => self.head.row(token as usize, values),
        }
    }

    /// Evaluates all layers for the rows of a block, into `inputs` of the scratch memory.
    pub(super) fn run(&self, set: Supported, layout: &CacheLayout, block: &mut Block<'_, '_>) {
        for (index, layer) in self.layers.iter().enumerate() {
            self.norm(set, &layer.attention_norm, block);
            layer.heads.run(set, layout, index, Some(&self.positions), block);
            self.add(set, block);
            self.norm(set, &layer.feed_norm, block);
            layer.feed_forward(set, block);
            self.add(set, block);
        }
        self.norm(set, &self.norm, block);
    }

    fn norm(&self, set: Supported, scales: &[f32], block: &mut Block<'_, '_>) {
        let stride = self.width.next_multiple_of(GROUP);
        let Scratch { stream, inputs, .. } = &mut *block.scratch;
        let rows = &stream[..block.rows * stride];
        let outputs = inputs.rows_mut(block.rows, self.width);
        run_with(set, RootMeanSquare { rows, stride, scales, epsilon: self.epsilon, outputs });
    }

    fn add(&self, set: Supported, block: &mut Block<'_, '_>) {
        let length = block.rows * self.width.next_multiple_of(GROUP);
        let Scratch { stream, part, .. } = &mut *block.scratch;
        run_with(set, Add { to: &mut stream[..length], part: &part[..length] });
    }
}

impl Layer {
    fn feed_forward(&self, set: Supported, block: &mut Block<'_, '_>) {
        let Scratch { inputs, gate, inner, part, .. } = &mut *block.scratch;
        let gate = reserve(gate, block.rows * self.gate.stride());
        self.gate.multiply(set, inputs, gate);
        self.up.multiply(set, inputs, inner.rows_mut(block.rows, self.up.outputs()));
        run_with(set, Gate { gate, inner: inner.rows_mut(block.rows, self.up.outputs()) });
        self.down.multiply(set, inner, reserve(part, block.rows * self.down.stride()));
    }
}

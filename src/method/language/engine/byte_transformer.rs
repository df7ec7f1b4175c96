//! The byte transformer: sinusoidal positions, layer norms after the parts, GELU.

use super::buffer::reserve;
use super::cache::CacheLayout;
use super::heads::Heads;
use super::intake::Intake;
use super::matrix::Matrix;
use super::positions::Positions;
use super::rows::{Bias, Gelu, LayerNorm};
use super::scratch::{Block, Scratch};
use crate::error::Result;
use crate::method::language::architecture::ByteTransformer;
use crate::method::language::tensor::Tensor;
use crate::numerics::dispatch::{Supported, run_with};
use crate::numerics::matrix::GROUP;

/// The weights of a byte transformer.
#[derive(Debug)]
pub(super) struct Weights {
    width: usize,
    embedding: Tensor,
    layers: Vec<Layer>,
    pub(super) head: Matrix,
    /// The bias of the logit of each token.
    pub(super) head_bias: Vec<f32>,
    positions: Positions,
}

#[derive(Debug)]
struct Layer {
    heads: Heads,
    attention_norm: Norm,
    up: Matrix,
    up_bias: Vec<f32>,
    down: Matrix,
    down_bias: Vec<f32>,
    feed_norm: Norm,
}

#[derive(Debug)]
struct Norm {
    scales: Vec<f32>,
    offsets: Vec<f32>,
}

impl Norm {
    fn new(name: &str, intake: &mut Intake<'_>) -> Result<Self> {
        let scales = intake.vector(&format!("{name}.scale"))?;
        let offsets = intake.vector(&format!("{name}.offset"))?;
        Ok(Norm { scales, offsets })
    }

    /// Adds the last part to the residual stream, and normalises the sum.
    fn run(&self, set: Supported, block: &mut Block<'_, '_>) {
        let width = self.scales.len();
        let stride = width.next_multiple_of(GROUP);
        let Scratch { stream, inputs, part, .. } = &mut *block.scratch;
        let rows = &mut stream[..block.rows * stride];
        let part = &part[..block.rows * stride];
        let Norm { scales, offsets } = self;
        run_with(set, LayerNorm { rows, part, stride, scales, offsets });
        inputs.rows_mut(block.rows, width).copy_from_slice(rows);
    }
}

impl Weights {
    pub(super) fn new(
        model: &ByteTransformer,
        positions: usize,
        intake: &mut Intake<'_>,
    ) -> Result<Self> {
        let embedding = intake.rows("embedding")?;
        let mut layers = Vec::new();
        for _ in 0..model.layers {
            layers.push(Layer {
                heads: Heads::new(intake)?,
                attention_norm: Norm::new("attention_norm", intake)?,
                up: intake.matrix("up")?,
                up_bias: intake.vector("up.bias")?,
                down: intake.matrix("down")?,
                down_bias: intake.vector("down.bias")?,
                feed_norm: Norm::new("feed_norm", intake)?,
            });
        }
        let head = intake.matrix("head")?;
        let head_bias = intake.vector("head.bias")?;
        let positions = Positions::sinusoids(model, positions);
        Ok(Weights { width: model.width, embedding, layers, head, head_bias, positions })
    }

    /// Writes the embedding of a token at a position.
    pub(super) fn embed(&self, token: u32, position: usize, values: &mut [f32]) {
        self.embedding.row(token as usize, values);
        let factor = (self.width as f32).sqrt();
        for (value, &sinusoid) in values.iter_mut().zip(self.positions.row(position)) {
            *value = *value * factor + sinusoid;
        }
    }

    /// Evaluates all layers for the rows of a block, into `inputs` of the scratch memory.
    pub(super) fn run(&self, set: Supported, layout: &CacheLayout, block: &mut Block<'_, '_>) {
        let length = block.rows * self.width.next_multiple_of(GROUP);
        let Scratch { stream, inputs, .. } = &mut *block.scratch;
        inputs.rows_mut(block.rows, self.width).copy_from_slice(&stream[..length]);
        for (index, layer) in self.layers.iter().enumerate() {
            layer.heads.run(set, layout, index, None, block);
            layer.attention_norm.run(set, block);
            layer.feed_forward(set, block);
            layer.feed_norm.run(set, block);
        }
    }
}

impl Layer {
    fn feed_forward(&self, set: Supported, block: &mut Block<'_, '_>) {
        let Scratch { inputs, inner, part, .. } = &mut *block.scratch;
        let rows = block.rows;
        let values = inner.rows_mut(rows, self.up.outputs());
        self.up.multiply(set, inputs, values);
        run_with(set, Gelu { rows: values, stride: self.up.stride(), biases: &self.up_bias });
        let stride = self.down.stride();
        let part = reserve(part, rows * stride);
        self.down.multiply(set, inner, part);
        run_with(set, Bias { rows: part, stride, biases: &self.down_bias });
    }
}

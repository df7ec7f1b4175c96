//! Weights in bytes.

use super::quantise::{byte, scales};
use super::{GROUP, Group, MOST_INPUTS, PANEL, Panel, RAISE, Sums};

/// A matrix with a row of weights for each output. It is packed once, or grows by a row at a
/// time, as the keys of a context do.
#[derive(Debug, Clone)]
pub(crate) struct ByteMatrix {
    inputs: usize,
    outputs: usize,
    /// The panels, each with as many groups as the inputs take. Weights without an input or
    /// an output are zero.
    weights: Vec<Group>,
    /// One for each output.
    scales: Vec<f32>,
    /// For each output of each panel what makes up for activations being raised: the sum of
    /// its weights, times as much below zero.
    raises: Vec<Sums>,
}

impl ByteMatrix {
    /// A matrix without outputs.
    pub(crate) fn new(inputs: usize) -> Self {
        assert!(inputs <= MOST_INPUTS, "sums are of 32 bits");
        let (weights, scales, raises) = Default::default();
        ByteMatrix { inputs, outputs: 0, weights, scales, raises }
    }

    /// Packs the rows that `row` fills in; none where a weight is infinite or no number.
    pub(crate) fn pack(
        outputs: usize,
        inputs: usize,
        mut row: impl FnMut(usize, &mut [f32]),
    ) -> Option<Self> {
        let mut matrix = ByteMatrix::new(inputs);
        matrix.reserve(outputs);
        let mut weights = vec![0.0; inputs];
        for output in 0..outputs {
            row(output, &mut weights);
            if !weights.iter().all(|weight| weight.is_finite()) {
                return None;
            }
            matrix.push(&weights);
        }
        Some(matrix)
    }

    /// Makes room for so many outputs in all.
    pub(crate) fn reserve(&mut self, outputs: usize) {
        let panels = outputs.div_ceil(PANEL);
        let more = panels.saturating_sub(self.raises.len());
        self.weights.reserve_exact(more * self.groups());
        self.raises.reserve_exact(more);
        self.scales.reserve_exact(outputs.saturating_sub(self.outputs));
    }

    /// Adds an output. What is no number, or infinite, becomes a large one.
    #[inline(always)]
    pub(crate) fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.inputs, "a weight for each input");
        let (panel, lane) = (self.outputs / PANEL, self.outputs % PANEL);
        let groups = self.groups();
        if lane == 0 {
            self.weights.resize((panel + 1) * groups, Group::ZERO);
            self.raises.push([0; PANEL]);
        }
        let weights = &mut self.weights[panel * groups..];
        let (scale, raise) = put(row, weights, lane);
        self.raises[panel][lane] = raise;
        self.scales.push(scale);
        self.outputs += 1;
    }

    /// The weights of an output: its bytes times its scale.
    pub(crate) fn row(&self, output: usize, values: &mut [f32]) {
        let scale = self.scales[output];
        let groups = self.weights[output / PANEL * self.groups()..].iter();
        for (values, group) in values.chunks_mut(GROUP).zip(groups) {
            for (value, &weight) in values.iter_mut().zip(&group.0[output % PANEL]) {
                *value = f32::from(weight) * scale;
            }
        }
    }

    /// A matrix of some of the outputs, in this order.
    pub(crate) fn select(&self, outputs: &[u32]) -> ByteMatrix {
        let groups = self.groups();
        let mut some = ByteMatrix::new(self.inputs);
        some.outputs = outputs.len();
        some.weights = vec![Group::ZERO; outputs.len().div_ceil(PANEL) * groups];
        some.raises = vec![[0; PANEL]; outputs.len().div_ceil(PANEL)];
        for (at, &output) in outputs.iter().enumerate() {
            let output = output as usize;
            let (panel, lane) = (output / PANEL, output % PANEL);
            let from = &self.weights[panel * groups..];
            let to = &mut some.weights[at / PANEL * groups..][..groups];
            for (to, from) in to.iter_mut().zip(from) {
                to.0[at % PANEL] = from.0[lane];
            }
            some.raises[at / PANEL][at % PANEL] = self.raises[panel][lane];
            some.scales.push(self.scales[output]);
        }
        some
    }

    /// Weights of an output.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Rows of weights.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Groups of a panel.
    #[inline(always)]
    pub(super) fn groups(&self) -> usize {
        self.inputs.div_ceil(GROUP)
    }

    /// A panel of the matrix.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> Panel<'_> {
        let groups = self.groups();
        Panel {
            weights: &self.weights[panel * groups..][..groups],
            raises: &self.raises[panel],
            scales: &self.scales[panel * PANEL..],
        }
    }
}

/// Packs the weights of an output into its lane of a panel. Gives their scale, and what makes
/// up for raised activations.
#[inline(always)]
pub(crate) fn put(row: &[f32], weights: &mut [Group], lane: usize) -> (f32, i32) {
    let (scale, factor) = scales(row);
    let mut sum = 0;
    for (group, values) in weights.iter_mut().zip(row.chunks(GROUP)) {
        for (weight, &value) in group.0[lane].iter_mut().zip(values) {
            *weight = byte(value, factor);
            sum += i32::from(*weight);
        }
    }
    (scale, -i32::from(RAISE) * sum)
}

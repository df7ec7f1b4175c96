//! Weights in bytes.

use super::quantise::{byte, scales};
use super::{GROUP, Group, MOST_INPUTS, PANEL, RAISE, Sums};

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
        let (scale, factor) = scales(row);
        let mut sum = 0;
        for (group, values) in self.weights[panel * groups..].iter_mut().zip(row.chunks(GROUP)) {
            for (weight, &value) in group.0[lane].iter_mut().zip(values) {
                *weight = byte(value, factor);
                sum += i32::from(*weight);
            }
        }
        self.raises[panel][lane] = -i32::from(RAISE) * sum;
        self.scales.push(scale);
        self.outputs += 1;
    }

    /// Removes all outputs and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.outputs = 0;
        self.weights.clear();
        self.scales.clear();
        self.raises.clear();
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

    /// Weights of a panel from a group on.
    #[inline(always)]
    pub(super) fn weights(&self, panel: usize, from: usize, count: usize) -> &[Group] {
        &self.weights[panel * self.groups() + from..][..count]
    }

    /// What makes up for raised activations.
    #[inline(always)]
    pub(super) fn raises(&self, panel: usize) -> &Sums {
        &self.raises[panel]
    }

    /// Scales of the outputs of a panel, from its first one on.
    #[inline(always)]
    pub(super) fn scales(&self, panel: usize) -> &[f32] {
        &self.scales[panel * PANEL..]
    }
}

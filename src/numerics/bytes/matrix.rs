//! Quantised weights.

use super::quantise::RowScale;
use super::{GROUP, Group, MOST_INPUTS, PANEL, PIECE, Panel, PanelSums, RAISE};

/// A quantised matrix with a row of weights for each output.
#[derive(Debug, Clone)]
pub(crate) struct ByteMatrix {
    inputs: usize,
    outputs: usize,
    /// The panels, each with all groups of inputs. Weights of missing inputs and outputs are
    /// zero.
    weights: Vec<Group>,
    /// The scale of each output.
    scales: Vec<f32>,
    /// The compensation for raised activations, for each output of each panel: minus
    /// [`RAISE`] times the sum of its weights.
    raises: Vec<PanelSums>,
}

impl ByteMatrix {
    /// Packs the rows that `row` fills in; `None` if a weight is infinite or NaN.
    pub(crate) fn pack(
        outputs: usize,
        inputs: usize,
        mut row: impl FnMut(usize, &mut [f32]),
    ) -> Option<Self> {
        assert!(inputs <= MOST_INPUTS, "sums are of 32 bits");
        let (panels, groups) = (outputs.div_ceil(PANEL), inputs.div_ceil(GROUP));
        let mut matrix = ByteMatrix {
            inputs,
            outputs,
            weights: vec![Group::ZERO; panels * groups],
            scales: Vec::with_capacity(outputs),
            raises: vec![[0; PANEL]; panels],
        };
        let mut weights = vec![0.0; inputs];
        for output in 0..outputs {
            row(output, &mut weights);
            if !weights.iter().all(|weight| weight.is_finite()) {
                return None;
            }
            let (panel, lane) = (output / PANEL, output % PANEL);
            let (scale, raise) = put(&weights, &mut matrix.weights[panel * groups..], lane);
            matrix.raises[panel][lane] = raise;
            matrix.scales.push(scale);
        }
        Some(matrix)
    }

    /// Writes the weights of an output: its bytes times its scale.
    pub(crate) fn row(&self, output: usize, values: &mut [f32]) {
        let scale = self.scales[output];
        let groups = self.weights[output / PANEL * self.groups()..].iter();
        for (values, group) in values.chunks_mut(GROUP).zip(groups) {
            for (value, &weight) in values.iter_mut().zip(&group.0[output % PANEL]) {
                *value = f32::from(weight) * scale;
            }
        }
    }

    /// Makes a matrix of some of the outputs, in this order.
    pub(crate) fn select(&self, outputs: &[u32]) -> ByteMatrix {
        let groups = self.groups();
        let panels = outputs.len().div_ceil(PANEL);
        let mut weights = vec![Group::ZERO; panels * groups];
        let mut raises = vec![[0; PANEL]; panels];
        let mut scales = Vec::with_capacity(outputs.len());
        for (at, &output) in outputs.iter().enumerate() {
            let output = output as usize;
            let (panel, lane) = (output / PANEL, output % PANEL);
            let from = &self.weights[panel * groups..];
            let to = &mut weights[at / PANEL * groups..][..groups];
            for (to, from) in to.iter_mut().zip(from) {
                to.0[at % PANEL] = from.0[lane];
            }
            raises[at / PANEL][at % PANEL] = self.raises[panel][lane];
            scales.push(self.scales[output]);
        }
        ByteMatrix { inputs: self.inputs, outputs: outputs.len(), weights, scales, raises }
    }

    /// Returns the number of weights of an output.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the number of rows of weights.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns the number of groups of a panel.
    #[inline(always)]
    pub(super) fn groups(&self) -> usize {
        self.inputs.div_ceil(GROUP)
    }

    /// Returns a panel of the matrix.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> Panel<'_> {
        let (weights, next) = self.weights[panel * self.groups()..].split_at(self.groups());
        Panel { weights, next, raises: &self.raises[panel], scales: &self.scales[panel * PANEL..] }
    }
}

/// Packs the weights of an output into its lane of a panel. Returns their scale, and the
/// compensation for raised activations.
#[inline(always)]
pub(crate) fn put(row: &[f32], weights: &mut [Group], lane: usize) -> (f32, i32) {
    let scale = RowScale::of(row);
    let (mut bytes, mut sum) = ([0; PIECE], 0);
    let pieces = weights.chunks_mut(PIECE / GROUP);
    for (groups, values) in pieces.zip(row.chunks(PIECE)) {
        bytes[values.len()..].fill(0);
        scale.quantise(values, &mut bytes);
        sum += bytes.iter().map(|&byte| i32::from(byte)).sum::<i32>();
        for (group, weights) in groups.iter_mut().zip(bytes.as_chunks().0) {
            group.0[lane] = *weights;
        }
    }
    (scale.scale, -i32::from(RAISE) * sum)
}

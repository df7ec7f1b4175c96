//! Products of rows with a matrix.

use std::ops::Range;

use super::{BLOCK, ByteMatrix, ByteRows, Bytes, COLUMN, Group, PANEL, PanelSums, ROWS, Tile};
use crate::numerics::prefetch::prefetch;

/// A panel of weights, with the scales of its outputs and the compensation for raised
/// activations.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub(crate) weights: &'a [Group],
    /// Weights that are used next, for prefetching; may be empty.
    pub(crate) next: &'a [Group],
    pub(crate) raises: &'a PanelSums,
    pub(crate) scales: &'a [f32],
}

/// Multiplies rows with the weights of outputs, the first of which is a multiple of [`PANEL`].
///
/// A result is the sum as a float, times the scale of the row, times that of the output. Rows
/// of results are `stride` apart.
#[inline(always)]
pub(crate) fn multiply<I: Bytes>(
    rows: &ByteRows,
    which: Range<usize>,
    matrix: &ByteMatrix,
    outputs: Range<usize>,
    results: &mut [f32],
    stride: usize,
) {
    assert_eq!(rows.inputs(), matrix.inputs(), "a weight for each activation");
    assert!(outputs.start.is_multiple_of(PANEL) && outputs.end <= matrix.outputs());
    assert!(which.end <= rows.len());
    if which.is_empty() {
        return;
    }
    // Sums stay on the stack while all blocks are processed, for enough rows to make loading a
    // block of weights worthwhile.
    if matrix.groups() <= BLOCK || which.len() <= ROWS {
        let sums = &mut [[0; PANEL]; ROWS];
        multiply_panels::<I>(rows, which, matrix, outputs, sums, results, stride);
    } else {
        let sums = &mut [[0; PANEL]; 16 * ROWS];
        multiply_panels::<I>(rows, which, matrix, outputs, sums, results, stride);
    }
}

/// The same panel by panel, with sums for some rows at a time.
#[inline(always)]
fn multiply_panels<I: Bytes>(
    rows: &ByteRows,
    which: Range<usize>,
    matrix: &ByteMatrix,
    outputs: Range<usize>,
    sums: &mut [PanelSums],
    results: &mut [f32],
    stride: usize,
) {
    for start in outputs.clone().step_by(PANEL) {
        let (panel, count) = (matrix.panel(start / PANEL), PANEL.min(outputs.end - start));
        let results = &mut results[start - outputs.start..];
        multiply_panel::<I>(rows, which.clone(), panel, count, sums, results, stride);
    }
}

/// Multiplies rows with the first outputs of a panel. `sums` is a buffer, whose length limits
/// the number of rows at a time.
#[inline(always)]
pub(crate) fn multiply_panel<I: Bytes>(
    rows: &ByteRows,
    which: Range<usize>,
    panel: Panel<'_>,
    count: usize,
    sums: &mut [PanelSums],
    results: &mut [f32],
    stride: usize,
) {
    let scales = &panel.scales[..count];
    for part in parts(which.len(), sums.len()) {
        let batch = which.start + part.start..which.start + part.end;
        let sums = &mut sums[..part.len()];
        match count.div_ceil(COLUMN) {
            1 => add_panel::<I, 1>(rows, batch, panel, sums),
            2 => add_panel::<I, 2>(rows, batch, panel, sums),
            3 => add_panel::<I, 3>(rows, batch, panel, sums),
            _ => add_panel::<I, 4>(rows, batch, panel, sums),
        }
        for (row, sums) in part.zip(sums) {
            let scale = rows.scale(which.start + row);
            let (sums, results) = (&sums[..count], &mut results[row * stride..][..count]);
            for i in 0..count {
                results[i] = sums[i] as f32 * scale * scales[i];
            }
        }
    }
}

/// Splits a count into the fewest parts of at most `most`, of about the same size, since a small
/// part would take as long as a large one.
#[inline(always)]
fn parts(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| count * part / parts..count * (part + 1) / parts)
}

/// Computes the sums of a panel's first columns for a batch of rows.
fn add_panel<I: Bytes, const C: usize>(
    rows: &ByteRows,
    batch: Range<usize>,
    panel: Panel<'_>,
    sums: &mut [PanelSums],
) {
    let groups = panel.weights.len();
    for from in (0..groups).step_by(BLOCK) {
        let block = from..groups.min(from + BLOCK);
        let next = match &panel.weights[block.end..] {
            [] => panel.next,
            rest => rest,
        };
        // Each tile prefetches a part of it, so that none waits.
        let next = &next[..next.len().min(BLOCK)];
        let mut coming = next.chunks(next.len().div_ceil(batch.len().div_ceil(ROWS)).max(1));
        for part in parts(batch.len(), ROWS) {
            prefetch(coming.next().unwrap_or_default());
            let (row, part) = (batch.start + part.start, &mut sums[part]);
            match part.len() {
                1 => add_tile::<I, 1, C>(rows, row, panel, block.clone(), part),
                2 => add_tile::<I, 2, C>(rows, row, panel, block.clone(), part),
                3 => add_tile::<I, 3, C>(rows, row, panel, block.clone(), part),
                4 => add_tile::<I, 4, C>(rows, row, panel, block.clone(), part),
                5 => add_tile::<I, 5, C>(rows, row, panel, block.clone(), part),
                _ => add_tile::<I, ROWS, C>(rows, row, panel, block.clone(), part),
            }
        }
    }
}

/// Computes the sums of a tile of `R` rows.
#[inline(always)]
fn add_tile<I: Bytes, const R: usize, const C: usize>(
    rows: &ByteRows,
    row: usize,
    panel: Panel<'_>,
    block: Range<usize>,
    sums: &mut [PanelSums],
) {
    let Some(sums) = sums.first_chunk_mut::<R>() else { return };
    I::add::<R, C>(Tile {
        rows: std::array::from_fn(|i| rows.groups(row + i, block.start, block.len())),
        weights: &panel.weights[block.clone()],
        raise: (block.start == 0).then_some(panel.raises),
        sums,
    });
}

//! Rows times a matrix.

use std::ops::Range;

use super::{BLOCK, ByteMatrix, ByteRows, Bytes, COLUMN, Group, PANEL, PanelSums, ROWS, Tile};
use crate::numerics::prefetch::prefetch;

/// A panel of weights, with its outputs' scales and what makes up for raised activations.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub(crate) weights: &'a [Group],
    /// What is multiplied with behind it, if that is known.
    pub(crate) next: &'a [Group],
    pub(crate) raises: &'a PanelSums,
    pub(crate) scales: &'a [f32],
}

/// Multiplies some rows with the weights of some outputs, of which the first is a multiple
/// of [`PANEL`]: each sum as a float, times the row's scale, times the output's. Results of a
/// row are `stride` apart from those of the next, in `results` from its beginning on.
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
    // PanelSums stay on the stack while all blocks are gone through, for as many rows as it takes
    // for a block of weights to be worth its way.
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

/// The same for the first outputs of a panel, at most as many rows at a time as there are
/// `sums`, whatever these hold.
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

/// Parts of a number, as few as possible when each is at most `most`, and of about the same
/// size: a small one at the end would be as slow as a large one.
#[inline(always)]
fn parts(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| count * part / parts..count * (part + 1) / parts)
}

/// The sums of a panel's first columns for a batch of rows.
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
        // A part of it with each tile, so that it does not hold up any.
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

/// The sums of a tile, of which there are `R`.
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

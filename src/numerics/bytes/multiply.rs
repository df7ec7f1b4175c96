//! Rows times a matrix.

use std::ops::Range;

use super::{BLOCK, ByteMatrix, ByteRows, Bytes, COLUMN, Group, PANEL, ROWS, Sums, Tile};

/// Rows that go through a panel together, while their sums stay on the stack.
pub(crate) const BATCH: usize = 16 * ROWS;

/// A panel of weights, with its outputs' scales and what makes up for raised activations.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub(crate) weights: &'a [Group],
    pub(crate) raises: &'a Sums,
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
    let mut sums = [[0; PANEL]; BATCH];
    for first in which.clone().step_by(BATCH) {
        let batch = first..which.end.min(first + BATCH);
        for start in outputs.clone().step_by(PANEL) {
            let count = PANEL.min(outputs.end - start);
            let at = (first - which.start) * stride + start - outputs.start;
            let results = &mut results[at..];
            let panel = matrix.panel(start / PANEL);
            multiply_panel::<I>(rows, batch.clone(), panel, count, &mut sums, results, stride);
        }
    }
}

/// The same for the first outputs of a panel, and as many rows as there are `sums` at most,
/// whatever these hold.
#[inline(always)]
pub(crate) fn multiply_panel<I: Bytes>(
    rows: &ByteRows,
    batch: Range<usize>,
    panel: Panel<'_>,
    count: usize,
    sums: &mut [Sums],
    results: &mut [f32],
    stride: usize,
) {
    let sums = &mut sums[..batch.len()];
    match count.div_ceil(COLUMN) {
        1 => add_panel::<I, 1>(rows, batch.clone(), panel, sums),
        2 => add_panel::<I, 2>(rows, batch.clone(), panel, sums),
        3 => add_panel::<I, 3>(rows, batch.clone(), panel, sums),
        _ => add_panel::<I, 4>(rows, batch.clone(), panel, sums),
    }
    let scales = &panel.scales[..count];
    for ((row, sums), results) in batch.zip(sums).zip(results.chunks_mut(stride)) {
        let scale = rows.scale(row);
        let results = &mut results[..count];
        for i in 0..count {
            results[i] = sums[i] as f32 * scale * scales[i];
        }
    }
}

/// The sums of a panel's first columns for a batch of rows.
fn add_panel<I: Bytes, const C: usize>(
    rows: &ByteRows,
    batch: Range<usize>,
    panel: Panel<'_>,
    sums: &mut [Sums],
) {
    let tiles = batch.len().div_ceil(ROWS);
    let groups = panel.weights.len();
    for from in (0..groups).step_by(BLOCK) {
        let block = from..groups.min(from + BLOCK);
        // Tiles of about the same number of rows are quicker than a small one at the end.
        let mut done = 0;
        for tile in 1..=tiles {
            let end = batch.len() * tile / tiles;
            let (row, part) = (batch.start + done, &mut sums[done..end]);
            match part.len() {
                1 => add_tile::<I, 1, C>(rows, row, panel, block.clone(), part),
                2 => add_tile::<I, 2, C>(rows, row, panel, block.clone(), part),
                3 => add_tile::<I, 3, C>(rows, row, panel, block.clone(), part),
                4 => add_tile::<I, 4, C>(rows, row, panel, block.clone(), part),
                5 => add_tile::<I, 5, C>(rows, row, panel, block.clone(), part),
                _ => add_tile::<I, ROWS, C>(rows, row, panel, block.clone(), part),
            }
            done = end;
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
    sums: &mut [Sums],
) {
    let Some(sums) = sums.first_chunk_mut::<R>() else { return };
    I::add::<R, C>(Tile {
        rows: std::array::from_fn(|i| rows.groups(row + i, block.start, block.len())),
        weights: &panel.weights[block.clone()],
        raise: (block.start == 0).then_some(panel.raises),
        sums,
    });
}

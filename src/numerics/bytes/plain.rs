//! Products of bytes for every machine: loops over outputs, which compilers vectorise.

use super::{Bytes, COLUMN, GROUP, Group, PANEL, PanelSums, Tile, Words};
use crate::numerics::integers::Plain;

impl Bytes for Plain {
    #[inline(always)]
    fn add<const R: usize, const C: usize>(tile: Tile<'_, R>) {
        let words = tile.words();
        let Tile { weights, raise, sums, .. } = tile;
        if raise.is_some() {
            *sums = [[0; PANEL]; R];
        }
        for (at, group) in weights.iter().enumerate() {
            let inputs = by_input(group);
            for r in 0..R {
                add_group(words[r][at], &inputs, C * COLUMN, &mut sums[r]);
            }
        }
    }
}

/// Converts the weights of a group to words, input by input.
#[inline(always)]
fn by_input(group: &Group) -> [[i16; PANEL]; GROUP] {
    let mut inputs = [[0; PANEL]; GROUP];
    for (i, weights) in group.0.iter().enumerate() {
        let all = i32::from_le_bytes(weights.map(|weight| weight as u8));
        inputs[0][i] = (all << 24 >> 24) as i16;
        inputs[1][i] = (all << 16 >> 24) as i16;
        inputs[2][i] = (all << 8 >> 24) as i16;
        inputs[3][i] = (all >> 24) as i16;
    }
    inputs
}

/// Sums up the products of a group. The products of two inputs sum up to less than 2^15; they
/// are stored for all outputs, so that no loop mixes two widths of numbers.
#[inline(always)]
fn add_group(words: Words, inputs: &[[i16; PANEL]; GROUP], outputs: usize, sums: &mut PanelSums) {
    let mut pairs = [[0i16; PANEL]; 2];
    for (p, pair) in pairs.iter_mut().enumerate() {
        let (a, b) = (words[2 * p], words[2 * p + 1]);
        for i in 0..outputs {
            let (a, b) = (a.wrapping_mul(inputs[2 * p][i]), b.wrapping_mul(inputs[2 * p + 1][i]));
            pair[i] = a.wrapping_add(b);
        }
    }
    for i in 0..outputs {
        sums[i] = sums[i].wrapping_add(i32::from(pairs[0][i]) + i32::from(pairs[1][i]));
    }
}

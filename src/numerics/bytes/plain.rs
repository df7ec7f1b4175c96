//! Products of bytes for every machine.

use super::{Bytes, COLUMN, RAISE, Tile};
use crate::numerics::integers::Plain;

impl Bytes for Plain {
    #[inline(always)]
    fn add<const R: usize, const C: usize>(tile: Tile<'_, R>) {
        let Tile { rows, weights, raise, sums } = tile;
        for r in 0..R {
            if raise.is_some() {
                sums[r] = [0; super::PANEL];
            }
            for (group, weights) in rows[r].iter().zip(weights) {
                let [a, b, c, d] = group.map(|raised| i32::from(raised) - i32::from(RAISE));
                for (sum, weights) in sums[r].iter_mut().zip(&weights.0).take(C * COLUMN) {
                    let weights = weights.map(i32::from);
                    *sum += a * weights[0] + b * weights[1] + c * weights[2] + d * weights[3];
                }
            }
        }
    }
}

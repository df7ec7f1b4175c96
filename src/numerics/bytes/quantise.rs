//! Numbers to bytes and a scale.

use crate::numerics::functions::clamp;

/// A row whose largest number is below this is a row of zeros: what 127 is divided by has a
/// finite result.
const LEAST: f32 = 1.0 / (1u128 << 100) as f32;

/// Numbers that are infinite, or none, are taken as this.
const MOST: f32 = 3e38;

/// Three halves of 2^23: a number up to 127 added to it is rounded to the nearest integer,
/// an even one where two are, and has that in the lowest byte of its bits.
const ROUNDING: f32 = 12_582_912.0;

/// A number that can be calculated with: what is none becomes the least one.
#[inline(always)]
pub(super) fn finite(x: f32) -> f32 {
    clamp(x, -MOST, MOST)
}

/// The scale of a row, and what its numbers are multiplied by to become bytes.
#[inline(always)]
pub(super) fn scales(row: &[f32]) -> (f32, f32) {
    const LANES: usize = 32;
    let mut most = [0.0f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for i in 0..LANES {
            let x = finite(block[i]).abs();
            most[i] = if x > most[i] { x } else { most[i] };
        }
    }
    for (most, &x) in most.iter_mut().zip(rest) {
        let x = finite(x).abs();
        *most = if x > *most { x } else { *most };
    }
    let most = most.into_iter().fold(0.0, |a, b| if a > b { a } else { b });
    if most < LEAST { (0.0, 0.0) } else { (most / 127.0, 127.0 / most) }
}

/// The byte of a number, by the second of its row's [`scales`].
#[inline(always)]
pub(super) fn byte(x: f32, factor: f32) -> i8 {
    (finite(x) * factor + ROUNDING).to_bits() as i8
}

/// The bytes of a row. Gives their scale.
#[inline(always)]
pub(crate) fn quantise(row: &[f32], bytes: &mut [i8]) -> f32 {
    let (scale, factor) = scales(row);
    for (to, &x) in bytes.iter_mut().zip(row) {
        *to = byte(x, factor);
    }
    scale
}

//! Blocks of 32 values, each with one scale, as GGUF files have them.
//!
//! A block starts with its scale `d` and, where it has one, its offset `m`, both floats of
//! 16 bits. Values of four and five bits come in pairs: value `j` in the lower half of byte
//! `j`, value `j + 16` in the upper; fifth bits lie together in front of them.

use super::floats::half;

/// Values of a block.
const BLOCK: usize = 32;

/// `(q - 8) * d`.
pub(super) fn q4_0(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<18>(bytes, values) {
        let d = half([block[0], block[1]]);
        for (value, q) in values.iter_mut().zip(nibbles(&block[2..])) {
            *value = (i32::from(q) - 8) as f32 * d;
        }
    }
}

/// `q * d + m`.
pub(super) fn q4_1(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<20>(bytes, values) {
        let (d, m) = (half([block[0], block[1]]), half([block[2], block[3]]));
        for (value, q) in values.iter_mut().zip(nibbles(&block[4..])) {
            *value = f32::from(q) * d + m;
        }
    }
}

/// `(q - 16) * d`.
pub(super) fn q5_0(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<22>(bytes, values) {
        let d = half([block[0], block[1]]);
        let fifth = [block[2], block[3], block[4], block[5]];
        for (value, q) in values.iter_mut().zip(with_fifth(nibbles(&block[6..]), fifth)) {
            *value = (i32::from(q) - 16) as f32 * d;
        }
    }
}

/// `q * d + m`.
pub(super) fn q5_1(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<24>(bytes, values) {
        let (d, m) = (half([block[0], block[1]]), half([block[2], block[3]]));
        let fifth = [block[4], block[5], block[6], block[7]];
        for (value, q) in values.iter_mut().zip(with_fifth(nibbles(&block[8..]), fifth)) {
            *value = f32::from(q) * d + m;
        }
    }
}

/// `q * d`, with signed bytes.
pub(super) fn q8_0(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<34>(bytes, values) {
        let d = half([block[0], block[1]]);
        for (value, &q) in values.iter_mut().zip(&block[2..]) {
            *value = f32::from(q as i8) * d;
        }
    }
}

/// Pairs blocks of `BYTES` bytes with their values.
fn blocks<'a, const BYTES: usize>(
    bytes: &'a [u8],
    values: &'a mut [f32],
) -> impl Iterator<Item = (&'a [u8; BYTES], &'a mut [f32; BLOCK])> {
    bytes.as_chunks::<BYTES>().0.iter().zip(values.as_chunks_mut::<BLOCK>().0)
}

/// The halves of sixteen bytes: all lower ones, then all upper ones.
#[inline(always)]
fn nibbles(bytes: &[u8]) -> [u8; BLOCK] {
    let mut all = [0; BLOCK];
    let (lower, upper) = all.split_at_mut(BLOCK / 2);
    for ((lower, upper), byte) in lower.iter_mut().zip(upper).zip(bytes) {
        *lower = byte & 15;
        *upper = byte >> 4;
    }
    all
}

/// Numbers of four bits with a fifth on top: bit `j` belongs to value `j`.
#[inline(always)]
fn with_fifth(mut all: [u8; BLOCK], fifth: [u8; 4]) -> [u8; BLOCK] {
    let fifth = u32::from_le_bytes(fifth);
    for (j, q) in all.iter_mut().enumerate() {
        *q |= ((fifth >> j & 1) << 4) as u8;
    }
    all
}

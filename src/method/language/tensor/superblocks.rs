//! Blocks of 256 values in groups of 16 or 32, as GGUF files have them.
//!
//! A block has one scale `d`, and where groups have offsets, another scale `dmin` for them,
//! both floats of 16 bits. A group has an integer scale `s`, and where it has an offset, an
//! integer `m` for it. Values of a block lie in bits of bytes that its other groups use as
//! well.

#![allow(clippy::needless_range_loop, reason = "places in a block are numbers with a meaning")]

use super::floats::half;

/// Values of a block.
const BLOCK: usize = 256;

/// `(d * s) * q - (dmin * m)`.
///
/// 16 bytes with `s` and `m` of each group of 16; 64 bytes of values in 2 bits; `d`; `dmin`.
pub(super) fn q2(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<84>(bytes, values) {
        let d = half([block[80], block[81]]);
        let dmin = half([block[82], block[83]]);
        for (group, values) in values.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            let both = block[group];
            let (scale, offset) = (d * f32::from(both & 15), dmin * f32::from(both >> 4));
            let (start, shift) = pairs(group);
            let stored = &block[16 + start..32 + start];
            for (value, byte) in values.iter_mut().zip(stored) {
                *value = scale * f32::from(byte >> shift & 3) - offset;
            }
        }
    }
}

/// `(d * s) * q`, with `s` from -32 to 31 and `q` from -4 to 3.
///
/// 32 bytes of third bits, one for each eighth of the block, where 1 stands for 0 and 0 for
/// -4; 64 bytes of values in 2 bits; 12 bytes with `s + 32`, the lower four bits of all 16
/// in front of the upper two; `d`.
pub(super) fn q3(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<110>(bytes, values) {
        let d = half([block[108], block[109]]);
        let scales = &block[96..108];
        for (group, values) in values.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            let lower = scales[group % 8] >> (group / 8 * 4) & 15;
            let upper = scales[8 + group % 4] >> (group / 4 * 2) & 3;
            let scale = d * (i32::from(lower | upper << 4) - 32) as f32;
            let (start, shift) = pairs(group);
            let stored = &block[32 + start..48 + start];
            let thirds = &block[group % 2 * 16..group % 2 * 16 + 16];
            for ((value, byte), third) in values.iter_mut().zip(stored).zip(thirds) {
                let third = third >> (group / 2) & 1;
                let q = i32::from((byte >> shift & 3) | third << 2) - 4;
                *value = scale * q as f32;
            }
        }
    }
}

/// `(d * s) * q - (dmin * m)`.
///
/// `d`; `dmin`; 12 bytes with `s` and `m` of each group of 32; 128 bytes of values in 4
/// bits, a pair of groups in each 32.
pub(super) fn q4(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<144>(bytes, values) {
        let d = half([block[0], block[1]]);
        let dmin = half([block[2], block[3]]);
        for (group, values) in values.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let (s, m) = scale_and_offset(&block[4..16], group);
            let (scale, offset) = (d * f32::from(s), dmin * f32::from(m));
            let start = 16 + group / 2 * 32;
            let shift = group % 2 * 4;
            for (value, byte) in values.iter_mut().zip(&block[start..start + 32]) {
                *value = scale * f32::from(byte >> shift & 15) - offset;
            }
        }
    }
}

/// `(d * s) * q - (dmin * m)`.
///
/// `d`; `dmin`; 12 bytes with `s` and `m` of each group of 32; 32 bytes of fifth bits, one
/// for each group; 128 bytes of values in 4 bits, a pair of groups in each 32.
pub(super) fn q5(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<176>(bytes, values) {
        let d = half([block[0], block[1]]);
        let dmin = half([block[2], block[3]]);
        for (group, values) in values.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let (s, m) = scale_and_offset(&block[4..16], group);
            let (scale, offset) = (d * f32::from(s), dmin * f32::from(m));
            let start = 48 + group / 2 * 32;
            let shift = group % 2 * 4;
            let stored = block[start..start + 32].iter().zip(&block[16..48]);
            for (value, (byte, fifth)) in values.iter_mut().zip(stored) {
                let q = (byte >> shift & 15) | (fifth >> group & 1) << 4;
                *value = scale * f32::from(q) - offset;
            }
        }
    }
}

/// `(d * s) * q`, with `s` from -128 to 127 and `q` from -32 to 31.
///
/// 128 bytes of values in 4 bits; 64 bytes of their fifth and sixth bits; 16 signed bytes
/// with `s` of each group of 16; `d`.
pub(super) fn q6(bytes: &[u8], values: &mut [f32]) {
    for (block, values) in blocks::<210>(bytes, values) {
        let d = half([block[208], block[209]]);
        for (group, values) in values.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            let scale = d * f32::from(block[192 + group] as i8);
            // Each half of the block has four parts of 32 values: two in lower halves of
            // bytes, then two in upper ones.
            let (half, part, within) = (group / 8, group / 2 % 4, group % 2 * 16);
            let lower = half * 64 + part % 2 * 32 + within;
            let upper = 128 + half * 32 + within;
            let stored = block[lower..lower + 16].iter().zip(&block[upper..upper + 16]);
            for (value, (lower, upper)) in values.iter_mut().zip(stored) {
                let q = (lower >> (part / 2 * 4) & 15) | (upper >> (part * 2) & 3) << 4;
                *value = scale * (i32::from(q) - 32) as f32;
            }
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

/// Where the pairs of bits of a group of 16 are: the first byte of 64, and the shift.
#[inline(always)]
fn pairs(group: usize) -> (usize, usize) {
    (group / 8 * 32 + group % 2 * 16, group / 2 % 4 * 2)
}

/// The six bits of a group's scale and those of its offset, out of twelve bytes: the first
/// four groups have theirs in a byte each, the others in halves of the last four bytes and
/// in what is left of the first eight.
#[inline(always)]
fn scale_and_offset(packed: &[u8], group: usize) -> (u8, u8) {
    if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        let rest = packed[group + 4];
        ((rest & 15) | packed[group - 4] >> 6 << 4, (rest >> 4) | packed[group] >> 6 << 4)
    }
}

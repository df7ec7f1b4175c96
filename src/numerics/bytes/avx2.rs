//! Products of bytes with AVX2: words multiplied and added in pairs.

#![allow(unsafe_code, reason = "vectors are loaded and stored")]

use std::arch::x86_64::*;

use super::{BLOCK, Bytes, COLUMN, GROUP, Tile};
use crate::numerics::integers::Avx2;

/// Number of outputs that are summed together; half sums are in two vectors.
const OUTPUTS: usize = 8;

impl Bytes for Avx2 {
    #[inline(always)]
    fn add<const R: usize, const C: usize>(tile: Tile<'_, R>) {
        // SAFETY: only the dispatcher names this type, where the machine has AVX2.
        unsafe { add_avx2::<R>(tile, C * COLUMN) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn add_avx2<const R: usize>(tile: Tile<'_, R>, outputs: usize) {
    let words = tile.words();
    let Tile { weights, raise, sums, .. } = tile;
    assert!(weights.len() <= BLOCK);
    for first in (0..outputs).step_by(OUTPUTS) {
        let mut halves = [[_mm256_setzero_si256(); 2]; R];
        for (at, group) in weights.iter().enumerate() {
            let bytes = group.0[first..][..OUTPUTS].as_flattened();
            // SAFETY: there are 32 weights.
            let pairs: [_; 2] = unsafe {
                let bytes = bytes.as_ptr().cast::<__m128i>();
                [_mm_loadu_si128(bytes), _mm_loadu_si128(bytes.add(1))]
            };
            let pairs = [_mm256_cvtepi8_epi16(pairs[0]), _mm256_cvtepi8_epi16(pairs[1])];
            for r in 0..R {
                // SAFETY: there are no more groups than a block has.
                let words = unsafe { words[r].get_unchecked(at).as_ptr().cast::<i64>() };
                // SAFETY: a group has four words.
                let words = _mm256_set1_epi64x(unsafe { words.read_unaligned() });
                for i in 0..2 {
                    let products = _mm256_madd_epi16(pairs[i], words);
                    halves[r][i] = _mm256_add_epi32(halves[r][i], products);
                }
            }
        }
        for r in 0..R {
            let sum = _mm256_hadd_epi32(halves[r][0], halves[r][1]);
            // hadd works in each half of a vector, so that the middle quarters are swapped.
            let sum = _mm256_permute4x64_epi64(sum, 0b11_01_10_00);
            let sums = sums[r][first..][..OUTPUTS].as_mut_ptr().cast::<__m256i>();
            // SAFETY: there are eight sums.
            unsafe {
                let before =
                    if raise.is_some() { _mm256_setzero_si256() } else { _mm256_loadu_si256(sums) };
                _mm256_storeu_si256(sums, _mm256_add_epi32(before, sum));
            }
        }
    }
}

const _: () = assert!(GROUP == 4, "words of a group are loaded as 64 bits");

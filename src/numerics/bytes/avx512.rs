//! Products of bytes with AVX-512: words multiplied and added in pairs.

#![allow(unsafe_code, reason = "vectors are loaded and stored")]

use std::arch::x86_64::*;

use super::{BLOCK, Bytes, COLUMN, GROUP, Tile};
use crate::numerics::integers::Avx512;

impl Bytes for Avx512 {
    #[inline(always)]
    fn add<const R: usize, const C: usize>(tile: Tile<'_, R>) {
        // SAFETY: only the dispatcher names this type, where the machine has AVX-512.
        unsafe { add_avx512::<R>(tile, C) }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_avx512<const R: usize>(tile: Tile<'_, R>, columns: usize) {
    let words = tile.words();
    let Tile { weights, raise, sums, .. } = tile;
    assert!(weights.len() <= BLOCK);
    // The indices of all first and of all second halves in two vectors.
    let first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let second = _mm512_add_epi32(first, _mm512_set1_epi32(1));
    for column in 0..columns {
        let mut halves = [[_mm512_setzero_si512(); 2]; R];
        for (at, group) in weights.iter().enumerate() {
            let bytes = group.0[COLUMN * column..][..COLUMN].as_flattened();
            // SAFETY: a column has 64 weights of a group.
            let pairs = unsafe {
                let bytes = bytes.as_ptr().cast::<__m256i>();
                [_mm256_loadu_si256(bytes), _mm256_loadu_si256(bytes.add(1))]
            };
            let pairs = [_mm512_cvtepi8_epi16(pairs[0]), _mm512_cvtepi8_epi16(pairs[1])];
            for r in 0..R {
                // SAFETY: there are no more groups than a block has.
                let words = unsafe { words[r].get_unchecked(at).as_ptr().cast::<i64>() };
                // SAFETY: a group has four words.
                let words = _mm512_set1_epi64(unsafe { words.read_unaligned() });
                for i in 0..2 {
                    let products = _mm512_madd_epi16(pairs[i], words);
                    halves[r][i] = _mm512_add_epi32(halves[r][i], products);
                }
            }
        }
        for r in 0..R {
            let [a, b] = halves[r];
            let sum = _mm512_add_epi32(
                _mm512_permutex2var_epi32(a, first, b),
                _mm512_permutex2var_epi32(a, second, b),
            );
            let sums = sums[r][COLUMN * column..][..COLUMN].as_mut_ptr();
            // SAFETY: a column has 16 sums.
            unsafe {
                let before = if raise.is_some() {
                    _mm512_setzero_si512()
                } else {
                    _mm512_loadu_si512(sums.cast())
                };
                _mm512_storeu_si512(sums.cast(), _mm512_add_epi32(before, sum));
            }
        }
    }
}

const _: () = assert!(GROUP == 4, "words of a group are loaded as 64 bits");

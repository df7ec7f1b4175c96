//! Products of bytes with AVX-512 VNNI, which has an instruction for them.

#![allow(unsafe_code, reason = "vectors are loaded and stored")]

use std::arch::x86_64::*;

use super::{Bytes, COLUMN, PANEL, Tile};
use crate::numerics::integers::Vnni;

impl Bytes for Vnni {
    #[inline(always)]
    fn add<const R: usize, const C: usize>(tile: Tile<'_, R>) {
        // SAFETY: only the dispatcher names this type, where the machine has the instructions.
        unsafe { add_vnni::<R, C>(tile) }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn add_vnni<const R: usize, const C: usize>(tile: Tile<'_, R>) {
    const { assert!(C * COLUMN <= PANEL) }
    let Tile { rows, weights, raise, sums } = tile;
    assert!(rows.iter().all(|groups| groups.len() == weights.len()));
    let mut added = [[_mm512_setzero_si512(); C]; R];
    for r in 0..R {
        let start = raise.unwrap_or(&sums[r]);
        for c in 0..C {
            // SAFETY: there are sums for all columns of a panel.
            added[r][c] = unsafe { _mm512_loadu_si512(start.as_ptr().add(COLUMN * c).cast()) };
        }
    }
    for (at, group) in weights.iter().enumerate() {
        let mut columns = [_mm512_setzero_si512(); C];
        for c in 0..C {
            // SAFETY: there are weights for all columns of a panel, and groups are aligned.
            columns[c] = unsafe { _mm512_load_si512(group.0.as_ptr().add(COLUMN * c).cast()) };
        }
        for r in 0..R {
            // SAFETY: each row has as many groups as there are weights.
            let raised = unsafe { *rows[r].get_unchecked(at) };
            let raised = _mm512_set1_epi32(i32::from_le_bytes(raised));
            for c in 0..C {
                added[r][c] = _mm512_dpbusd_epi32(added[r][c], raised, columns[c]);
            }
        }
    }
    for r in 0..R {
        for c in 0..C {
            // SAFETY: as above.
            unsafe {
                let sums = sums[r].as_mut_ptr().add(COLUMN * c);
                _mm512_storeu_si512(sums.cast(), added[r][c]);
            }
        }
    }
}

//! Kernels over 16-bit integers, which compilers do not vectorise well.

#![allow(unsafe_code, reason = "vectors are loaded and stored")]

use super::vectors::{Four, Vector};

/// The number of elements that lengths are a multiple of.
pub(crate) const BLOCK: usize = 64;

/// The kernels of an instruction set for integers, whose sums are the same in any order.
pub(crate) trait Integers {
    /// The instruction set's vectors of floats.
    type Floats: Vector;

    /// Adds `gain` times its element of `before`, divided by 2^15 and rounded, to each weight,
    /// saturating; returns the dot product of the new weights with `after`, modulo 2^32. All
    /// slices are equally long.
    fn adapt(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32;
}

/// The kernels for every machine.
pub(crate) struct Plain;

impl Integers for Plain {
    type Floats = Four;

    #[inline(always)]
    fn adapt(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32 {
        let mut sum = 0i32;
        for ((weight, before), after) in weights.iter_mut().zip(before).zip(after) {
            let step = (i32::from(*before) * i32::from(gain) + (1 << 14)) >> 15;
            // Only the square of -2^15 would overflow, and no element has that value.
            *weight = weight.saturating_add(step as i16);
            sum = sum.wrapping_add(i32::from(*weight) * i32::from(*after));
        }
        sum
    }
}

// These types run their instructions without a check, so no code outside may name them.
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512, Vnni};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{BLOCK, Integers};
    use crate::numerics::vectors::{Eight, Sixteen};

    /// The kernels for machines with AVX2.
    pub(in crate::numerics) struct Avx2;

    impl Integers for Avx2 {
        type Floats = Eight;

        #[inline(always)]
        fn adapt(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32 {
            // SAFETY: only the dispatcher names this type, where the machine has AVX2.
            unsafe { adapt_avx2(weights, before, after, gain) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn adapt_avx2(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32 {
        const LANES: usize = 16;
        let gain = _mm256_set1_epi16(gain);
        let mut sums = [_mm256_setzero_si256(); BLOCK / LANES];
        let blocks = weights.as_chunks_mut::<BLOCK>().0.iter_mut();
        let windows = before.as_chunks::<BLOCK>().0.iter().zip(after.as_chunks::<BLOCK>().0);
        for (weights, (before, after)) in blocks.zip(windows) {
            let (weights, before, after) = (weights.as_mut_ptr(), before.as_ptr(), after.as_ptr());
            for (at, sum) in sums.iter_mut().enumerate() {
                // SAFETY: `at` counts the vectors of a block, and all three point to a block.
                unsafe {
                    let weights = weights.add(LANES * at).cast::<__m256i>();
                    let before = _mm256_loadu_si256(before.add(LANES * at).cast());
                    let after = _mm256_loadu_si256(after.add(LANES * at).cast());
                    let step = _mm256_mulhrs_epi16(before, gain);
                    let moved = _mm256_adds_epi16(_mm256_loadu_si256(weights), step);
                    _mm256_storeu_si256(weights, moved);
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(moved, after));
                }
            }
        }
        let [a, b, c, d] = sums;
        let sum = _mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
        let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        let quarter = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0b00_00_11_10));
        _mm_cvtsi128_si32(_mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 1)))
    }

    /// The kernels for machines with AVX-512.
    pub(in crate::numerics) struct Avx512;

    impl Integers for Avx512 {
        type Floats = Sixteen;

        #[inline(always)]
        fn adapt(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32 {
            // SAFETY: only the dispatcher names this type, where the machine has AVX-512.
            unsafe { adapt_avx512(weights, before, after, gain) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn adapt_avx512(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32 {
        const LANES: usize = 32;
        let gain = _mm512_set1_epi16(gain);
        let mut sums = [_mm512_setzero_si512(); BLOCK / LANES];
        let blocks = weights.as_chunks_mut::<BLOCK>().0.iter_mut();
        let windows = before.as_chunks::<BLOCK>().0.iter().zip(after.as_chunks::<BLOCK>().0);
        for (weights, (before, after)) in blocks.zip(windows) {
            let (weights, before, after) = (weights.as_mut_ptr(), before.as_ptr(), after.as_ptr());
            for (at, sum) in sums.iter_mut().enumerate() {
                // SAFETY: `at` counts the vectors of a block, and all three point to a block.
                unsafe {
                    let weights = weights.add(LANES * at).cast::<__m512i>();
                    let before = _mm512_loadu_si512(before.add(LANES * at).cast());
                    let after = _mm512_loadu_si512(after.add(LANES * at).cast());
                    let step = _mm512_mulhrs_epi16(before, gain);
                    let moved = _mm512_adds_epi16(_mm512_loadu_si512(weights), step);
                    _mm512_storeu_si512(weights, moved);
                    *sum = _mm512_add_epi32(*sum, _mm512_madd_epi16(moved, after));
                }
            }
        }
        let [a, b] = sums;
        _mm512_reduce_add_epi32(_mm512_add_epi32(a, b))
    }

    /// The kernels for machines with AVX-512 VNNI.
    pub(in crate::numerics) struct Vnni;

    impl Integers for Vnni {
        type Floats = Sixteen;

        #[inline(always)]
        fn adapt(weights: &mut [i16], before: &[i16], after: &[i16], gain: i16) -> i32 {
            Avx512::adapt(weights, before, after, gain)
        }
    }
}

#[cfg(test)]
mod tests {
    use lmac_support::Random;

    use super::*;
    use crate::numerics::dispatch::{InstructionSet, Supported, Work, run_with};

    struct Adapt<'a> {
        weights: &'a mut [i16],
        window: &'a [i16],
        gain: i16,
    }

    impl Work for Adapt<'_> {
        type Output = i32;
        const BEST: InstructionSet = InstructionSet::Avx512;

        #[inline(always)]
        fn run<I: Integers>(self) -> i32 {
            let length = self.weights.len();
            I::adapt(self.weights, &self.window[..length], &self.window[1..], self.gain)
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_numbers() {
        let mut random = Random::new(1);
        let mut random = move || (random.next_u64() as i16).max(-32_767);
        for length in [BLOCK, 5 * BLOCK] {
            for loud in [false, true] {
                let mut value = || if loud { random() } else { random() >> 6 };
                let start: Vec<i16> = (0..length).map(|_| value()).collect();
                let window: Vec<i16> = (0..=length).map(|_| value()).collect();
                for gain in [0, 1, -1, 300, 32_767, -32_767] {
                    let mut results = Supported::all().map(|set| {
                        let mut weights = start.clone();
                        let work = Adapt { weights: &mut weights, window: &window, gain };
                        (run_with(set, work), weights)
                    });
                    let first = results.next().expect("the plain one");
                    assert!(results.all(|other| other == first), "{length} {gain}");
                    let step = f64::from(window[3]) * f64::from(gain) / 32768.0;
                    let expected = (f64::from(start[3]) + (step + 0.5).floor()) as i16;
                    assert_eq!(first.1[3], expected);
                }
            }
        }
    }
}

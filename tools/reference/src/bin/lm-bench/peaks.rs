//! The peak speeds of the machine, measured with loops over registers.

#![allow(unsafe_code, reason = "instruction sets need it, each behind its detection")]

use crate::clock::time;

/// A kind of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peak {
    /// Single precision, a multiplication and an addition, each rounded.
    MultiplyAdd,
    /// Single precision, fused.
    Fused,
    /// Products of bytes, summed in 32 bits.
    Bytes,
}

/// The number of runs of a loop, some milliseconds each; the fastest counts.
const TRIES: usize = 3;
const ROUNDS: u64 = 200_000;

/// A loop: takes the number of rounds and a factor that the compiler does not know, and returns a
/// value so that the loop is not optimised away.
type Loop = fn(u64, f32) -> f32;

impl Peak {
    pub(crate) const ALL: [Peak; 3] = [Peak::MultiplyAdd, Peak::Fused, Peak::Bytes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Peak::MultiplyAdd => "f32 multiply and add",
            Peak::Fused => "f32 fused multiply-add",
            Peak::Bytes => "int8 multiply-add",
        }
    }

    /// Operations a second at this moment, by processor time.
    pub(crate) fn measure(self) -> f64 {
        let (looped, operations) = self.best();
        let seconds = (0..TRIES).map(|_| {
            let (value, took) = time(|| looped(ROUNDS, std::hint::black_box(0.5)));
            std::hint::black_box(value);
            took.processor
        });
        (operations * ROUNDS) as f64 / seconds.fold(f64::INFINITY, f64::min)
    }

    /// The fastest loop of this machine, and the operations of one round.
    fn best(self) -> (Loop, u64) {
        #[cfg(target_arch = "x86_64")]
        if let Some(best) = x86::best(self) {
            return best;
        }
        (portable, 2 * 4 * CHAINS as u64)
    }
}

/// The number of independent sums, which fill the pipelines.
const CHAINS: usize = 16;

/// A loop over vectors of four, for every machine.
fn portable(rounds: u64, factor: f32) -> f32 {
    let mut sums = [[1.0f32; 4]; CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            for lane in sum {
                *lane = *lane * factor + 1.0;
            }
        }
    }
    sums.iter().flatten().sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{CHAINS, Loop, Peak};

    pub(super) fn best(peak: Peak) -> Option<(Loop, u64)> {
        let chains = CHAINS as u64;
        let wide = is_x86_feature_detected!("avx512f");
        let narrow = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        // SAFETY: in each arm, the machine has the instructions of its loop.
        match peak {
            Peak::MultiplyAdd if wide => Some((|n, x| unsafe { separate512(n, x) }, 32 * chains)),
            Peak::MultiplyAdd if narrow => Some((|n, x| unsafe { separate256(n, x) }, 16 * chains)),
            Peak::Fused if wide => Some((|n, x| unsafe { fused512(n, x) }, 32 * chains)),
            Peak::Fused if narrow => Some((|n, x| unsafe { fused256(n, x) }, 16 * chains)),
            Peak::Bytes if wide && is_x86_feature_detected!("avx512vnni") => {
                Some((|n, x| unsafe { bytes512(n, x) }, 128 * chains))
            }
            Peak::Bytes if narrow => Some((|n, x| unsafe { words256(n, x) }, 32 * chains)),
            _ => None,
        }
    }

    #[inline(always)]
    fn chains<V: Copy>(rounds: u64, start: V, step: impl Fn(V) -> V) -> [V; CHAINS] {
        let mut sums = [start; CHAINS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = step(*sum);
            }
        }
        sums
    }

    #[target_feature(enable = "avx512f")]
    fn separate512(rounds: u64, factor: f32) -> f32 {
        let factor = _mm512_set1_ps(factor);
        let sums = chains(rounds, factor, |sum| _mm512_add_ps(_mm512_mul_ps(sum, factor), factor));
        sums.into_iter().map(|sum| _mm512_reduce_add_ps(sum)).sum()
    }

    #[target_feature(enable = "avx512f")]
    fn fused512(rounds: u64, factor: f32) -> f32 {
        let factor = _mm512_set1_ps(factor);
        let sums = chains(rounds, factor, |sum| _mm512_fmadd_ps(sum, factor, factor));
        sums.into_iter().map(|sum| _mm512_reduce_add_ps(sum)).sum()
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn bytes512(rounds: u64, factor: f32) -> f32 {
        let factor = _mm512_castps_si512(_mm512_set1_ps(factor));
        let sums = chains(rounds, factor, |sum| _mm512_dpbusd_epi32(sum, factor, factor));
        sums.into_iter().map(|sum| _mm512_reduce_add_epi32(sum) as f32).sum()
    }

    #[target_feature(enable = "avx2,fma")]
    fn separate256(rounds: u64, factor: f32) -> f32 {
        let factor = _mm256_set1_ps(factor);
        let sums = chains(rounds, factor, |sum| _mm256_add_ps(_mm256_mul_ps(sum, factor), factor));
        sums.into_iter().map(|sum| _mm256_cvtss_f32(sum)).sum()
    }

    #[target_feature(enable = "avx2,fma")]
    fn fused256(rounds: u64, factor: f32) -> f32 {
        let factor = _mm256_set1_ps(factor);
        let sums = chains(rounds, factor, |sum| _mm256_fmadd_ps(sum, factor, factor));
        sums.into_iter().map(|sum| _mm256_cvtss_f32(sum)).sum()
    }

    /// Pairs of 16-bit words, to which bytes are widened.
    #[target_feature(enable = "avx2,fma")]
    fn words256(rounds: u64, factor: f32) -> f32 {
        let factor = _mm256_castps_si256(_mm256_set1_ps(factor));
        let sums =
            chains(rounds, factor, |sum| _mm256_add_epi32(_mm256_madd_epi16(sum, factor), factor));
        sums.into_iter().map(|sum| _mm256_cvtsi256_si32(sum) as f32).sum()
    }
}

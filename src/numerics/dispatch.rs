//! The same code, compiled for each instruction set.

#![allow(unsafe_code, reason = "instruction sets need it, each behind its detection")]

#[cfg(feature = "language")]
use super::bytes::Bytes;
use super::integers::{Integers, Plain};

/// All kernels of an instruction set.
#[cfg(not(feature = "language"))]
pub(crate) trait Kernels: Integers {}
#[cfg(not(feature = "language"))]
impl<T: Integers> Kernels for T {}

/// All kernels of an instruction set.
#[cfg(feature = "language")]
pub(crate) trait Kernels: Integers + Bytes {}
#[cfg(feature = "language")]
impl<T: Integers + Bytes> Kernels for T {}

/// Something to compute. Its `run` is to be `#[inline(always)]`, and so is whatever it
/// calls in a loop: then all of it is compiled once for each instruction set.
pub(crate) trait Work {
    type Output;

    /// The best instruction set that is worth its while.
    const BEST: InstructionSet;

    fn run<I: Kernels>(self) -> Self::Output;
}

/// An instruction set that there is code for, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstructionSet {
    /// What every machine of this architecture has.
    Plain,
    /// AVX2 and what came with it.
    Avx2,
    /// AVX-512 with bytes and words.
    Avx512,
    /// AVX-512 with products of bytes as well.
    Vnni,
}

impl InstructionSet {
    /// Those of this machine.
    pub(crate) fn available() -> impl Iterator<Item = InstructionSet> {
        #[cfg(target_arch = "x86_64")]
        let (avx2, avx512, vnni) = {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw");
            (avx2, avx512, avx512 && is_x86_feature_detected!("avx512vnni"))
        };
        #[cfg(not(target_arch = "x86_64"))]
        let (avx2, avx512, vnni) = (false, false, false);
        [
            Some(InstructionSet::Plain),
            avx2.then_some(InstructionSet::Avx2),
            avx512.then_some(InstructionSet::Avx512),
            vnni.then_some(InstructionSet::Vnni),
        ]
        .into_iter()
        .flatten()
        .filter(|&set| set <= limit())
    }
}

/// The best instruction set that may be taken.
#[cfg(not(feature = "_machine"))]
fn limit() -> InstructionSet {
    InstructionSet::Vnni
}

#[cfg(feature = "_machine")]
use super::machine::limit;

/// Runs on the best instruction set of this machine that is worth it.
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    let best = InstructionSet::available().filter(|&set| set <= W::BEST);
    #[cfg(fuzzing)]
    let best = best.filter(|&set| set <= MOST.get());
    let best = best.max();
    run_with(best.unwrap_or(InstructionSet::Plain), work)
}

/// Runs on an instruction set that is [available](InstructionSet::available).
pub(crate) fn run_with<W: Work>(set: InstructionSet, work: W) -> W::Output {
    match set {
        // SAFETY: the set is available, so the machine has its instructions.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Vnni if W::BEST >= InstructionSet::Vnni => unsafe { x86::run_vnni(work) },
        // SAFETY: as above; each set has those before it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 | InstructionSet::Vnni if W::BEST >= InstructionSet::Avx512 => unsafe {
            x86::run_avx512(work)
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 | InstructionSet::Avx512 | InstructionSet::Vnni => unsafe {
            x86::run_avx2(work)
        },
        _ => work.run::<Plain>(),
    }
}

#[cfg(fuzzing)]
thread_local! {
    /// The best instruction set that this thread is to use.
    static MOST: std::cell::Cell<InstructionSet> =
        const { std::cell::Cell::new(InstructionSet::Vnni) };
}

/// Does `work` with no better instruction set than this on the caller's thread.
#[cfg(all(fuzzing, feature = "language"))]
pub(crate) fn with_at_most<T>(set: InstructionSet, work: impl FnOnce() -> T) -> T {
    let before = MOST.replace(set);
    let result = work();
    MOST.set(before);
    result
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Work;
    use crate::numerics::integers::{Avx2, Avx512, Vnni};

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn run_avx2<W: Work>(work: W) -> W::Output {
        work.run::<Avx2>()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512vl,avx512dq,avx512bw")]
    pub(super) fn run_avx512<W: Work>(work: W) -> W::Output {
        work.run::<Avx512>()
    }

    #[target_feature(
        enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512vl,avx512dq,avx512bw,avx512vnni"
    )]
    pub(super) fn run_vnni<W: Work>(work: W) -> W::Output {
        work.run::<Vnni>()
    }
}

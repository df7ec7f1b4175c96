//! Runs code that is compiled for each instruction set on one that the machine supports.

#![allow(unsafe_code, reason = "calls code for instruction sets that were detected")]

use super::bytes::Bytes;
pub(crate) use super::instruction_set::{InstructionSet, Supported};
use super::integers::{Integers, Plain};

/// All kernels of an instruction set.
pub(crate) trait Kernels: Integers + Bytes {}

impl<T: Integers + Bytes> Kernels for T {}

/// A computation that is compiled once for each instruction set.
///
/// For that, `run` and all functions that it calls in a loop are `#[inline(always)]`.
pub(crate) trait Work {
    type Output;

    /// The best instruction set that makes it faster.
    const BEST: InstructionSet;

    fn run<I: Kernels>(self) -> Self::Output;
}

/// Runs on the best instruction set of this machine up to `W::BEST`.
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    run_with(Supported::best(W::BEST), work)
}

/// Runs on this instruction set, or on the best one below it up to `W::BEST`.
pub(crate) fn run_with<W: Work>(set: Supported, work: W) -> W::Output {
    match set.get() {
        // SAFETY: the machine supports `set`.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Vnni if W::BEST >= InstructionSet::Vnni => unsafe { x86::run_vnni(work) },
        // SAFETY: as above; each set includes those before it.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 | InstructionSet::Vnni if W::BEST >= InstructionSet::Avx512 => unsafe {
            x86::run_avx512(work)
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 | InstructionSet::Avx512 | InstructionSet::Vnni
            if W::BEST >= InstructionSet::Avx2 =>
        unsafe { x86::run_avx2(work) },
        _ => work.run::<Plain>(),
    }
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

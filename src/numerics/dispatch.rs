//! The same code, compiled for each instruction set.

#![allow(unsafe_code, reason = "instruction sets need it, each behind its detection")]

/// Something to compute. Its `run` is to be `#[inline(always)]`, and so is whatever it
/// calls in a loop: then all of it is compiled once for each instruction set.
pub(crate) trait Work {
    type Output;

    /// The best instruction set that is worth its while.
    const BEST: InstructionSet;

    fn run(self) -> Self::Output;
}

/// An instruction set that there is code for, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstructionSet {
    /// What every machine of this architecture has.
    Plain,
    /// AVX2 and what came with it.
    Avx2,
}

impl InstructionSet {
    /// Those of this machine.
    pub(crate) fn available() -> impl Iterator<Item = InstructionSet> {
        #[cfg(target_arch = "x86_64")]
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        #[cfg(not(target_arch = "x86_64"))]
        let avx2 = false;
        [Some(InstructionSet::Plain), avx2.then_some(InstructionSet::Avx2)].into_iter().flatten()
    }
}

/// Runs on the best instruction set of this machine that is worth it.
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    let best = InstructionSet::available().filter(|&set| set <= W::BEST).max();
    run_with(best.unwrap_or(InstructionSet::Plain), work)
}

/// Runs on an instruction set that is [available](InstructionSet::available).
pub(crate) fn run_with<W: Work>(set: InstructionSet, work: W) -> W::Output {
    match set {
        // SAFETY: the set is available, so the machine has its instructions.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { run_avx2(work) },
        _ => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

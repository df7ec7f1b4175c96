//! The instruction sets with code of their own, and those that this machine supports.

/// An instruction set with code of its own, in rising order: each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstructionSet {
    /// The instructions that every machine of this architecture has.
    Plain,
    /// AVX2, with BMI1, BMI2, LZCNT and POPCNT.
    Avx2,
    /// AVX-512 F, VL, DQ and BW.
    Avx512,
    /// AVX-512 with VNNI, which multiplies bytes.
    Vnni,
}

/// An instruction set that this machine supports.
///
/// Only detection creates values of this type, so code that holds one may run what was
/// compiled for that set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Supported(InstructionSet);

impl Supported {
    /// Detects the instruction sets of this machine, in rising order.
    pub(crate) fn all() -> impl Iterator<Item = Supported> {
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
        let sets = [
            Some(InstructionSet::Plain),
            avx2.then_some(InstructionSet::Avx2),
            avx512.then_some(InstructionSet::Avx512),
            vnni.then_some(InstructionSet::Vnni),
        ];
        let sets = sets.into_iter().flatten().map(Supported);
        #[cfg(feature = "_proof")]
        let sets = sets.filter(|&Supported(set)| set <= limit::get());
        sets
    }

    /// The best instruction set of this machine that is no better than `most`.
    pub(crate) fn best(most: InstructionSet) -> Supported {
        let best = Supported::all().filter(|&Supported(set)| set <= most).max();
        best.unwrap_or(Supported(InstructionSet::Plain))
    }

    /// The instruction set itself.
    pub(crate) fn get(self) -> InstructionSet {
        self.0
    }
}

/// A limit for proofs that every instruction set computes the same.
#[cfg(feature = "_proof")]
pub(crate) mod limit {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::{InstructionSet, Supported};

    /// Instruction sets in rising order.
    const SETS: [InstructionSet; 4] =
        [InstructionSet::Plain, InstructionSet::Avx2, InstructionSet::Avx512, InstructionSet::Vnni];

    /// The place in `SETS` of the best set that may be used. All threads of the process share
    /// it, since the library's own threads are to obey it.
    static LIMIT: AtomicU8 = AtomicU8::new(SETS.len() as u8 - 1);

    pub(super) fn get() -> InstructionSet {
        SETS[usize::from(LIMIT.load(Ordering::Relaxed)) % SETS.len()]
    }

    /// Calls `work` while no thread of the process detects a better instruction set.
    pub(crate) fn with_at_most<T>(set: Supported, work: impl FnOnce() -> T) -> T {
        struct Restore(u8);
        impl Drop for Restore {
            fn drop(&mut self) {
                LIMIT.store(self.0, Ordering::Relaxed);
            }
        }
        let _restore = Restore(LIMIT.swap(set.get() as u8, Ordering::Relaxed));
        work()
    }
}

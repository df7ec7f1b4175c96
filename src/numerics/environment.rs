//! The float environment: rounding to nearest, and denormals that are not flushed.

#![allow(unsafe_code, reason = "a control register is read and written")]

/// A guard that sets the default float environment of IEEE-754, and restores the caller's when
/// it is dropped.
///
/// Audio programs often flush denormals to zero, and threads inherit that; it would change
/// bits.
pub(crate) struct DefaultEnvironment {
    before: Register,
}

impl DefaultEnvironment {
    pub(crate) fn enter() -> Self {
        let before = read();
        write(DEFAULT);
        DefaultEnvironment { before }
    }
}

impl Drop for DefaultEnvironment {
    fn drop(&mut self) {
        write(self.before);
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
mod register {
    use std::arch::asm;

    /// MXCSR.
    pub(super) type Register = u32;

    /// All exceptions masked, rounding to nearest, no flushing.
    pub(super) const DEFAULT: Register = 0x1F80;

    pub(super) fn read() -> Register {
        let mut register: Register = 0;
        // SAFETY: stores four bytes where `register` is.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut register, options(nostack)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: loads a value without reserved bits: the default, or one that was read.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const register, options(nostack)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod register {
    use std::arch::asm;

    /// FPCR.
    pub(super) type Register = u64;

    /// No traps, rounding to nearest, no flushing.
    pub(super) const DEFAULT: Register = 0;

    pub(super) fn read() -> Register {
        let register: Register;
        // SAFETY: reads a register that every thread may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) register, options(nomem, nostack)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: writes the default, or a value that was read.
        unsafe { asm!("msr fpcr, {}", in(reg) register, options(nostack)) };
    }
}

/// Machines whose environment cannot be changed from here, as in WebAssembly.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
mod register {
    /// Nothing is in it.
    pub(super) type Register = u32;

    pub(super) const DEFAULT: Register = 0;

    pub(super) fn read() -> Register {
        DEFAULT
    }

    pub(super) fn write(_: Register) {}
}

use register::{DEFAULT, Register, read, write};

/// Calls `work` with denormal results flushed to zero and denormal operands taken for zero,
/// as audio programs run. Panics if `work` changes that setting.
#[cfg(any(test, feature = "_proof"))]
pub(crate) fn with_flushing<T>(work: impl FnOnce() -> T) -> T {
    const X86: bool = cfg!(any(target_arch = "x86_64", target_arch = "x86"));
    // MXCSR: flush-to-zero and denormals-are-zero. FPCR: FZ, which does both.
    const FLUSH: Register = if X86 {
        0x8040
    } else if cfg!(target_arch = "aarch64") {
        1 << 24
    } else {
        0
    };
    // MXCSR also holds the flags of exceptions, which `work` may set.
    const FLAGS: Register = if X86 { 0x3F } else { 0 };

    let before = read();
    write(DEFAULT | FLUSH);
    let flushing = read();
    let result = work();
    let after = read();
    write(before);
    assert!(after & !FLAGS == flushing & !FLAGS, "the caller's float environment is lost");
    result
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_live_inside_and_not_outside() {
        let half = || black_box(f32::MIN_POSITIVE) * black_box(0.5);
        with_flushing(|| {
            assert_eq!(half(), 0.0);
            {
                let _default = DefaultEnvironment::enter();
                assert!(half() > 0.0);
            }
            assert_eq!(half(), 0.0);
        });
        assert!(half() > 0.0);
    }
}

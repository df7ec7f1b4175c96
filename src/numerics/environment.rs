//! The float environment: rounding to nearest, denormals as they are.

#![allow(unsafe_code, reason = "a control register is read and written")]

/// Sets the float environment that IEEE-754 has by default, and puts the caller's back
/// when it is dropped. Audio programs like to run with denormals flushed to zero, and
/// threads inherit that; it would change the bits.
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

    /// The same with results flushed to zero, and operands taken for zero.
    #[cfg(any(test, feature = "_machine"))]
    pub(super) const FLUSHING: Register = DEFAULT | 0x8040;

    /// What is set in it, without the flags of exceptions.
    #[cfg(any(test, feature = "_machine"))]
    pub(super) fn control(register: Register) -> Register {
        register & !0x3F
    }

    pub(super) fn read() -> Register {
        let mut register: Register = 0;
        // SAFETY: stores four bytes where `register` is.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut register, options(nostack)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: loads a value without reserved bits: the default, or what was read.
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

    /// Results flushed to zero, and operands taken for zero.
    #[cfg(any(test, feature = "_machine"))]
    pub(super) const FLUSHING: Register = 1 << 24;

    /// What is set in it: flags of exceptions are elsewhere.
    #[cfg(any(test, feature = "_machine"))]
    pub(super) fn control(register: Register) -> Register {
        register
    }

    pub(super) fn read() -> Register {
        let register: Register;
        // SAFETY: reads a register that every thread may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) register, options(nomem, nostack)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: writes the default, or what was read.
        unsafe { asm!("msr fpcr, {}", in(reg) register, options(nostack)) };
    }
}

/// Machines whose environment cannot be changed from here, as in WebAssembly.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
mod register {
    pub(super) type Register = ();
    pub(super) const DEFAULT: Register = ();
    #[cfg(any(test, feature = "_machine"))]
    pub(super) const FLUSHING: Register = ();
    #[cfg(any(test, feature = "_machine"))]
    pub(super) fn control((): Register) {}
    pub(super) fn read() -> Register {}
    pub(super) fn write((): Register) {}
}

use register::{DEFAULT, Register, read, write};
#[cfg(any(test, feature = "_machine"))]
use register::{FLUSHING, control};

/// Calls `work` with denormals flushed to zero, as audio programs set them, and taken for
/// zero; fails where it does not leave that as it was.
#[cfg(any(test, feature = "_machine"))]
pub(crate) fn with_flushing<T>(work: impl FnOnce() -> T) -> T {
    let before = read();
    write(FLUSHING);
    let flushing = read();
    let result = work();
    let after = read();
    write(before);
    // The caller's register is put back whole; work of its own may set flags on the way.
    assert!(control(after) == control(flushing), "the caller's float environment is lost");
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

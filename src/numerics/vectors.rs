//! Vectors of floats, as wide as those of an instruction set.

#![allow(unsafe_code, reason = "vectors are loaded and stored")]

/// A vector register of floats. Operations work on each lane and round once.
pub(crate) trait Vector: Copy {
    const LANES: usize;

    /// Sets every lane to `x`.
    fn splat(x: f32) -> Self;

    /// # Safety
    /// There are as many floats as lanes from `from` on.
    unsafe fn load(from: *const f32) -> Self;

    /// Loads integers and converts them to floats.
    ///
    /// # Safety
    /// There are as many bytes as lanes from `from` on.
    unsafe fn load_bytes(from: *const i8) -> Self;

    /// # Safety
    /// There are as many floats as lanes from `to` on, which nothing else borrows.
    unsafe fn store(self, to: *mut f32);

    fn add(self, other: Self) -> Self;

    fn multiply(self, other: Self) -> Self;
}

/// A type that vectors are loaded from.
pub(crate) trait Element: Copy {
    /// # Safety
    /// There are as many elements as lanes from `from` on.
    unsafe fn load<V: Vector>(from: *const Self) -> V;
}

impl Element for f32 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const f32) -> V {
        // SAFETY: by the caller's promise.
        unsafe { V::load(from) }
    }
}

impl Element for i8 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const i8) -> V {
        // SAFETY: by the caller's promise.
        unsafe { V::load_bytes(from) }
    }
}

/// A vector of four floats, for every machine.
#[derive(Clone, Copy)]
pub(crate) struct Four(four::Register);

impl Vector for Four {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Four(four::splat(x))
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has four floats there.
        Four(unsafe { four::load(from) })
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const i8) -> Self {
        // SAFETY: the caller has four bytes there.
        let floats = unsafe { from.cast::<[i8; 4]>().read() }.map(f32::from);
        // SAFETY: those are four floats.
        Four(unsafe { four::load(floats.as_ptr()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for four floats there.
        unsafe { four::store(to, self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Four(four::add(self.0, other.0))
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        Four(four::multiply(self.0, other.0))
    }
}

// On aarch64, compilers split arrays of four into single floats, so intrinsics are needed.

/// NEON.
#[cfg(target_arch = "aarch64")]
mod four {
    use std::arch::aarch64::*;

    pub(super) type Register = float32x4_t;

    #[inline(always)]
    pub(super) fn splat(x: f32) -> Register {
        // SAFETY: every machine of the architecture has the instruction, as all that follow.
        unsafe { vdupq_n_f32(x) }
    }

    /// # Safety
    /// There are four floats from `from` on.
    #[inline(always)]
    pub(super) unsafe fn load(from: *const f32) -> Register {
        // SAFETY: by the caller's promise.
        unsafe { vld1q_f32(from) }
    }

    /// # Safety
    /// There are four floats from `to` on, which nothing else borrows.
    #[inline(always)]
    pub(super) unsafe fn store(to: *mut f32, register: Register) {
        // SAFETY: by the caller's promise.
        unsafe { vst1q_f32(to, register) }
    }

    #[inline(always)]
    pub(super) fn add(a: Register, b: Register) -> Register {
        // SAFETY: as in `splat`.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    pub(super) fn multiply(a: Register, b: Register) -> Register {
        // SAFETY: as in `splat`.
        unsafe { vmulq_f32(a, b) }
    }
}

/// Arrays, which compilers turn into vectors.
#[cfg(not(target_arch = "aarch64"))]
mod four {
    pub(super) type Register = [f32; 4];

    #[inline(always)]
    pub(super) fn splat(x: f32) -> Register {
        [x; 4]
    }

    /// # Safety
    /// There are four floats from `from` on.
    #[inline(always)]
    pub(super) unsafe fn load(from: *const f32) -> Register {
        // SAFETY: the caller has four floats there; an array of them is aligned as one is.
        unsafe { from.cast::<Register>().read() }
    }

    /// # Safety
    /// There are four floats from `to` on, which nothing else borrows.
    #[inline(always)]
    pub(super) unsafe fn store(to: *mut f32, register: Register) {
        // SAFETY: as in `load`.
        unsafe { to.cast::<Register>().write(register) }
    }

    #[inline(always)]
    pub(super) fn add([a, b, c, d]: Register, [e, f, g, h]: Register) -> Register {
        [a + e, b + f, c + g, d + h]
    }

    #[inline(always)]
    pub(super) fn multiply([a, b, c, d]: Register, [e, f, g, h]: Register) -> Register {
        [a * e, b * f, c * g, d * h]
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Eight, Sixteen};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;

    /// Defines a vector for machines with an instruction set; only their kernels use the type.
    macro_rules! vector {
        ($name:ident, $register:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident,
         $add:ident, $multiply:ident, $bytes:ident, $widen:ident, $float:ident) => {
            #[derive(Clone, Copy)]
            pub(in crate::numerics) struct $name($register);

            impl Vector for $name {
                const LANES: usize = $lanes;

                #[inline(always)]
                fn splat(x: f32) -> Self {
                    // SAFETY: the machine has the instruction, as for all of the type.
                    $name(unsafe { $splat(x) })
                }

                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller has as many floats there.
                    $name(unsafe { $load(from) })
                }

                #[inline(always)]
                unsafe fn load_bytes(from: *const i8) -> Self {
                    // SAFETY: the caller has as many bytes there, which are all that is read.
                    $name(unsafe { $float($widen($bytes(from.cast()))) })
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller has room for as many floats there.
                    unsafe { $store(to, self.0) }
                }

                #[inline(always)]
                fn add(self, other: Self) -> Self {
                    // SAFETY: the machine has the instruction.
                    $name(unsafe { $add(self.0, other.0) })
                }

                #[inline(always)]
                fn multiply(self, other: Self) -> Self {
                    // SAFETY: the machine has the instruction.
                    $name(unsafe { $multiply(self.0, other.0) })
                }
            }
        };
    }

    vector!(
        Eight,
        __m256,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_mul_ps,
        _mm_loadl_epi64,
        _mm256_cvtepi8_epi32,
        _mm256_cvtepi32_ps
    );
    vector!(
        Sixteen,
        __m512,
        16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_mul_ps,
        _mm_loadu_si128,
        _mm512_cvtepi8_epi32,
        _mm512_cvtepi32_ps
    );
}

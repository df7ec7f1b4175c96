//! Prefetching of memory that is read soon.

#![allow(unsafe_code, reason = "the instruction takes a pointer")]

/// Prefetches data into the caches, on machines that can.
#[inline(always)]
pub(crate) fn prefetch<T>(data: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        const LINE: usize = 64;
        let start = data.as_ptr().cast::<i8>();
        for at in (0..size_of_val(data)).step_by(LINE) {
            // SAFETY: every x86-64 machine has the instruction, which has no visible effect.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(at)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = data;
}

//! An allocator that counts, and that can say no: for tests of what memory is taken and of
//! what happens where there is none.
//!
//! One test measures at a time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is held, and the most that was.
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// All that was ever taken.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// Allocations of at least so many bytes count as large.
static LARGE: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Large ones that were asked for.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// Large ones that are still granted.
static GRANTED: AtomicI64 = AtomicI64::new(i64::MAX);

/// Hands everything on to the system's allocator, and counts it.
///
/// A test binary that measures makes it its own:
///
/// ```ignore
/// #[global_allocator]
/// static ALLOCATOR: Counting = Counting;
/// ```
#[derive(Debug)]
pub struct Counting;

impl Counting {
    /// Whether an allocation may be had.
    fn grants(size: usize) -> bool {
        if size < LARGE.load(Ordering::Relaxed) {
            return true;
        }
        ASKED.fetch_add(1, Ordering::Relaxed);
        GRANTED.fetch_sub(1, Ordering::Relaxed) > 0
    }

    fn take(size: usize) {
        let held = HELD.fetch_add(size, Ordering::Relaxed) + size;
        PEAK.fetch_max(held, Ordering::Relaxed);
        TAKEN.fetch_add(size, Ordering::Relaxed);
    }

    fn give_back(size: usize) {
        HELD.fetch_sub(size, Ordering::Relaxed);
    }
}

#[allow(unsafe_code, reason = "an allocator can be had in no other way; it hands all on")]
// SAFETY: everything goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !Self::grants(layout.size()) {
            return std::ptr::null_mut();
        }
        Self::take(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !Self::grants(layout.size()) {
            return std::ptr::null_mut();
        }
        Self::take(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    /// As if everything were moved: old and new are held for a moment.
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !Self::grants(size) {
            return std::ptr::null_mut();
        }
        Self::take(size);
        Self::give_back(layout.size());
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        Self::give_back(layout.size());
        unsafe { System.dealloc(old, layout) }
    }
}

/// The right to measure, and to have memory refused.
#[derive(Debug)]
pub struct Turn {
    _guard: MutexGuard<'static, ()>,
}

/// What some work took.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// The most bytes that it held at a time.
    pub peak: u64,
    /// All bytes that it ever took.
    pub total: u64,
}

impl Turn {
    /// Waits until no other test has it. Whatever a test allocates belongs behind this.
    pub fn take() -> Turn {
        static ONE: Mutex<()> = Mutex::new(());
        Turn { _guard: ONE.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Does some work, and says what memory that took beyond what was held before.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> (T, Used) {
        let (held, taken) = (HELD.load(Ordering::Relaxed), TAKEN.load(Ordering::Relaxed));
        PEAK.store(held, Ordering::Relaxed);
        let done = work();
        let peak = PEAK.load(Ordering::Relaxed).saturating_sub(held) as u64;
        let total = TAKEN.load(Ordering::Relaxed).saturating_sub(taken) as u64;
        (done, Used { peak, total })
    }

    /// Does some work while allocations of at least `large` bytes are refused once so many
    /// of them were granted; says how many were asked for, too.
    pub fn refuse<T>(&self, large: usize, granted: usize, work: impl FnOnce() -> T) -> (T, usize) {
        struct End;
        impl Drop for End {
            fn drop(&mut self) {
                LARGE.store(usize::MAX, Ordering::SeqCst);
                GRANTED.store(i64::MAX, Ordering::SeqCst);
            }
        }
        let _end = End;
        ASKED.store(0, Ordering::SeqCst);
        GRANTED.store(granted as i64, Ordering::SeqCst);
        LARGE.store(large, Ordering::SeqCst);
        let done = work();
        (done, ASKED.load(Ordering::SeqCst))
    }
}

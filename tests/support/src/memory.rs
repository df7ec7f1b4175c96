//! An allocator that counts and that can refuse: for tests of memory use and of failing
//! allocations. One test measures at a time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes that are allocated, and the most that ever were.
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// The sum of all allocations.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// The least size of a large allocation.
static LARGE: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Requests for large allocations.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// Large allocations that will still be granted.
static GRANTED: AtomicI64 = AtomicI64::new(i64::MAX);

/// The allocator: it passes everything on to the system's, and counts.
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
    /// Returns whether an allocation is granted.
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

#[allow(unsafe_code, reason = "implementing an allocator is unsafe")]
// SAFETY: every call is passed on to the system's allocator unchanged.
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

    /// Counts old and new bytes together for a moment, as if everything were moved.
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

/// The right to measure and to refuse memory.
#[derive(Debug)]
pub struct Turn {
    _guard: MutexGuard<'static, ()>,
}

/// The memory that some work took.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// The most bytes that it held at a time.
    pub peak: u64,
    /// The sum of its allocations.
    pub total: u64,
}

impl Turn {
    /// Waits until no other test has it. A test allocates only after this.
    pub fn take() -> Turn {
        static ONE: Mutex<()> = Mutex::new(());
        Turn { _guard: ONE.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Does some work, and returns its result with the memory that it took.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> (T, Used) {
        let (held, taken) = (HELD.load(Ordering::Relaxed), TAKEN.load(Ordering::Relaxed));
        PEAK.store(held, Ordering::Relaxed);
        let done = work();
        let peak = PEAK.load(Ordering::Relaxed).saturating_sub(held) as u64;
        let total = TAKEN.load(Ordering::Relaxed).saturating_sub(taken) as u64;
        (done, Used { peak, total })
    }

    /// Does some work, and refuses allocations of at least `large` bytes after this many were
    /// granted. Returns the result with the number of such allocations.
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

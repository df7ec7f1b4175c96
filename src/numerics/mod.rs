//! The arithmetic that the format's bits depend on.
//!
//! Everything here is IEEE-754 `+ - * /` and square roots in a written order, and gives the
//! same bits on every machine: sums have a fixed number of partial sums and a fixed tree, for
//! any width of vectors. Kernels are plain Rust over arrays of fixed length; [`dispatch`]
//! compiles them for each instruction set. Unsafe code is in the dispatcher, in kernels that
//! compilers do not vectorise well, and in [`environment`].

#![allow(clippy::needless_range_loop, reason = "loops over lanes say which lane is which")]
#![cfg_attr(
    not(feature = "language"),
    allow(dead_code, unused_imports, reason = "language models need more than the other methods")
)]

pub(crate) mod bytes;
pub(crate) mod dispatch;
pub(crate) mod elementary;
pub(crate) mod environment;
pub(crate) mod functions;
pub(crate) mod instruction_set;
pub(crate) mod integers;
pub(crate) mod lanes;
pub(crate) mod matrix;
pub(crate) mod prefetch;
pub(crate) mod vectors;

// An x87 unit rounds twice, and differently on the stack and in memory.
#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("lmac needs SSE2 arithmetic on x86: x87 arithmetic gives other bits");

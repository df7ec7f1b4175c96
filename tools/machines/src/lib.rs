//! A fixed piece of work for every machine: audio that is made of integers, streams of it,
//! models that follow from a seed, and digests of all that comes out.
//!
//! Whatever the processor, the instruction set, the number of threads, the kind of build and
//! the caller's float environment: the lines are those of `digests.txt`.

mod audio;
mod functions;
mod language;
mod models;
mod signals;
mod streams;
mod vectors;
#[cfg(target_family = "wasm")]
mod web;

use std::fmt;

/// The lines that are right.
pub const DIGESTS: &str = include_str!("../digests.txt");

/// Those of a part of the work.
pub const SHORT_DIGESTS: &str = include_str!("../digests-short.txt");

/// How the work is done. None of it changes a line.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether only a part of the work is done, of everything a little: for emulators and for
    /// builds that are not optimised.
    pub short: bool,
    /// Threads of encoders and decoders.
    pub threads: usize,
}

/// Does the work, and hands out a line for each digest: its name, and it.
pub fn run(options: Options, line: &mut dyn FnMut(&str)) {
    let mut work = Work { options, line };
    functions::run(&mut work);
    vectors::run(&mut work);
    audio::run(&mut work);
    language::run(&mut work);
}

/// Work that is being done.
struct Work<'a> {
    options: Options,
    line: &'a mut dyn FnMut(&str),
}

impl Work<'_> {
    /// Hands out what came of something.
    fn digest(&mut self, name: impl fmt::Display, bytes: impl AsRef<[u8]>) {
        (self.line)(&format!("{name} {:x}", md5::compute(bytes)));
    }
}

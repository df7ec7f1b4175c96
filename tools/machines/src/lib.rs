//! A fixed piece of work for every machine: streams of audio that is made of integers, language
//! models with seeded weights, and digests of all results.
//!
//! The lines are those of `digests.txt` on every processor, with every instruction set, number
//! of threads, kind of build and float environment of the caller.

mod audio;
mod flac;
mod functions;
mod language;
mod models;
mod signals;
mod streams;
mod vectors;
#[cfg(target_family = "wasm")]
mod web;

use std::fmt;

/// The expected lines.
pub const DIGESTS: &str = include_str!("../digests.txt");

/// The expected lines of the short work.
pub const SHORT_DIGESTS: &str = include_str!("../digests-short.txt");

/// The options of the work. None of them changes a line.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether only a part of the work is done, a little of everything, for emulators and for
    /// builds without optimisation.
    pub short: bool,
    /// Number of threads of encoders and decoders.
    pub threads: usize,
}

/// Does the work and calls `line` with the name and the value of each digest.
pub fn run(options: Options, line: &mut dyn FnMut(&str)) {
    let mut work = Work { options, line };
    functions::run(&mut work);
    vectors::run(&mut work);
    flac::run(&mut work);
    audio::run(&mut work);
    language::run(&mut work);
}

/// The work in progress.
struct Work<'a> {
    options: Options,
    line: &'a mut dyn FnMut(&str),
}

impl Work<'_> {
    /// Hands out the digest of a result.
    fn digest(&mut self, name: impl fmt::Display, bytes: impl AsRef<[u8]>) {
        (self.line)(&format!("{name} {:x}", md5::compute(bytes)));
    }
}

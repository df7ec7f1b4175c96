//! The same for JavaScript, which calls functions by name and reads memory.

#![allow(unsafe_code, reason = "names that JavaScript knows are not mangled")]

use std::sync::{Mutex, PoisonError};

use crate::{Options, run};

/// What is read next.
static TEXT: Mutex<String> = Mutex::new(String::new());

fn keep(text: String) {
    *TEXT.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

/// Does the work, and keeps its lines.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn digests(short: bool, threads: usize) {
    // What a panic says would be lost: nothing here has a standard error.
    std::panic::set_hook(Box::new(|panic| keep(panic.to_string())));
    let mut lines = String::new();
    run(Options { short, threads }, &mut |line| {
        lines.push_str(line);
        lines.push('\n');
    });
    keep(lines);
}

/// Where the lines are, or what a panic has said.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn text() -> *const u8 {
    TEXT.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
}

/// How many bytes there are.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn text_length() -> usize {
    TEXT.lock().unwrap_or_else(PoisonError::into_inner).len()
}

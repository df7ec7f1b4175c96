//! The interface for JavaScript, which calls functions by name and reads memory.

#![allow(unsafe_code, reason = "names that JavaScript knows are not mangled")]

use std::sync::{Mutex, PoisonError};

use crate::{Options, run};

/// The text that JavaScript reads next.
static TEXT: Mutex<String> = Mutex::new(String::new());

fn keep(text: String) {
    *TEXT.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

/// Does the work and keeps its lines.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn digests(short: bool, threads: usize) {
    // WebAssembly has no standard error, so that the message of a panic would be lost.
    std::panic::set_hook(Box::new(|panic| keep(panic.to_string())));
    let mut lines = String::new();
    run(Options { short, threads }, &mut |line| {
        lines.push_str(line);
        lines.push('\n');
    });
    keep(lines);
}

/// Returns the address of the lines, or of the message of a panic.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn text() -> *const u8 {
    TEXT.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
}

/// Returns the number of their bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn text_length() -> usize {
    TEXT.lock().unwrap_or_else(PoisonError::into_inner).len()
}

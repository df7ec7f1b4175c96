//! Error codes and their texts, and the border that no panic crosses.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lmac::ErrorKind;

/// What a function returns: LMAC_OK or an error, which is negative.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum lmac_error {
    /// No error.
    LMAC_OK = 0,
    /// An argument is not possible: NULL, a number out of range, a text that is not UTF-8.
    LMAC_ERROR_ARGUMENT = -1,
    /// The call comes at the wrong time: after finishing, or after an error that ended everything.
    LMAC_ERROR_STATE = -2,
    /// The handle is in use, by another thread or by the call whose callback makes this one.
    LMAC_ERROR_BUSY = -3,
    /// A file cannot be read or written, or a callback failed.
    LMAC_ERROR_IO = -4,
    /// The input cannot seek.
    LMAC_ERROR_NOT_SEEKABLE = -5,
    /// The input is not an lmac stream.
    LMAC_ERROR_NOT_LMAC = -6,
    /// The stream, or the program, needs something that this version of the library does not have.
    LMAC_ERROR_UNSUPPORTED = -7,
    /// The stream is damaged: it breaks a rule of the format.
    LMAC_ERROR_MALFORMED = -8,
    /// The stream is damaged: a checksum does not match.
    LMAC_ERROR_CHECKSUM = -9,
    /// The stream is damaged: its end is missing.
    LMAC_ERROR_TRUNCATED = -10,
    /// The stream needs more memory than the options allow.
    LMAC_ERROR_LIMIT = -11,
    /// There is not enough memory.
    LMAC_ERROR_MEMORY = -12,
    /// The language model that the stream needs is missing, or a model cannot be used.
    LMAC_ERROR_MODEL = -13,
    /// The encoder found that a chunk does not decode to its audio, and wrote nothing of it.
    LMAC_ERROR_VERIFICATION = -14,
    /// There is a fault in the library. The handle cannot be used any more.
    LMAC_ERROR_INTERNAL = -15,
}

use lmac_error::*;

const ALL: &[(lmac_error, &CStr)] = &[
    (LMAC_OK, c"no error"),
    (LMAC_ERROR_ARGUMENT, c"an argument is not possible"),
    (LMAC_ERROR_STATE, c"the call comes at the wrong time"),
    (LMAC_ERROR_BUSY, c"the handle is in use"),
    (LMAC_ERROR_IO, c"reading or writing failed"),
    (LMAC_ERROR_NOT_SEEKABLE, c"the input cannot seek"),
    (LMAC_ERROR_NOT_LMAC, c"not an lmac stream"),
    (LMAC_ERROR_UNSUPPORTED, c"this needs another version of lmac"),
    (LMAC_ERROR_MALFORMED, c"the stream is damaged: it is malformed"),
    (LMAC_ERROR_CHECKSUM, c"the stream is damaged: a checksum does not match"),
    (LMAC_ERROR_TRUNCATED, c"the stream is damaged: it is cut off"),
    (LMAC_ERROR_LIMIT, c"the stream needs more memory than is allowed"),
    (LMAC_ERROR_MEMORY, c"not enough memory"),
    (LMAC_ERROR_MODEL, c"a language model is missing or cannot be used"),
    (LMAC_ERROR_VERIFICATION, c"a chunk does not decode to its audio"),
    (LMAC_ERROR_INTERNAL, c"a fault in the library"),
];

/// An error on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) code: lmac_error,
    pub(crate) text: String,
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    pub(crate) fn new(code: lmac_error, text: impl Into<String>) -> Self {
        Fault { code, text: text.into() }
    }

    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self::new(LMAC_ERROR_ARGUMENT, text)
    }

    /// Puts a name in front of the text.
    pub(crate) fn of(mut self, name: &str) -> Self {
        self.text = format!("{name}: {}", self.text);
        self
    }

    fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        let message = message.unwrap_or("no message");
        Self::new(LMAC_ERROR_INTERNAL, format!("a fault in the library: {message}"))
    }
}

impl From<lmac::Error> for Fault {
    fn from(error: lmac::Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Io(_) => LMAC_ERROR_IO,
            ErrorKind::NotLmac => LMAC_ERROR_NOT_LMAC,
            ErrorKind::Unsupported(_) => LMAC_ERROR_UNSUPPORTED,
            ErrorKind::Malformed(_) => LMAC_ERROR_MALFORMED,
            ErrorKind::Checksum(_) => LMAC_ERROR_CHECKSUM,
            ErrorKind::Truncated => LMAC_ERROR_TRUNCATED,
            ErrorKind::Limit { .. } => LMAC_ERROR_LIMIT,
            ErrorKind::OutOfMemory { .. } => LMAC_ERROR_MEMORY,
            ErrorKind::Argument(_) | ErrorKind::Input(_) => LMAC_ERROR_ARGUMENT,
            ErrorKind::Model(_) | ErrorKind::MissingModel(_) => LMAC_ERROR_MODEL,
            ErrorKind::Verification => LMAC_ERROR_VERIFICATION,
            ErrorKind::AlreadyFailed => LMAC_ERROR_STATE,
            _ => LMAC_ERROR_INTERNAL,
        };
        Fault::new(code, error.to_string())
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        lmac::Error::from(error).into()
    }
}

thread_local! {
    /// The text of the last error in this thread.
    static LAST: RefCell<CString> = RefCell::default();
}

/// Makes a text for C, which ends at its first zero byte.
pub(crate) fn c_text(text: &str) -> CString {
    let text = text.split('\0').next().unwrap_or_default();
    CString::new(text).unwrap_or_default()
}

/// Does what a function for C does. Keeps the text of an error for the thread; a panic becomes an
/// error.
fn attempt<T>(work: impl FnOnce() -> Result<T>) -> std::result::Result<T, lmac_error> {
    // What a panic leaves behind is in a mutex, which is poisoned then, or is dropped.
    let fault = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(fault)) => fault,
        Err(panic) => Fault::of_panic(&*panic),
    };
    // A thread that is ending has no text any more.
    let _ = LAST.try_with(|last| *last.borrow_mut() = c_text(&fault.text));
    Err(fault.code)
}

/// Like [`attempt`], for functions that return a code.
pub(crate) fn code(work: impl FnOnce() -> Result<()>) -> lmac_error {
    attempt(work).map_or_else(|code| code, |()| LMAC_OK)
}

/// Like [`attempt`], for functions that return a count or a negative code.
pub(crate) fn count(work: impl FnOnce() -> Result<i64>) -> i64 {
    attempt(work).unwrap_or_else(|code| code as i64)
}

/// Like [`attempt`], for functions that return this value after an error.
pub(crate) fn or<T>(value: T, work: impl FnOnce() -> Result<T>) -> T {
    attempt(work).unwrap_or(value)
}

/// Returns a short English text for a code. It stays valid for ever.
///
/// lmac_decoder_error_text(), lmac_encoder_error_text() and lmac_last_error_text() tell more.
#[unsafe(no_mangle)]
pub extern "C" fn lmac_strerror(code: c_int) -> *const c_char {
    let found = ALL.iter().find(|(known, _)| *known as c_int == code);
    found.map_or(c"unknown error", |(_, text)| text).as_ptr()
}

/// Returns the text of the last error of any function in this thread; empty if there was none.
///
/// This is where to look after a failed open, which leaves no handle to ask. The text says what is
/// wrong, with which value, and where in the stream. It stays valid until the next error in this
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn lmac_last_error_text() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(code(|| panic!("no {}", 5)), LMAC_ERROR_INTERNAL);
        assert_eq!(count(|| panic!("six")), LMAC_ERROR_INTERNAL as i64);
        // SAFETY: no other error comes before the text is read.
        let text = unsafe { CStr::from_ptr(lmac_last_error_text()) };
        assert_eq!(text, c"a fault in the library: six");
    }

    #[test]
    fn each_code_has_a_text() {
        for (number, &(code, text)) in ALL.iter().enumerate() {
            assert_eq!(code as i64, -(number as i64));
            // SAFETY: the texts are constants.
            assert_eq!(unsafe { CStr::from_ptr(lmac_strerror(code as c_int)) }, text);
        }
        for unknown in [1, -16, c_int::MIN, c_int::MAX] {
            // SAFETY: as above.
            assert_eq!(unsafe { CStr::from_ptr(lmac_strerror(unknown)) }, c"unknown error");
        }
    }
}

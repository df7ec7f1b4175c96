//! Handles: what they do when they are used from two sides at once, and after a panic.

use std::ffi::{CStr, CString, c_char};
use std::fmt;
use std::sync::{Mutex, PoisonError, TryLockError};

use crate::error::lmac_error::{LMAC_ERROR_BUSY, LMAC_ERROR_INTERNAL};
use crate::error::{Fault, Result, c_text};

const PANICKED: &CStr = c"a fault in the library ended an earlier call with this handle";

/// A value that one call at a time can use.
pub(crate) struct Handle<T> {
    value: Mutex<T>,
    /// The text of the last error.
    text: Mutex<CString>,
}

impl<T> Handle<T> {
    pub(crate) fn new(value: T) -> Self {
        Handle { value: Mutex::new(value), text: Mutex::default() }
    }

    /// Works with the value. Fails, and does not wait, while another call does.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let result = match self.value.try_lock() {
            Ok(mut value) => work(&mut value),
            Err(TryLockError::Poisoned(_)) => {
                Err(Fault::new(LMAC_ERROR_INTERNAL, PANICKED.to_string_lossy()))
            }
            // The text belongs to the other call.
            Err(TryLockError::WouldBlock) => {
                let text =
                    "the handle is in use: by another thread, or by the call that calls back";
                return Err(Fault::new(LMAC_ERROR_BUSY, text));
            }
        };
        if let Err(fault) = &result {
            *self.text.lock().unwrap_or_else(PoisonError::into_inner) = c_text(&fault.text);
        }
        result
    }

    /// The text of the last error, which stays until the next one.
    pub(crate) fn text(&self) -> *const c_char {
        if self.value.is_poisoned() {
            return PANICKED.as_ptr();
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
    }

    fn is_in_use(&self) -> bool {
        matches!(self.value.try_lock(), Err(TryLockError::WouldBlock))
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// What a pointer of the caller points to.
///
/// # Safety
///
/// The pointer is NULL, or points to a value that lives on while it is used.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// Like [`reference`], for a value that no one else uses.
///
/// # Safety
///
/// That of [`reference`]; and nothing else uses the value.
pub(crate) unsafe fn exclusive<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

pub(crate) fn null(name: &str) -> Fault {
    Fault::argument(format!("{name} is NULL"))
}

/// Puts a new handle where the caller wants it. That is NULL before, for the case of an error.
///
/// # Safety
///
/// The pointer is NULL, or may be written to.
pub(crate) unsafe fn hand_out<T>(
    place: *mut *mut T,
    name: &str,
    make: impl FnOnce() -> Result<T>,
) -> Result<()> {
    if place.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller's promise.
    unsafe { place.write(std::ptr::null_mut()) };
    let made = Box::into_raw(Box::new(make()?));
    // SAFETY: as above.
    unsafe { place.write(made) };
    Ok(())
}

/// Frees what [`hand_out`] has made. NULL is fine.
///
/// # Safety
///
/// The pointer is NULL or comes from [`hand_out`], and is not used again.
pub(crate) unsafe fn take_back<T>(pointer: *mut T) -> Option<Box<T>> {
    // SAFETY: the caller's promise.
    (!pointer.is_null()).then(|| unsafe { Box::from_raw(pointer) })
}

/// Like [`take_back`] for a handle, which stays where it is while a call uses it: that call would
/// go on with freed memory.
///
/// # Safety
///
/// That of [`take_back`].
pub(crate) unsafe fn close<H, T>(pointer: *mut H, handle: impl Fn(&H) -> &Handle<T>) -> Result<()> {
    // SAFETY: the caller's promise.
    let Some(open) = (unsafe { pointer.as_ref() }) else { return Ok(()) };
    if handle(open).is_in_use() {
        return Err(Fault::new(LMAC_ERROR_BUSY, "the handle is in use and was not closed"));
    }
    // SAFETY: the caller's promise.
    drop(unsafe { take_back(pointer) });
    Ok(())
}

//! Where streams come from: files, memory, callbacks.

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::slice;

use crate::error::{Fault, Result};
use crate::handle::null;
use crate::sized::SizedStruct;

/// Functions that read a stream for a decoder. lmac_init() comes first.
///
/// They are called by the thread that calls the decoder, only while it calls, and by no other. They
/// must not use the decoder, and no exception or longjmp() may leave them.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct lmac_callbacks {
    /// Bytes of this struct, as the program knows it.
    pub size: usize,
    /// A pointer that each function gets back.
    pub user: *mut c_void,
    /// Reads up to `size` bytes, at least one unless the input is at its end. Returns their number,
    /// 0 at the end, or a negative number after an error.
    pub read:
        Option<unsafe extern "C" fn(user: *mut c_void, buffer: *mut c_void, size: usize) -> i64>,
    /// Goes to this byte, counted from the start of the stream. Returns 0, or anything else after
    /// an error. NULL for an input that cannot seek, such as a pipe.
    pub seek: Option<unsafe extern "C" fn(user: *mut c_void, offset: u64) -> c_int>,
    /// Returns the number of bytes of the stream, or a negative number after an error. NULL if
    /// `seek` is NULL.
    pub length: Option<unsafe extern "C" fn(user: *mut c_void) -> i64>,
}

// SAFETY: words, and functions that may be NULL. That others are functions is the caller's promise.
unsafe impl SizedStruct for lmac_callbacks {
    const NAME: &str = "lmac_callbacks";
}

/// The input of a decoder.
pub(crate) enum Input {
    File(File),
    Memory(Cursor<&'static [u8]>),
    Callbacks(Callbacks),
}

impl Input {
    /// Opens a file, and tells whether it can seek.
    pub(crate) fn open(path: &Path) -> Result<(Self, bool)> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Fault::from(error).of(&name))?;
        let metadata = file.metadata().map_err(|error| Fault::from(error).of(&name))?;
        if metadata.is_dir() {
            return Err(Fault::from(io::Error::from(io::ErrorKind::IsADirectory)).of(&name));
        }
        Ok((Input::File(file), metadata.is_file()))
    }

    /// Takes callbacks, and tells whether they can seek.
    pub(crate) fn with_callbacks(callbacks: &lmac_callbacks) -> Result<(Self, bool)> {
        let Some(read) = callbacks.read else { return Err(null("read in lmac_callbacks")) };
        let seek = match (callbacks.seek, callbacks.length) {
            (Some(seek), Some(length)) => Some((seek, length)),
            (None, None) => None,
            _ => {
                let text =
                    "lmac_callbacks has one of seek and length; it must have both or neither";
                return Err(Fault::argument(text));
            }
        };
        let seekable = seek.is_some();
        Ok((Input::Callbacks(Callbacks { user: callbacks.user, read, seek, offset: 0 }), seekable))
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(file) => file.read(buffer),
            Input::Memory(bytes) => bytes.read(buffer),
            Input::Callbacks(callbacks) => callbacks.read(buffer),
        }
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Input::File(file) => file.seek(to),
            Input::Memory(bytes) => bytes.seek(to),
            Input::Callbacks(callbacks) => callbacks.seek(to),
        }
    }
}

type ReadFunction = unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> i64;
type SeekFunction = unsafe extern "C" fn(*mut c_void, u64) -> c_int;
type LengthFunction = unsafe extern "C" fn(*mut c_void) -> i64;

/// The caller's functions.
pub(crate) struct Callbacks {
    user: *mut c_void,
    read: ReadFunction,
    seek: Option<(SeekFunction, LengthFunction)>,
    offset: u64,
}

impl Read for Callbacks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the caller's function writes no more than it is asked for.
        let read = unsafe { (self.read)(self.user, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(read) {
            Ok(read) if read <= buffer.len() => {
                self.offset = self.offset.saturating_add(read as u64);
                Ok(read)
            }
            Ok(_) => Err(io::Error::other(format!(
                "the read callback returned {read} for a buffer of {} bytes",
                buffer.len()
            ))),
            Err(_) => {
                Err(io::Error::other(format!("the read callback failed: it returned {read}")))
            }
        }
    }
}

impl Seek for Callbacks {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let Some((seek, length)) = self.seek else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "there is no seek callback"));
        };
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => {
                // SAFETY: the caller's function.
                let length = unsafe { length(self.user) };
                let Ok(length) = u64::try_from(length) else {
                    let text = format!("the length callback failed: it returned {length}");
                    return Err(io::Error::other(text));
                };
                length.checked_add_signed(by)
            }
        };
        let offset = offset.ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: the caller's function.
        let status = unsafe { seek(self.user, offset) };
        if status != 0 {
            let text = format!("the seek callback failed: it returned {status} for byte {offset}");
            return Err(io::Error::other(text));
        }
        self.offset = offset;
        Ok(offset)
    }
}

/// Reads a path: bytes on Unix, UTF-8 elsewhere.
///
/// # Safety
///
/// The pointer is NULL or points to a text that ends with a zero byte.
pub(crate) unsafe fn path(path: *const c_char) -> Result<PathBuf> {
    if path.is_null() {
        return Err(null("path"));
    }
    // SAFETY: the caller's promise.
    let path = unsafe { std::ffi::CStr::from_ptr(path) };
    #[cfg(unix)]
    let path = {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(path.to_bytes())
    };
    #[cfg(not(unix))]
    let path = OsStr::new(path.to_str().map_err(|_| Fault::argument("the path is not UTF-8"))?);
    Ok(PathBuf::from(path))
}

/// Bytes of the caller.
///
/// # Safety
///
/// The pointer is NULL, or points to so many bytes that stay as they are while they are used.
pub(crate) unsafe fn bytes<'a>(data: *const c_void, size: usize, name: &str) -> Result<&'a [u8]> {
    if data.is_null() && size > 0 {
        return Err(null(name));
    }
    if size > isize::MAX as usize {
        return Err(Fault::argument(format!("{name} of {size} bytes")));
    }
    match size {
        0 => Ok(&[]),
        // SAFETY: the caller's promise.
        _ => Ok(unsafe { slice::from_raw_parts(data.cast(), size) }),
    }
}

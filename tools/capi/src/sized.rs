//! Structs that begin with their own size, so that programs and libraries of different age
//! understand each other.
//!
//! A program passes the size that a struct had when the program was compiled. What a shorter struct
//! lacks is zero, which is the default of every option. What a longer one has more must be zero
//! when it is read, and becomes zero when it is written.

use std::mem::{MaybeUninit, size_of};
use std::slice;

use crate::error::lmac_error::LMAC_ERROR_UNSUPPORTED;
use crate::error::{Fault, Result};
use crate::handle::null;

/// A struct for C whose first field is its size, a `size_t`.
///
/// # Safety
///
/// Every field can hold zeros and any other bits. No field crosses the border of a word of the
/// machine, unless it is larger than a word.
pub(crate) unsafe trait SizedStruct: Copy {
    const NAME: &str;
}

/// Sizes beyond this are no sizes, but memory that nobody has set.
const MOST: usize = 4096;

/// Bytes of the struct that both sides know, and the size that the caller gave.
///
/// # Safety
///
/// The pointer is NULL or points to a size.
unsafe fn sizes<T: SizedStruct>(pointer: *const T) -> Result<(usize, usize)> {
    if pointer.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: the caller's promise.
    let size = unsafe { pointer.cast::<usize>().read() };
    if !(size_of::<usize>()..=MOST).contains(&size) {
        return Err(Fault::argument(format!(
            "the size in {} is {size}; lmac_init(&it, sizeof it) sets it to {}",
            T::NAME,
            size_of::<T>()
        )));
    }
    // No pointer is taken in half.
    let whole_words = size - size % size_of::<usize>();
    Ok((whole_words.min(size_of::<T>()), size))
}

/// Fails if a struct cannot be written later.
///
/// # Safety
///
/// The pointer is NULL or points to a size.
pub(crate) unsafe fn check<T: SizedStruct>(pointer: *const T) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { sizes(pointer) }.map(|_| ())
}

/// Reads a struct.
///
/// # Safety
///
/// The pointer is NULL, or points to as many bytes as the size in front says.
pub(crate) unsafe fn read<T: SizedStruct>(pointer: *const T) -> Result<T> {
    // SAFETY: the caller's promise.
    let (known, size) = unsafe { sizes(pointer)? };
    let bytes = pointer.cast::<u8>();
    if size > size_of::<T>() {
        // SAFETY: the caller's promise.
        let more = unsafe { slice::from_raw_parts(bytes, size) };
        if more[size_of::<T>()..].iter().any(|&byte| byte != 0) {
            return Err(Fault::new(
                LMAC_ERROR_UNSUPPORTED,
                format!(
                    "{} has {size} bytes, and those behind byte {} are not zero: the program asks \
                     for something that lmac {} does not have",
                    T::NAME,
                    size_of::<T>(),
                    env!("CARGO_PKG_VERSION")
                ),
            ));
        }
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both places have as many bytes, and all bits are allowed.
    unsafe {
        bytes.copy_to_nonoverlapping(value.as_mut_ptr().cast(), known);
        Ok(value.assume_init())
    }
}

/// Like [`read`], where NULL stands for the defaults: zeros.
///
/// # Safety
///
/// That of [`read`].
pub(crate) unsafe fn read_or_default<T: SizedStruct>(pointer: *const T) -> Result<T> {
    if pointer.is_null() {
        // SAFETY: zeros are allowed.
        return Ok(unsafe { MaybeUninit::zeroed().assume_init() });
    }
    // SAFETY: the caller's promise.
    unsafe { read(pointer) }
}

/// Writes a struct behind the size that the caller has set.
///
/// # Safety
///
/// The pointer is NULL, or points to as many bytes as the size in front says, which may be written.
pub(crate) unsafe fn write<T: SizedStruct>(pointer: *mut T, value: &T) -> Result<()> {
    // SAFETY: the caller's promise.
    let (known, size) = unsafe { sizes(pointer)? };
    let start = size_of::<usize>();
    let to = pointer.cast::<u8>();
    let from = std::ptr::from_ref(value).cast::<u8>();
    // SAFETY: `known` and `size` are at least that of the size, and no more than both places have.
    unsafe {
        to.add(start).write_bytes(0, size - start);
        from.add(start).copy_to_nonoverlapping(to.add(start), known - start);
    }
    Ok(())
}

/// Sets all bytes of a struct to zero, and its size: lmac_init(&info, sizeof info).
///
/// Do this with each struct of this header that begins with a size, before setting its fields.
/// NULL and sizes smaller than a size_t do nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lmac_init(structure: *mut std::ffi::c_void, size: usize) {
    if structure.is_null() || size < size_of::<usize>() {
        return;
    }
    // SAFETY: the caller has a struct of this size there.
    unsafe {
        structure.cast::<u8>().write_bytes(0, size);
        structure.cast::<usize>().write_unaligned(size);
    }
}

//! Versions.

use std::ffi::{CStr, c_char};

/// The version of this header: its first number.
pub const LMAC_VERSION_MAJOR: u32 = 0;
/// The version of this header: its second number.
pub const LMAC_VERSION_MINOR: u32 = 1;
/// The version of this header: its third number.
pub const LMAC_VERSION_PATCH: u32 = 0;

/// Returns the version of the library, such as "0.1.0". It stays valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn lmac_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Returns the version of the format that the library writes: 256 times its first number, plus its
/// second.
///
/// Before 1.0, the library reads streams whose first number is the same.
#[unsafe(no_mangle)]
pub extern "C" fn lmac_format_version() -> u32 {
    u32::from(lmac::FORMAT_VERSION.0) << 8 | u32::from(lmac::FORMAT_VERSION.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_version_of_the_crate() {
        let header = format!("{LMAC_VERSION_MAJOR}.{LMAC_VERSION_MINOR}.{LMAC_VERSION_PATCH}");
        assert_eq!(header, env!("CARGO_PKG_VERSION"));
        // SAFETY: the version is a constant.
        assert_eq!(unsafe { CStr::from_ptr(lmac_version()) }.to_str(), Ok(header.as_str()));
    }
}

//! Gives the shared library the name that programs look for: `liblmac.so` and the major version.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let major = var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
    match var("CARGO_CFG_TARGET_OS").unwrap_or_default().as_str() {
        "macos" | "windows" => {}
        _ => println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,liblmac.so.{major}"),
    }
}

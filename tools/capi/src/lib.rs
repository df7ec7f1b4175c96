//! The C library of lmac. `lmac.h`, which is made from this crate, documents it for users of C.
//!
//! Each function for C is as small as it can be: it checks pointers, and calls the crate `lmac`
//! within `error.rs`, where no panic gets through. `handle.rs` has what all handles share,
//! `sized.rs` the structs that begin with their size. `decoder.rs`, `encoder.rs`, `tags.rs` and
//! `model.rs` each have the functions of one handle.
#![allow(non_camel_case_types, reason = "names of C")]

mod audio;
mod decoder;
mod encoder;
mod error;
mod handle;
mod input;
mod model;
mod options;
mod output;
mod samples;
mod sized;
mod tags;
mod version;

pub use audio::*;
pub use decoder::*;
pub use encoder::*;
pub use error::{lmac_error, lmac_last_error_text, lmac_strerror};
pub use input::lmac_callbacks;
pub use model::*;
pub use options::*;
pub use output::lmac_write_function;
pub use sized::lmac_init;
pub use tags::*;
pub use version::*;

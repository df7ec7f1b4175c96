//! Streams: audio in and a stream out, and the other way round. All input and output, and all
//! threads, are here.

pub(crate) mod damage;
pub(crate) mod decoder;
pub(crate) mod digest;
pub(crate) mod encoder;
pub(crate) mod input;
pub(crate) mod inspect;
#[cfg(feature = "language")]
pub(crate) mod language;
pub(crate) mod options;
pub(crate) mod parallel;
pub(crate) mod stats;

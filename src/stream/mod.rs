//! Streams: audio in and a stream out, and the other way round. All input and output, and all
//! threads, are here.

pub(crate) mod damage;
pub(crate) mod decoder;
pub(crate) mod digest;
pub(crate) mod encoder;
pub(crate) mod end;
#[cfg(feature = "language")]
pub(crate) mod estimate;
pub(crate) mod info;
pub(crate) mod input;
pub(crate) mod inspect;
pub(crate) mod items;
pub(crate) mod options;
pub(crate) mod parallel;
pub(crate) mod stats;

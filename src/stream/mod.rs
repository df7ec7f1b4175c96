//! Encoder and decoder of streams. All input and output is here, and the threads that share
//! chunks.

pub(crate) mod damage;
pub(crate) mod decoder;
pub(crate) mod digest;
pub(crate) mod edit;
pub(crate) mod encoder;
pub(crate) mod end;
pub(crate) mod info;
pub(crate) mod input;
pub(crate) mod inspect;
pub(crate) mod items;
#[cfg(feature = "language")]
pub(crate) mod language;
pub(crate) mod models;
pub(crate) mod options;
pub(crate) mod packets;
pub(crate) mod parallel;
pub(crate) mod sequence;
pub(crate) mod stats;
pub(crate) mod tags;

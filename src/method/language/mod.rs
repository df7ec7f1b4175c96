//! The language method: a transformer predicts tokens that spell the characters.
//!
//! `text.rs` makes a chunk's samples its text, `coder/` cuts that into segments and goes
//! through them, `engine/` gives the logits, `frequencies.rs` makes them integers. What all
//! that takes is counted by a `meter.rs`.

pub(crate) mod account;
pub(crate) mod alphabet;
pub(crate) mod architecture;
pub(crate) mod coder;
pub(crate) mod cross_entropy;
pub(crate) mod engine;
pub(crate) mod evaluator;
pub(crate) mod frequencies;
pub(crate) mod hashing;
pub(crate) mod meter;
pub(crate) mod model;
pub(crate) mod options;
pub(crate) mod planes;
pub(crate) mod stages;
pub(crate) mod tensor;
pub(crate) mod text;
pub(crate) mod vocabulary;

pub(crate) use super::identity::Precision;
pub(crate) use coder::payload::sections;

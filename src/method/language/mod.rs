//! The language method: a transformer predicts tokens that spell the characters.
//!
//! `text.rs` turns samples into text, `coder/` cuts it into segments and codes them, `engine/`
//! computes logits, `frequencies.rs` turns them into integers. `meter.rs` counts the work.

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

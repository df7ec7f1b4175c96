//! Results as texts: for people, for papers and for programs.

pub mod bits;
pub mod csv;
mod document;
pub mod file;
pub mod json;
pub mod markdown;
pub mod numbers;
pub mod pictures;
mod remarks;
#[cfg(test)]
pub(crate) mod samples;
mod section;
pub mod speed;
pub mod table;
pub mod times;
pub mod totals;

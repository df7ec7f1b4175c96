//! Language models for a run of the program. A build without the feature `models` has none.

#[cfg(feature = "models")]
mod args;
#[cfg(feature = "models")]
mod loaded;
#[cfg(not(feature = "models"))]
mod none;

#[cfg(feature = "models")]
pub use args::{ModelWay, TopK};
#[cfg(not(feature = "models"))]
pub(crate) use none::{ModelArgs, Models};
#[cfg(feature = "models")]
pub(crate) use {args::ModelArgs, loaded::Models};

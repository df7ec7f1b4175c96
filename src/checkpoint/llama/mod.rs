//! Parts that the layouts of a Llama share: its shape, names and weights.

pub(crate) mod names;
pub(crate) mod rope;
pub(crate) mod shape;
pub(crate) mod weights;

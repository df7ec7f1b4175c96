//! Files of a checkpoint, and the tensors in them.
//!
//! `file.rs` reads at offsets. `zip.rs`, `inflate.rs`, `pickle/` and `torch.rs` read containers.
//! `stored.rs` describes a tensor in a file, and `directory.rs` holds all of them by name.

pub(crate) mod directory;
pub(crate) mod file;
pub(crate) mod inflate;
pub(crate) mod json;
pub(crate) mod pickle;
pub(crate) mod stored;
pub(crate) mod torch;
pub(crate) mod zip;

//! The commands, a file each.

pub(crate) mod completions;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod eval;
pub(crate) mod info;
pub mod man;
pub(crate) mod verify;

mod chunk_list;
mod damage;
mod span;

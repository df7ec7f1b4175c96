//! A checkpoint that is open.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::method::language::architecture::Architecture;
use crate::method::language::tensor::Tensors;
use crate::method::language::vocabulary::{Tokenizer, Vocabulary};

/// A model on disk whose configuration, tokenizer and list of tensors have been read.
///
/// The weights are read from [`tensors`](Self::tensors), one tensor at a time.
pub struct Checkpoint {
    /// The name of the folder or file.
    pub name: String,
    /// The shape of the model.
    pub architecture: Architecture,
    /// The tokens of the model and the bytes that each spells.
    pub vocabulary: Vocabulary,
    /// The tokenizer; `None` if every token is one byte.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// The weights.
    pub tensors: Box<dyn Tensors>,
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("name", &self.name)
            .field("architecture", &self.architecture)
            .finish_non_exhaustive()
    }
}

/// The name of the folder or file at `path`.
pub(super) fn name_of(path: &Path) -> String {
    // A path like `.` has a name only after it is resolved.
    let resolved = path.canonicalize();
    let path = path.file_name().or_else(|| resolved.as_deref().ok()?.file_name());
    path.map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}

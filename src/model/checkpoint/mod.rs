//! Checkpoints: from files to tensors and a vocabulary.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::language::architecture::Architecture;
use crate::model::language::tensor::Tensors;
use crate::model::language::vocabulary::{Tokenizer, Vocabulary};

/// A model on disk, opened: everything is known of it, and nothing of its weights read.
pub struct Checkpoint {
    /// Name for people: the folder's or the file's.
    pub name: String,
    /// What the model is made of.
    pub architecture: Architecture,
    /// Its tokens.
    pub vocabulary: Vocabulary,
    /// How it cuts text; `None` where every token is one byte.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// Its weights.
    pub tensors: Box<dyn Tensors>,
}

/// Opens the checkpoint at `path`, whatever its layout.
pub fn open(path: &Path) -> Result<Checkpoint> {
    Err(Error::model(format!("{}: no checkpoint", path.display())))
}

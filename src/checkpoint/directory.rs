//! The tensors of a checkpoint's files by the names that they have there.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use super::file::error_at;
use super::stored::Stored;
use crate::error::{Error, Result};
use crate::method::language::tensor::Tensor;

/// All tensors of one file, or of several that belong together.
#[derive(Debug)]
pub(super) struct Directory {
    /// What errors name: the file, or where there are several, their folder.
    path: PathBuf,
    tensors: BTreeMap<String, Stored>,
}

impl Directory {
    /// A directory without tensors.
    pub(super) fn new(path: &Path) -> Self {
        Directory { path: path.to_path_buf(), tensors: BTreeMap::new() }
    }

    /// Adds a tensor. Fails where there is one of this name.
    pub(super) fn insert(&mut self, name: String, stored: Stored) -> Result<()> {
        match self.tensors.entry(name) {
            Entry::Occupied(entry) => {
                Err(stored.error(format!("the tensor {} is there twice", entry.key())))
            }
            Entry::Vacant(entry) => {
                entry.insert(stored);
                Ok(())
            }
        }
    }

    /// Adds all tensors of another directory.
    pub(super) fn extend(&mut self, other: Directory) -> Result<()> {
        other.tensors.into_iter().try_for_each(|(name, stored)| self.insert(name, stored))
    }

    /// Names of all tensors.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor of this name, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<&Stored> {
        self.tensors.get(name)
    }

    /// The tensor of this name. Fails where there is none.
    pub(super) fn find(&self, name: &str) -> Result<&Stored> {
        self.get(name).ok_or_else(|| self.error(format!("the tensor {name} is missing")))
    }

    /// Reads the tensor of this name. Fails where it has another shape.
    pub(super) fn read(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let stored = self.find(name)?;
        if stored.shape() != shape {
            return Err(stored.error(format!(
                "the tensor {name} has shape {:?}, not {shape:?}",
                stored.shape()
            )));
        }
        stored.read()
    }

    /// An error of the directory's file or folder.
    pub(super) fn error(&self, what: impl std::fmt::Display) -> Error {
        error_at(&self.path, what)
    }
}

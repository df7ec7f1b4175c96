//! The tensors of a checkpoint by the names that its files give them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use super::file::error_at;
use super::stored::StoredTensor;
use crate::error::{Error, Result};
use crate::method::language::tensor::Tensor;

/// All tensors of one file, or of several that belong together.
#[derive(Debug)]
pub(crate) struct TensorDirectory {
    /// The path that errors name: the file, or the index of several.
    path: PathBuf,
    tensors: BTreeMap<String, StoredTensor>,
}

impl TensorDirectory {
    /// An empty directory.
    pub(crate) fn new(path: &Path) -> Self {
        TensorDirectory { path: path.to_path_buf(), tensors: BTreeMap::new() }
    }

    /// Adds a tensor. Fails if there is one of this name.
    pub(crate) fn insert(&mut self, name: String, stored: StoredTensor) -> Result<()> {
        match self.tensors.entry(name) {
            Entry::Occupied(entry) => {
                Err(stored.error(format!("there are two tensors of the name {}", entry.key())))
            }
            Entry::Vacant(entry) => {
                entry.insert(stored);
                Ok(())
            }
        }
    }

    /// Adds all tensors of another directory.
    pub(crate) fn extend(&mut self, other: TensorDirectory) -> Result<()> {
        other.tensors.into_iter().try_for_each(|(name, stored)| self.insert(name, stored))
    }

    /// Names of all tensors.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor of this name, if there is one.
    pub(crate) fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name)
    }

    /// The tensor of this name. Fails if it is missing.
    pub(crate) fn find(&self, name: &str) -> Result<&StoredTensor> {
        self.get(name).ok_or_else(|| self.error(format!("the tensor {name} is missing")))
    }

    /// Reads the tensor of this name. Fails if it does not have this shape.
    pub(crate) fn read(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let stored = self.find(name)?;
        if stored.shape() != shape {
            return Err(stored.error(format!(
                "the tensor {name} has shape {:?}; the model needs {shape:?}",
                stored.shape()
            )));
        }
        stored.read()
    }

    /// Fails if there is a tensor whose name is not `known` to the model.
    pub(crate) fn check_names(&self, known: impl Fn(&str) -> bool, model: &str) -> Result<()> {
        match self.names().find(|name| !known(name)) {
            Some(name) => Err(self.error(format!(
                "the tensor {name} is unknown; a {model} of this shape has no such tensor"
            ))),
            None => Ok(()),
        }
    }

    /// An error in the file or index.
    pub(crate) fn error(&self, what: impl std::fmt::Display) -> Error {
        error_at(&self.path, what)
    }
}

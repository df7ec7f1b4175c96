//! What a GGUF file says about its model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::checkpoint::file::error_at;
use crate::error::{Error, Result};

/// Values by their keys.
#[derive(Debug)]
pub(super) struct Metadata {
    path: PathBuf,
    values: HashMap<String, Value>,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A whole number of any length.
    Integer(i64),
    /// A float of any length.
    Number(f64),
    /// Text.
    Text(String),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Floats.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
    /// What no key that is asked for has.
    Other,
}

impl Metadata {
    /// The metadata of the file at `path`.
    pub(super) fn new(path: &Path, values: HashMap<String, Value>) -> Self {
        Metadata { path: path.to_path_buf(), values }
    }

    /// A number that is not negative.
    pub(super) fn integer(&self, key: &str) -> Result<Option<u64>> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Integer(number)) if *number >= 0 => Ok(Some(*number as u64)),
            Some(_) => Err(self.error(format!("{key} is no number of things"))),
        }
    }

    /// A float.
    pub(super) fn number(&self, key: &str) -> Result<Option<f64>> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(*number)),
            Some(_) => Err(self.error(format!("{key} is no number"))),
        }
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(format!("{key} is no text"))),
        }
    }

    /// Takes a list of whole numbers out; it is empty where there is none.
    pub(super) fn take_integers(&mut self, key: &str) -> Result<Vec<i64>> {
        match self.values.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Integers(numbers)) => Ok(numbers),
            Some(_) => Err(self.error(format!("{key} is no list of whole numbers"))),
        }
    }

    /// Takes a list of floats out; it is empty where there is none.
    pub(super) fn take_numbers(&mut self, key: &str) -> Result<Vec<f64>> {
        match self.values.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Numbers(numbers)) => Ok(numbers),
            Some(_) => Err(self.error(format!("{key} is no list of numbers"))),
        }
    }

    /// Takes a list of texts out; it is empty where there is none.
    pub(super) fn take_texts(&mut self, key: &str) -> Result<Vec<String>> {
        match self.values.remove(key) {
            None => Ok(Vec::new()),
            Some(Value::Texts(texts)) => Ok(texts),
            Some(_) => Err(self.error(format!("{key} is no list of texts"))),
        }
    }

    /// A value of any kind.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// An error of the file.
    pub(super) fn error(&self, what: impl std::fmt::Display) -> Error {
        error_at(&self.path, what)
    }
}

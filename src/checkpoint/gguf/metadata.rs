//! The metadata of a GGUF file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::checkpoint::storage::file::error_at;
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
    /// An integer of any size.
    Integer(i64),
    /// A float of any size.
    Number(f64),
    /// Text.
    Text(String),
    /// A list of integers.
    Integers(Vec<i64>),
    /// A list of floats.
    Numbers(Vec<f64>),
    /// A list of texts.
    Texts(Vec<String>),
    /// A value of another type, which no loader needs.
    Other,
}

impl Metadata {
    /// The metadata of the file at `path`.
    pub(super) fn new(path: &Path, values: HashMap<String, Value>) -> Self {
        Metadata { path: path.to_path_buf(), values }
    }

    /// An integer that is not negative.
    pub(super) fn integer(&self, key: &str) -> Result<Option<u64>> {
        self.get(key, "an integer that is not negative", |value| match value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        })
    }

    /// A float.
    pub(super) fn number(&self, key: &str) -> Result<Option<f64>> {
        self.get(key, "a float", |value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        })
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>> {
        self.get(key, "a text", |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Takes a list of integers out; it is empty if the key is missing.
    pub(super) fn take_integers(&mut self, key: &str) -> Result<Vec<i64>> {
        self.take(key, "a list of integers", |value| match value {
            Value::Integers(numbers) => Some(numbers),
            _ => None,
        })
    }

    /// Takes a list of floats out; it is empty if the key is missing.
    pub(super) fn take_numbers(&mut self, key: &str) -> Result<Vec<f64>> {
        self.take(key, "a list of floats", |value| match value {
            Value::Numbers(numbers) => Some(numbers),
            _ => None,
        })
    }

    /// Takes a list of texts out; it is empty if the key is missing.
    pub(super) fn take_texts(&mut self, key: &str) -> Result<Vec<String>> {
        self.take(key, "a list of texts", |value| match value {
            Value::Texts(texts) => Some(texts),
            _ => None,
        })
    }

    fn get<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.values.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.error(format!("{key} must be {expected}")))
    }

    fn take<T>(
        &mut self,
        key: &str,
        expected: &str,
        read: impl FnOnce(Value) -> Option<Vec<T>>,
    ) -> Result<Vec<T>> {
        let Some(value) = self.values.remove(key) else { return Ok(Vec::new()) };
        read(value).ok_or_else(|| self.error(format!("{key} must be {expected}")))
    }

    /// A value of any kind.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// An error in the file.
    pub(super) fn error(&self, what: impl std::fmt::Display) -> Error {
        error_at(&self.path, what)
    }
}

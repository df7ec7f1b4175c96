//! What can go wrong: always a sentence for the person at the terminal.

use std::fmt::Display;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Says what an error is about.
pub(crate) trait About<T> {
    /// Puts what was worked on, a file mostly, before the cause.
    fn about(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> About<T> for std::result::Result<T, E> {
    fn about(self, what: impl Display) -> Result<T> {
        self.map_err(|error| format!("{what}: {error}").into())
    }
}

//! A part of a report, before it is set as text.

/// A part with a title.
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    /// Cells; the first of each line is its title.
    Table { head: Vec<String>, lines: Vec<Vec<String>> },
    /// Sentences.
    List(Vec<String>),
}

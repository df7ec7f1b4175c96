//! How an encoder checks its own work.

/// How much of a chunk is checked before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Verify {
    /// Nothing is checked.
    #[default]
    No,
    /// Each chunk is decoded again and compared.
    ///
    /// Decoding with a language model takes far longer than encoding. There, all bytes of the
    /// payload are checked, and the model's work is repeated for one segment of each batch.
    Usual,
    /// Each chunk is decoded again and compared, with a language model as well.
    Full,
}

impl From<bool> for Verify {
    /// Maps `true` to [`Verify::Usual`] and `false` to [`Verify::No`].
    fn from(verify: bool) -> Self {
        if verify { Verify::Usual } else { Verify::No }
    }
}

//! What is compared.

/// Whatever fails, for people.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A model at work: some contexts that advance together.
pub trait Subject {
    /// Starts afresh with this many contexts, each of at most this many tokens.
    fn begin(&mut self, contexts: usize, positions: usize) -> Result<()>;

    /// Puts tokens through the model: those of the first context, of the second, and so on,
    /// equally many for each. Gives the logits behind the last token of each context.
    fn advance(&mut self, tokens: &[u32]) -> Result<Vec<f32>>;

    /// Puts tokens through the model step by step: the first of each context, the second of
    /// each, and so on. Logits are computed, and nobody has them.
    fn steps(&mut self, tokens: &[u32]) -> Result<()>;
}

//! The interface of the models that are compared.

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A model with some contexts that advance together.
pub trait Subject {
    /// Starts again with `contexts` empty contexts, each of at most `positions` tokens.
    fn begin(&mut self, contexts: usize, positions: usize) -> Result<()>;

    /// Evaluates tokens in one pass and returns the logits behind the last token of each context.
    ///
    /// `tokens` holds those of the first context, then of the second, and so on, the same number
    /// for each.
    fn advance(&mut self, tokens: &[u32]) -> Result<Vec<f32>>;

    /// Evaluates tokens step by step: the first of each context, the second of each, and so on.
    ///
    /// Logits are computed and dropped.
    fn steps(&mut self, tokens: &[u32]) -> Result<()>;
}

//! The language model that a stream needs.

use std::io::Read;

use super::Decoder;
use crate::error::{Error, Result};
use crate::method::model::Model;
use crate::stream::{models, parallel};

impl<R: Read> Decoder<R> {
    /// Takes the language model of the stream, before any audio is read. Fails if the stream
    /// was made with another one.
    pub(crate) fn use_model(&mut self, model: &dyn Model) -> Result<()> {
        let Some(usage) = &self.info.model else {
            return Err(Error::argument("the stream needs no language model"));
        };
        if self.intake.pool.is_some() {
            return Err(Error::argument("a language model must be set before audio is read"));
        }
        let memory = self.options.limits.memory.saturating_sub(self.memory_with(0));
        let threads = parallel::threads(self.options.threads);
        self.coder = Some(models::coder(model, usage, threads, memory)?);
        Ok(())
    }

    /// Looks for the stream's model among those of the options, if it needs one.
    pub(super) fn find_model(&mut self) -> Result<()> {
        let (None, Some(usage)) = (&self.coder, &self.info.model) else {
            return Ok(());
        };
        let models = self.options.models.clone();
        let needed = usage.id.clone();
        self.use_model(models::find(&models, &needed)?)
    }
}

//! The language model that a stream needs.

use std::io::Read;

use super::Decoder;
use crate::error::{Error, ErrorKind, Result};
use crate::method::model::Model;
use crate::stream::parallel;

impl<R: Read> Decoder<R> {
    /// Takes the language model of the stream, before any audio is read. Fails if the stream
    /// was made with another one.
    pub(crate) fn use_model(&mut self, model: &dyn Model) -> Result<()> {
        let Some(usage) = &self.info.model else {
            return Err(Error::argument("the stream needs no language model"));
        };
        let (needed, given) = (&usage.id, model.id());
        if !needed.is_same_model(given) {
            return Err(Error::model(format!(
                "the stream needs the language model {needed} with {}, not {given} with {}",
                needed.precision.name(),
                given.precision.name()
            )));
        }
        if needed.probe != given.probe {
            return Err(Error::model(format!(
                "the language model {given} predicts something else here than where the stream \
                 was made: its probe is {:#010x}; the stream's is {:#010x}",
                given.probe, needed.probe
            )));
        }
        if self.intake.pool.is_some() {
            return Err(Error::argument("a language model must be set before audio is read"));
        }
        let memory = self.options.limits.memory.saturating_sub(self.memory_with(0));
        let threads = parallel::threads(self.options.threads);
        self.coder = Some(model.decoder(usage, threads, memory)?);
        Ok(())
    }

    /// Looks for the stream's model among those of the options, if it needs one.
    pub(super) fn find_model(&mut self) -> Result<()> {
        let (None, Some(usage)) = (&self.coder, &self.info.model) else {
            return Ok(());
        };
        let models = &self.options.models;
        match models.iter().find(|model| usage.id.is_same_model(model.id())).cloned() {
            Some(model) => self.use_model(&*model),
            None => Err(Error::new(ErrorKind::MissingModel(Box::new(usage.id.clone())))),
        }
    }
}

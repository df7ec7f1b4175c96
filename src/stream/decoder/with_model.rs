//! The language model that a stream needs.

use std::io::Read;
#[cfg(feature = "language")]
use std::sync::Arc;

use super::Decoder;
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "language")]
use crate::method::language::{Coder, coder::THREAD_MEMORY, model::LanguageModel};
#[cfg(feature = "language")]
use crate::stream::parallel;

impl<R: Read> Decoder<R> {
    /// Hands over the language model that [`info`](Decoder::info) asks for, before any
    /// audio is read. Another one is refused.
    #[cfg(feature = "language")]
    pub fn set_model(&mut self, model: &LanguageModel) -> Result<()> {
        let Some(usage) = &self.info.model else {
            return Err(Error::argument("the stream needs no language model"));
        };
        let (needed, given) = (&usage.id, model.id());
        if (needed.hash, needed.precision) != (given.hash, given.precision) {
            return Err(Error::model(format!(
                "the stream needs the language model {needed} with {}, not {given} with {}",
                needed.precision.name(),
                given.precision.name()
            )));
        }
        if needed.probe != given.probe {
            return Err(Error::model(format!(
                "the language model {given} predicts something else here than where the \
                 stream was made: its probe is {:#010x}, not {:#010x}",
                given.probe, needed.probe
            )));
        }
        if self.intake.pool.is_some() {
            return Err(Error::argument("a language model comes before the first audio is read"));
        }
        let positions = model.architecture().positions();
        if usage.context as usize > positions {
            return Err(Error::model(format!(
                "the stream has contexts of {}, the language model {given} of {positions}",
                usage.context
            )));
        }
        let coder = Coder::new(model.clone(), usage.clone(), self.options.meter.clone());
        // As many threads as there is memory for; one is counted with the model.
        let spare = self.options.limits.memory.saturating_sub(self.memory_with(coder.memory()));
        let most = usize::try_from(spare / THREAD_MEMORY).unwrap_or(usize::MAX);
        let threads = parallel::threads(self.options.threads).min(most.saturating_add(1));
        self.coder = Some(Arc::new(coder.with_threads(threads)));
        Ok(())
    }

    /// Looks for the model of the stream among those at hand, if it needs one.
    pub(super) fn find_model(&mut self) -> Result<()> {
        let (None, Some(usage)) = (&self.coder, &self.info.model) else {
            return Ok(());
        };
        let id = usage.id.clone();
        #[cfg(feature = "language")]
        {
            let fits = |model: &&LanguageModel| {
                (model.id().hash, model.id().precision) == (id.hash, id.precision)
            };
            if let Some(model) = self.options.models.iter().find(fits).cloned() {
                return self.set_model(&model);
            }
        }
        Err(Error::new(ErrorKind::MissingModel(Box::new(id))))
    }
}

//! Streams with language models: all that the feature `language` adds to encoder and decoder.

pub(crate) mod estimate;

use std::io::Read;
use std::sync::Arc;

use crate::error::Result;
use crate::method::language::model::LanguageModel;
use crate::method::language::options::LanguageOptions;
use crate::stream::decoder::Decoder;
use crate::stream::options::{DecodeOptions, EncodeOptions};

impl EncodeOptions {
    /// Encodes with a language model. The preset codes the chunks that the model would make
    /// larger.
    pub fn with_model(mut self, model: LanguageModel, options: LanguageOptions) -> Self {
        self.model = Some(Arc::new((model, options)));
        self
    }
}

impl DecodeOptions {
    /// Adds a language model that a stream may need.
    pub fn with_model(mut self, model: LanguageModel) -> Self {
        self.models.push(Arc::new(model));
        self
    }
}

impl<R: Read> Decoder<R> {
    /// Sets the language model that [`info`](Decoder::info) asks for, before any audio is
    /// read. Fails if the stream was made with another model.
    pub fn set_model(&mut self, model: &LanguageModel) -> Result<()> {
        self.use_model(model)
    }
}

//! A build without language models: it names the way out where a stream needs one.

use std::io::Read;
use std::marker::PhantomData;
use std::path::Path;

use clap::Args;
use lmac::{Decoder, EncodeOptions};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::Report;

/// No options: there is no model to encode with.
#[derive(Args)]
pub(crate) struct ModelArgs {}

/// No models.
pub(crate) struct Models<'a>(PhantomData<&'a Report>);

impl<'a> Models<'a> {
    pub(crate) fn new(_: &'a Report, _: Option<&'a Path>) -> Self {
        Models(PhantomData)
    }

    pub(crate) fn encoding(_: &'a Report, _: &'a ModelArgs) -> Self {
        Models(PhantomData)
    }

    pub(crate) fn check(&self, _: &ModelArgs) -> Result<(), Failure> {
        Ok(())
    }

    pub(crate) fn add_to(
        &self,
        options: EncodeOptions,
        _: &ModelArgs,
        _: &Progress,
    ) -> Result<EncodeOptions, Failure> {
        Ok(options)
    }

    pub(crate) fn supply<R: Read>(
        &self,
        decoder: &mut Decoder<R>,
        _: &Progress,
    ) -> Result<(), Failure> {
        self.give(decoder)
    }

    /// Fails if the stream needs a model.
    pub(crate) fn give<R: Read>(&self, decoder: &mut Decoder<R>) -> Result<(), Failure> {
        match &decoder.info().model {
            None => Ok(()),
            Some(usage) => Err(Failure::Here(format!(
                "it needs the language model {}, and this program was built without language \
                 models; install lmac-cli with its feature models, which is on by default",
                usage.id
            ))),
        }
    }
}

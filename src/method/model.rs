//! The seam between streams and language models.
//!
//! Encoder and decoder know language models by these traits alone, so that they are the same
//! code in a build without the feature `language`, where nothing implements them.

use std::fmt::Debug;
use std::sync::Arc;

use crate::audio::AudioSpec;
use crate::error::Result;
use crate::method::identity::{ModelId, ModelUse};
use crate::method::verify::Verify;
use crate::planes::Mapping;

/// A language model, as a decoder sees it.
pub(crate) trait Model: Debug + Send + Sync {
    /// Returns the name that streams know the model by.
    fn id(&self) -> &ModelId;

    /// Makes the coder for a stream that uses the model like this.
    ///
    /// The coder takes at most `threads` threads, and fewer if `memory` bytes are not enough
    /// for all of them.
    fn decoder(&self, usage: &ModelUse, threads: usize, memory: u64)
    -> Result<Arc<dyn ModelCoder>>;
}

/// A language model with the choices for encoding with it.
pub(crate) trait ConfiguredModel: Debug + Send + Sync {
    /// Checks the choices and makes the coder for audio in chunks of at most `chunk_frames`.
    fn encoder(
        &self,
        spec: &AudioSpec,
        chunk_frames: u64,
        threads: usize,
    ) -> Result<Arc<dyn ModelCoder>>;
}

/// Codes the chunks of one stream with a language model.
///
/// `wasted` is the number of lowest bits that are zero in all samples of the chunk.
pub(crate) trait ModelCoder: Send + Sync {
    /// Returns the description of the model's use that stands in the header.
    fn usage(&self) -> &ModelUse;

    /// Returns the bytes that decoding takes beside the weights, with one thread.
    fn memory(&self) -> u64;

    /// Encodes a chunk; `None` if its payload would not be smaller than its PCM.
    fn encode_if_smaller(
        &self,
        pcm: &[u8],
        first_frame: u64,
        spec: &AudioSpec,
        wasted: u8,
        mapping: Mapping,
        verify: Verify,
    ) -> Result<Option<Vec<u8>>>;

    /// Decodes the payload of a chunk of `frames` frames into its PCM.
    fn decode(
        &self,
        payload: &[u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
        mapping: Mapping,
    ) -> Result<Vec<u8>>;
}

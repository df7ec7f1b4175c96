//! The options of encoder and decoder.

use std::sync::Arc;

use crate::audio::AudioSpec;
use crate::chunk_codec::Choices;
use crate::container::MAX_CHUNK_PCM;
use crate::error::{Error, Result};
use crate::method::model::{ConfiguredModel, Model, ModelCoder};
use crate::method::preset::Preset;
use crate::method::verify::Verify;
use crate::planes::Mapping;
use crate::stream::parallel;
use crate::tags::{self, Tags};

/// Options of an [`Encoder`](crate::Encoder).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// How much work is done to make the stream small.
    pub preset: Preset,
    /// The mapping of samples to characters; the encoder chooses one if it is `None`.
    ///
    /// Language models and the light method have characters. Without a language model, a
    /// mapping makes every preset but [`Preset::Store`] take the light method.
    pub mapping: Option<Mapping>,
    /// Frames of a chunk, the unit of seeking, threads and damage.
    ///
    /// `None` is ten seconds, twenty with [`Preset::Standard`] or thirty with [`Preset::Max`],
    /// within limits of size.
    pub chunk_frames: Option<u64>,
    /// The length of the stream, if it is known.
    ///
    /// It saves a few bytes and tells a decoder at the other end of a pipe how much audio
    /// comes. A wrong number does no harm.
    pub declared_frames: Option<u64>,
    /// Threads that encode chunks; 0 is one for each core.
    ///
    /// The stream is the same for every number.
    pub threads: usize,
    /// Whether the stream keeps the MD5 of its audio.
    pub md5: bool,
    /// How much of each chunk is checked before it is written.
    pub verify: Verify,
    /// Tags of the stream. Without them, those in the source file's head and tail count.
    pub tags: Option<Tags>,
    /// Bytes that are left for tags that are added later, if there are tags.
    pub tag_padding: u32,
    /// The language model to encode with.
    pub(crate) model: Option<Arc<dyn ConfiguredModel>>,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        EncodeOptions {
            preset: Preset::default(),
            mapping: None,
            chunk_frames: None,
            declared_frames: None,
            threads: 1,
            md5: true,
            verify: Verify::No,
            tags: None,
            tag_padding: 0,
            model: None,
        }
    }
}

impl EncodeOptions {
    /// Sets the preset.
    pub fn with_preset(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }

    /// Sets the mapping of samples to characters.
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// Sets the length of chunks.
    pub fn with_chunk_frames(mut self, frames: u64) -> Self {
        self.chunk_frames = Some(frames);
        self
    }

    /// Sets the length that the stream announces.
    pub fn with_declared_frames(mut self, frames: u64) -> Self {
        self.declared_frames = Some(frames);
        self
    }

    /// Sets the number of threads; 0 is one for each core.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets whether the stream keeps the MD5 of its audio.
    pub fn with_md5(mut self, md5: bool) -> Self {
        self.md5 = md5;
        self
    }

    /// Sets how much of each chunk is checked before it is written: a `bool` or a [`Verify`].
    pub fn with_verify(mut self, verify: impl Into<Verify>) -> Self {
        self.verify = verify.into();
        self
    }

    /// Sets the tags of the stream.
    pub fn with_tags(mut self, tags: Tags) -> Self {
        self.tags = Some(tags);
        self
    }

    /// Sets the bytes that are left for tags that are added later, if there are tags.
    pub fn with_tag_padding(mut self, bytes: u32) -> Self {
        self.tag_padding = bytes;
        self
    }

    /// Returns the data of the tags blocks; nothing without tags.
    pub(crate) fn tags_run(&self) -> Result<Vec<u8>> {
        match &self.tags {
            Some(tags) => tags::write_padded(tags, self.tag_padding),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the choices that bear on each chunk.
    pub(crate) fn choices(&self) -> Choices {
        Choices { preset: self.preset, mapping: self.mapping, verify: self.verify }
    }

    /// Makes the coder of the language model, if there is a model.
    pub(crate) fn coder(
        &self,
        spec: &AudioSpec,
        chunk_frames: u64,
    ) -> Result<Option<Arc<dyn ModelCoder>>> {
        let Some(model) = &self.model else { return Ok(None) };
        if self.mapping == Some(Mapping::Residual) {
            let message = "language models have no residual: choose another mapping or none";
            return Err(Error::argument(message));
        }
        model.encoder(spec, chunk_frames, parallel::threads(self.threads)).map(Some)
    }

    /// Returns the frames of a chunk. Fails if the format does not allow their number.
    pub(crate) fn chunk_frames(&self, spec: &AudioSpec) -> Result<u64> {
        let default = || self.preset.chunk_frames(spec, self.declared_frames);
        let frames = self.chunk_frames.unwrap_or_else(default);
        let most = MAX_CHUNK_PCM / spec.frame_bytes() as u64;
        if frames == 0 || frames > most {
            return Err(Error::argument(format!(
                "a chunk of {frames} frames is not possible; this audio allows 1 to {most}"
            )));
        }
        Ok(frames)
    }
}

/// Options of a [`Decoder`](crate::Decoder).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Limits to the memory that a stream may ask for.
    pub limits: Limits,
    /// Threads that decode chunks; 0 is one for each core.
    ///
    /// With more than one thread the decoder reads ahead.
    pub threads: usize,
    /// Whether frames come out before all of their chunk is decoded, so that players begin at once.
    ///
    /// They are provisional then. The stored bytes of a chunk are compared with their checksum
    /// before, as always; its audio is compared at its end. If that is wrong, the error follows
    /// audio that was wrong, and a caller who stops before never meets it.
    /// [`Decoder::checked_to`] tells how far audio was checked.
    ///
    /// One thread decodes; more work on the chunks of language models alone, which come whole.
    /// Recovery, and [`Restored`](crate::source::Restored) files, wait for whole chunks.
    ///
    /// [`Decoder::checked_to`]: crate::Decoder::checked_to
    pub provisional: bool,
    /// Language models that streams may need.
    pub(crate) models: Vec<Arc<dyn Model>>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        DecodeOptions {
            limits: Limits::default(),
            threads: 1,
            provisional: false,
            models: Vec::new(),
        }
    }
}

impl DecodeOptions {
    /// Sets the limits to the memory that a stream may ask for.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the number of threads; 0 is one for each core.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets whether frames come out before all of their chunk is decoded.
    pub fn with_provisional(mut self, provisional: bool) -> Self {
        self.provisional = provisional;
        self
    }
}

/// Limits to the memory that a stream may ask for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory that decoding may take.
    ///
    /// A stream that needs more is refused. Fewer chunks are read ahead if that is enough.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { memory: 2 << 30 }
    }
}

impl Limits {
    /// Sets the bytes of memory that decoding may take.
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }
}

//! What a caller can choose.

use crate::audio::AudioSpec;
use crate::container::MAX_CHUNK_PCM;
use crate::container::header::default_chunk_frames;
use crate::error::{Error, Result};
use crate::method::language::Coder;
#[cfg(feature = "language")]
use crate::method::language::{meter::Meter, model::LanguageModel, options::LanguageOptions};
use crate::planes::Mapping;
#[cfg(feature = "language")]
use crate::stream::parallel;

/// How much work goes into making a stream small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Preset {
    /// None: audio is kept as it is, with checksums, index and all the rest.
    Store,
    /// A fixed prediction and adaptive bits: for any number of channels, and 64-bit float.
    Light,
    /// The embedded model at its quickest. Where it does not apply, the light one; so for
    /// all that follow.
    Fast,
    /// The embedded model.
    #[default]
    Standard,
    /// The embedded model at its largest, for the smallest streams: many times slower.
    Max,
}

impl Preset {
    /// All presets, the quickest first.
    pub const ALL: &[Preset] =
        &[Preset::Store, Preset::Light, Preset::Fast, Preset::Standard, Preset::Max];

    /// The preset's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Store => "store",
            Preset::Light => "light",
            Preset::Fast => "fast",
            Preset::Standard => "standard",
            Preset::Max => "max",
        }
    }
}

/// How far a chunk is checked before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Verify {
    /// Not at all.
    #[default]
    No,
    /// Each chunk is decoded again. With a language model, where that takes far longer than
    /// encoding, its bytes are, and of its segments one in each batch.
    Usual,
    /// Each chunk is decoded again, whatever the time.
    Full,
}

impl From<bool> for Verify {
    /// As usual, or not at all.
    fn from(verify: bool) -> Self {
        if verify { Verify::Usual } else { Verify::No }
    }
}

/// Choices for encoding.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// How much work goes into making the stream small.
    pub preset: Preset,
    /// How samples become characters with a language model, and in the light method, which
    /// is otherwise taken with every preset then; the encoder chooses for itself where it
    /// is `None`.
    pub mapping: Option<Mapping>,
    /// Frames of a chunk, the unit of seeking, threads and damage. `None` is ten seconds,
    /// or thirty with [`Preset::Max`], within limits.
    pub chunk_frames: Option<u64>,
    /// Length of the stream, where it is known. It need not be true, but saves bytes and
    /// lets a decoder at the other end of a pipe know what is to come.
    pub declared_frames: Option<u64>,
    /// Threads that code chunks; 0 is as many as the machine has. The bytes that come
    /// out are the same for every number.
    pub threads: usize,
    /// Whether the stream keeps the MD5 of its audio.
    pub md5: bool,
    /// Whether each chunk is decoded again and compared before it is written.
    pub verify: Verify,
    /// A language model to encode with, and how.
    #[cfg(feature = "language")]
    pub model: Option<(LanguageModel, LanguageOptions)>,
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
            #[cfg(feature = "language")]
            model: None,
        }
    }
}

impl EncodeOptions {
    /// Chooses the preset.
    pub fn with_preset(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }

    /// Chooses how samples become characters.
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// Chooses the length of chunks.
    pub fn with_chunk_frames(mut self, frames: u64) -> Self {
        self.chunk_frames = Some(frames);
        self
    }

    /// Announces the length of the stream.
    pub fn with_declared_frames(mut self, frames: u64) -> Self {
        self.declared_frames = Some(frames);
        self
    }

    /// Chooses the number of threads; 0 is as many as the machine has.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Whether the stream keeps the MD5 of its audio.
    pub fn with_md5(mut self, md5: bool) -> Self {
        self.md5 = md5;
        self
    }

    /// Whether each chunk is decoded again before it is written: a `bool`, or a [`Verify`].
    pub fn with_verify(mut self, verify: impl Into<Verify>) -> Self {
        self.verify = verify.into();
        self
    }

    /// Encodes with a language model. The preset is for chunks that it would make larger.
    #[cfg(feature = "language")]
    pub fn with_model(mut self, model: LanguageModel, options: LanguageOptions) -> Self {
        self.model = Some((model, options));
        self
    }

    /// What codes chunks with the model, if there is one.
    #[cfg(feature = "language")]
    pub(crate) fn coder(&self, spec: &AudioSpec, chunk_frames: u64) -> Result<Option<Coder>> {
        let threads = parallel::threads(self.threads);
        let coder = |(model, options): &(LanguageModel, LanguageOptions)| {
            if self.mapping == Some(Mapping::Residual) {
                let message = "a language model with the mapping residual: it has no residual";
                return Err(Error::argument(message));
            }
            options.coder(model, spec, chunk_frames, threads)
        };
        self.model.as_ref().map(coder).transpose()
    }

    /// Nothing codes chunks with a model in this build.
    #[cfg(not(feature = "language"))]
    pub(crate) fn coder(&self, _: &AudioSpec, _: u64) -> Result<Option<Coder>> {
        Ok(None)
    }

    /// Frames of a chunk, once they are known to be possible.
    pub(crate) fn chunk_frames(&self, spec: &AudioSpec) -> Result<u64> {
        let most = MAX_CHUNK_PCM / spec.frame_bytes() as u64;
        let frames = self.chunk_frames.unwrap_or_else(|| match self.preset {
            Preset::Max => (3 * default_chunk_frames(spec)).min(most),
            _ => default_chunk_frames(spec),
        });
        if frames == 0 || frames > most {
            return Err(Error::argument(format!(
                "chunks of {frames} frames: 1 to {most} are possible with this audio"
            )));
        }
        Ok(frames)
    }
}

/// Choices for decoding.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// What a stream may ask for.
    pub limits: Limits,
    /// Threads that decode chunks; 0 is as many as the machine has. With more than one
    /// the decoder reads ahead.
    pub threads: usize,
    /// Language models that streams may need.
    #[cfg(feature = "language")]
    pub models: Vec<LanguageModel>,
    /// Counts what a language model does.
    #[cfg(feature = "language")]
    pub meter: Meter,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        DecodeOptions {
            limits: Limits::default(),
            threads: 1,
            #[cfg(feature = "language")]
            models: Vec::new(),
            #[cfg(feature = "language")]
            meter: Meter::default(),
        }
    }
}

impl DecodeOptions {
    /// Chooses what a stream may ask for.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Chooses the number of threads; 0 is as many as the machine has.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Adds a language model that a stream may need.
    #[cfg(feature = "language")]
    pub fn with_model(mut self, model: LanguageModel) -> Self {
        self.models.push(model);
        self
    }

    /// Counts what a language model does with this meter.
    #[cfg(feature = "language")]
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }
}

/// What a stream may ask for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory that decoding may take. A stream that needs more is refused;
    /// fewer chunks are read ahead where that is enough.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { memory: 2 << 30 }
    }
}

impl Limits {
    /// Chooses the bytes of memory that decoding may take.
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }
}

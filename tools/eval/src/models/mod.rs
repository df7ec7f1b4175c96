//! Language models as contestants.

mod progress;
mod sum;
mod weights;

use std::time::Instant;

use lmac::language::{LanguageModel, LanguageOptions, Meter, Stage, estimate};
use lmac::{
    AudioSpec, DecodeOptions, EncodeOptions, FORMAT_VERSION, Limits, Mapping, Preset, TokenKind,
    Verify,
};

use crate::audio::{Clip, chunk_frames};
use crate::contestant::{Arrangement, Check, Contestant, Headers, Job, Outcome, Weights};
use crate::streams::{Options, encoded};
use crate::{Error, Result};
use progress::Progress;
use sum::{Part, Sum};

/// Contexts in a chunk of the stream: as many as are decoded at a time.
const CONTEXTS: usize = 128;

/// What is counted of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rate {
    /// Bytes of streams that were made.
    #[default]
    Real,
    /// What the cross entropy comes to, with all that streams hold beside tokens. Nothing
    /// is made, and nothing checked.
    Entropy,
}

/// How a model is used.
#[derive(Debug, Clone, Default)]
pub struct ModelOptions {
    /// How many of the likeliest tokens have a probability of their own; `None` for all.
    pub top_k: Option<u32>,
    /// What the model predicts; `None` is its own tokens where it has a tokenizer.
    pub tokens: Option<TokenKind>,
    /// How samples become characters; `None` is what the encoder takes.
    pub mapping: Option<Mapping>,
    /// Frames whose samples stand together, channel by channel; 0 where each frame's do.
    pub blocking: u32,
    /// Contexts that are decoded at a time; `None` is as many as there is memory for, 128 at
    /// most.
    pub lockstep: Option<u32>,
    /// Bytes that contexts may take; `None` is what the encoder allows.
    pub memory: Option<u64>,
    /// What is counted.
    pub rate: Rate,
    /// Whether the encoder goes step by step, as a decoder does. The bytes are the same.
    pub slow: bool,
}

/// The options of a stream, and of the model that codes it.
struct ModelStream {
    options: Options,
    language: LanguageOptions,
}

/// A language model, judged by what it makes of chunks of audio.
///
/// Each chunk is a context of its own. With [`Headers::Once`] a clip is one stream, decoded
/// many contexts at a time; with [`Headers::Each`] each chunk is a stream. A stream keeps
/// audio as it is where the model would make a part of it larger. Here the model is judged
/// alone: what it makes of such parts counts instead. Parts that repeat one frame never come
/// to the model, and cost what they cost in every stream.
///
/// A check decodes the stream. Where that does not hold what the model made, all is encoded
/// once more by an encoder that decodes what it makes. The time of decoding is then what that
/// takes it, which is known of one thread alone.
#[derive(Debug)]
pub struct Model {
    name: String,
    model: LanguageModel,
    weights: Weights,
    options: ModelOptions,
    progress: Progress,
}

impl Model {
    /// This model under this name.
    pub fn new(
        name: impl Into<String>,
        model: LanguageModel,
        weights: Weights,
        options: ModelOptions,
    ) -> Self {
        Model { name: name.into(), model, weights, options, progress: Progress::default() }
    }

    /// What each chunk or all of a clip is encoded with.
    fn language(&self, context: u32) -> LanguageOptions {
        let own = &self.options;
        let mut language = LanguageOptions::default()
            .with_context(context)
            .with_blocking(own.blocking)
            .with_stepping(own.slow);
        language.tokens = own.tokens;
        language.top_k = own.top_k;
        language.lockstep = own.lockstep;
        language.memory = own.memory.unwrap_or(language.memory);
        language
    }

    fn options(&self, language: LanguageOptions, stream_frames: usize) -> ModelStream {
        let default = Limits::default().memory;
        // What the encoder was allowed, and half as much as it is without being asked.
        let memory = default.max(language.memory.saturating_add(default / 2));
        let mut encode = EncodeOptions::default()
            .with_preset(Preset::Store)
            .with_chunk_frames(stream_frames as u64);
        encode.mapping = self.options.mapping;
        let decode = DecodeOptions::default().with_limits(Limits::default().with_memory(memory));
        ModelStream { options: Options { encode, decode }, language }
    }

    /// Characters of a context for chunks of so many frames.
    fn context(&self, spec: &AudioSpec, chunk_frames: usize) -> Result<u32> {
        let characters = chunk_frames.saturating_mul(spec.frame_bytes());
        let positions = self.model.architecture().positions();
        match u32::try_from(characters) {
            Ok(context) if characters <= positions => Ok(context),
            _ => Err(Error::new(format!(
                "chunks of {characters} bytes do not fit the model, whose contexts have at most \
                 {positions} characters: ask for shorter chunks"
            ))),
        }
    }

    /// The model, counted by this meter.
    fn metered(&self, meter: &Meter) -> LanguageModel {
        self.model.clone().with_meter(meter.clone())
    }

    /// Encodes audio as one stream, and checks it.
    fn real(&self, pcm: &[u8], spec: &AudioSpec, stream: ModelStream, job: &Job) -> Result<Part> {
        let ModelStream { options, language } = stream;
        let (encoding, decoding) = (Meter::default().with_segments(), Meter::default());
        self.progress.watch(&[&encoding, &decoding]);
        let metered = Options {
            encode: options.encode.clone().with_model(self.metered(&encoding), language.clone()),
            decode: options.decode.with_model(self.metered(&decoding)),
        };
        let (mut outcome, _) = metered.measure(pcm, spec, job)?;
        let account = encoding.account();
        let kept = account.payload_bytes.saturating_sub(account.refused_payload_bytes);
        let around = outcome.bytes.saturating_sub(kept + account.refused_pcm_bytes);
        let other_bytes = around + account.head_bytes;
        // What the stream holds instead, and what the model made.
        let stored = account.refused_pcm_bytes;
        outcome.bytes = outcome.bytes.saturating_sub(stored) + account.refused_payload_bytes;
        let mut stages = vec![("encoding", encoding.stages()), ("decoding", decoding.stages())];
        if account.refused_chunks > 0 && outcome.check == Check::Passed {
            let checking = Meter::default();
            self.progress.watch(&[&checking]);
            let encode = options.encode.with_model(self.metered(&checking), language);
            outcome.check = holds(pcm, spec, encode, job)?;
            let mut times = checking.stages();
            times.retain(|(stage, _)| *stage == Stage::Checking);
            // Threads add up, and wait for each other for nobody knows how long: only one
            // thread's time is the clock's.
            let seconds = || times.iter().map(|(_, time)| time.as_secs_f64()).sum();
            outcome.decoding = (job.threads == 1).then(seconds);
            stages.push(("decoding", times));
        }
        Ok(Part { outcome, account, other_bytes, segments: encoding.segments(), stages })
    }

    /// Estimates the same stream.
    fn estimated(
        &self,
        pcm: &[u8],
        spec: &AudioSpec,
        stream: ModelStream,
        job: &Job,
    ) -> Result<Part> {
        let ModelStream { options, language } = stream;
        job.interrupt.check()?;
        let meter = Meter::default().with_segments();
        let frames = (pcm.len() / spec.frame_bytes()) as u64;
        let encode = options.encode.with_threads(job.threads).with_declared_frames(frames);
        self.progress.watch(&[&meter]);
        let start = Instant::now();
        let estimate = estimate(pcm, spec, &encode, &self.metered(&meter), &language)?;
        Ok(Part {
            outcome: Outcome {
                estimated: true,
                encoding: start.elapsed().as_secs_f64(),
                ..Outcome::of_bytes((estimate.bits / 8.0).ceil() as u64)
            },
            other_bytes: estimate.other_bytes + estimate.account.head_bytes,
            account: estimate.account,
            segments: estimate.segments,
            stages: vec![("estimating", meter.stages())],
        })
    }
}

/// Whether all that a model makes of audio comes back, in a stream or not.
fn holds(pcm: &[u8], spec: &AudioSpec, options: EncodeOptions, job: &Job) -> Result<Check> {
    let options = options.with_verify(Verify::Full).with_threads(job.threads);
    match encoded(pcm, spec, options, &job.interrupt) {
        Ok(_) => Ok(Check::Passed),
        Err(error) if error.is_interrupted() => Err(error),
        // It was encoded before.
        Err(error) => Ok(Check::Failed(error.to_string())),
    }
}

impl Contestant for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        let ModelOptions { top_k, tokens, mapping, blocking, rate, slow, .. } = &self.options;
        let (major, minor) = FORMAT_VERSION;
        let id = self.model.id();
        let tokens = tokens.unwrap_or(match self.model.tokenizer() {
            Some(_) => TokenKind::Bpe,
            None => TokenKind::Characters,
        });
        let mut text = format!(
            "lmac {}, format {major}.{minor}, language model {id}, precision {}, tokens {}",
            env!("CARGO_PKG_VERSION"),
            id.precision.name(),
            tokens.name(),
        );
        if let Some(k) = top_k {
            text += &format!(", top-k {k}");
        }
        if let Some(mapping) = mapping {
            text += &format!(", mapping {}", mapping.name());
        }
        if *blocking > 0 {
            text += &format!(", blocks of {blocking} frames");
        }
        if *slow {
            text += ", step by step";
        }
        if *rate == Rate::Entropy {
            text += ", estimated by entropy";
        }
        text
    }

    fn weights(&self) -> Option<Weights> {
        Some(self.weights)
    }

    fn arrangements(&self) -> &[Arrangement] {
        &[Arrangement::Chunks]
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome> {
        let spec = &clip.spec;
        let frames = chunk_frames(spec, job.chunk_bytes);
        let language = self.language(self.context(spec, frames)?);
        let streamed = |pcm: &[u8], stream_frames: usize| {
            let stream = self.options(language.clone(), stream_frames);
            match self.options.rate {
                Rate::Real => self.real(pcm, spec, stream, job),
                Rate::Entropy => self.estimated(pcm, spec, stream, job),
            }
        };
        let decodes = job.check && self.options.rate == Rate::Real;
        let _under_way = self.progress.begin(clip.pcm.len() as u64 * (1 + u64::from(decodes)));
        let mut sum = Sum::default();
        match job.headers {
            Headers::Once => {
                let part = streamed(&clip.pcm, frames.saturating_mul(CONTEXTS))?;
                let chunks = part.chunks(clip.frames(), frames);
                sum.add(part, chunks);
            }
            Headers::Each => {
                for (number, piece) in clip.chunks(job.chunk_bytes).enumerate() {
                    let mut part = streamed(piece, frames)
                        .map_err(|error| error.about(format!("chunk {number}")))?;
                    part.outcome.check = match part.outcome.check {
                        Check::Failed(reason) => Check::Failed(format!("chunk {number}: {reason}")),
                        fine => fine,
                    };
                    let bytes = part.outcome.bytes as f64;
                    sum.add(part, vec![bytes]);
                }
            }
        }
        Ok(sum.finish())
    }

    fn progress(&self) -> Option<f64> {
        self.progress.part()
    }
}

#[cfg(test)]
mod tests;

//! Contestants: their tasks and results.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lmac::AudioSpec;
use serde::{Deserialize, Serialize};

use crate::audio::Clip;
use crate::{Error, Result};

/// A codec that takes part.
pub trait Contestant: Send + Sync {
    /// The name in results, unique in a run.
    fn name(&self) -> &str;

    /// Describes the program or library, its version and settings.
    fn description(&self) -> String;

    /// The weights that a decoder needs beside the compressed bytes.
    fn weights(&self) -> Option<Weights> {
        None
    }

    /// The arrangements that it supports.
    fn arrangements(&self) -> &[Arrangement] {
        &[Arrangement::Chunks, Arrangement::Whole]
    }

    /// Returns why it cannot take such audio, if so.
    fn refuses(&self, spec: &AudioSpec) -> Option<String>;

    /// Compresses a clip, and checks that it decodes to the same.
    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome>;

    /// Returns how much of the current clip is done, from 0 to 1, if that is known. Another
    /// thread calls it.
    fn progress(&self) -> Option<f64> {
        None
    }
}

/// How a clip is given to a contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrangement {
    /// In chunks that are coded without each other.
    Chunks,
    /// All of it at once.
    Whole,
    /// As the WAV file that it comes from, to a process of its own.
    Files,
}

impl Arrangement {
    /// All of them.
    pub const ALL: [Arrangement; 3] = [Arrangement::Chunks, Arrangement::Whole, Arrangement::Files];

    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Arrangement::Chunks => "chunks",
            Arrangement::Whole => "whole",
            Arrangement::Files => "files",
        }
    }

    /// The arrangement as text within a sentence.
    pub fn described(self) -> &'static str {
        match self {
            Arrangement::Chunks => "in chunks",
            Arrangement::Whole => "whole clips",
            Arrangement::Files => "whole files",
        }
    }
}

/// How often the headers of chunks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Headers {
    /// Once in a clip: chunks of one stream.
    #[default]
    Once,
    /// In each chunk: streams of their own.
    Each,
}

/// A task for a contestant.
#[derive(Debug, Clone)]
pub struct Job {
    /// In chunks or whole.
    pub arrangement: Arrangement,
    /// Bytes of a chunk, rounded down to whole frames, at least one.
    pub chunk_bytes: usize,
    /// How headers of chunks count.
    pub headers: Headers,
    /// Whether to decode and compare.
    pub check: bool,
    /// Threads that may be used.
    pub threads: usize,
    /// Whether to stop early.
    pub interrupt: Interrupt,
}

/// Asks a run to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails if it is time to stop.
    pub fn check(&self) -> Result<()> {
        if self.is_stopped() { Err(Error::interrupted()) } else { Ok(()) }
    }
}

/// The size of a compressed clip, with times and memory. `FORMAT.md` documents the fields
/// by the names that they have in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// All bytes that count.
    pub bytes: u64,
    /// Whether `bytes` are estimated from an entropy instead of counted.
    pub estimated: bool,
    /// Whether it decodes to the same.
    #[serde(flatten)]
    pub check: Check,
    /// Seconds of compressing, or of estimating, if that is known.
    #[serde(rename = "encoding_seconds")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<f64>,
    /// Seconds of decompressing, if that was done and its time is known.
    #[serde(rename = "decoding_seconds")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding: Option<f64>,
    /// Peak memory of this process meanwhile, if that is known.
    #[serde(rename = "peak_memory_bytes")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Peak memory of the process that compressed, where it was one of its own.
    #[serde(rename = "encoding_peak_bytes")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding_peak: Option<u64>,
    /// Peak memory of the process that decompressed, where it was one of its own.
    #[serde(rename = "decoding_peak_bytes")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_peak: Option<u64>,
    /// Where the bits went, if the contestant tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<BitAccount>,
    /// Where the time went, if the contestant tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// Bytes of each chunk alone, where there are chunks; headers count as asked.
    #[serde(rename = "chunk_bytes", default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<f64>,
    /// Chunks that would have counted below zero without a header, and count as nothing.
    #[serde(rename = "clamped_chunks", default)]
    pub clamped: u32,
}

impl Outcome {
    /// An outcome whose size alone is known.
    pub fn of_bytes(bytes: u64) -> Self {
        Outcome {
            bytes,
            estimated: false,
            check: Check::Skipped,
            encoding: None,
            decoding: None,
            peak_memory: None,
            encoding_peak: None,
            decoding_peak: None,
            account: None,
            stages: Vec::new(),
            chunks: Vec::new(),
            clamped: 0,
        }
    }
}

/// Whether a compressed clip decodes to the clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "check", content = "reason", rename_all = "lowercase")]
pub enum Check {
    /// All of it, byte for byte.
    Passed,
    /// It was not decoded.
    Skipped,
    /// It does not, for this reason. Such an outcome is in no average.
    Failed(String),
}

/// Where a language model's bits went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BitAccount {
    /// Tokens that were coded.
    pub tokens: u64,
    /// Characters that they spell.
    pub characters: u64,
    /// Tokens with a probability of their own.
    pub hits: u64,
    /// Tokens behind an escape.
    pub escapes: u64,
    /// Bits of tokens for each byte of a sample, the highest first.
    pub token_bits: Vec<f64>,
    /// Bits of planes for each byte of a sample, the highest first.
    pub plane_bits: Vec<f64>,
    /// Bytes that are neither: headers, lengths, checksums, and chunks that never came to the
    /// model. The coder's loss is not in them.
    pub other_bytes: u64,
    /// Chunks of the stream that the model made larger than their audio. They count as what
    /// the model made of them.
    #[serde(rename = "expanded_chunks")]
    pub expanded: u64,
}

impl BitAccount {
    /// Adds another account.
    pub fn add(&mut self, other: &BitAccount) {
        for (sum, term) in [
            (&mut self.tokens, other.tokens),
            (&mut self.characters, other.characters),
            (&mut self.hits, other.hits),
            (&mut self.escapes, other.escapes),
            (&mut self.other_bytes, other.other_bytes),
            (&mut self.expanded, other.expanded),
        ] {
            *sum = sum.saturating_add(term);
        }
        for (sums, terms) in
            [(&mut self.token_bits, &other.token_bits), (&mut self.plane_bits, &other.plane_bits)]
        {
            sums.resize(sums.len().max(terms.len()), 0.0);
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
    }
}

/// A part of the work and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// The part.
    pub name: String,
    /// Its time, all threads added up.
    pub seconds: f64,
}

impl Stage {
    /// Adds stages to others by their names.
    pub(crate) fn add(sums: &mut Vec<Stage>, stages: &[Stage]) {
        for stage in stages {
            match sums.iter_mut().find(|sum| sum.name == stage.name) {
                Some(sum) => sum.seconds += stage.seconds,
                None => sums.push(stage.clone()),
            }
        }
    }
}

/// The size of a model's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Bytes of the files that hold them.
    pub file_bytes: u64,
    /// The number of parameters.
    pub parameters: u64,
}

/// A codec of pieces of audio that know nothing of each other.
pub trait Codec: Send + Sync {
    /// The name in results.
    fn name(&self) -> &str;

    /// Describes the program or library, its version and settings.
    fn description(&self) -> String;

    /// Returns why it cannot take such audio, if so.
    fn refuses(&self, spec: &AudioSpec) -> Option<String>;

    /// Whether it can decode.
    fn decodes(&self) -> bool {
        true
    }

    /// Compresses each piece, which is PCM as in [`Clip::pcm`].
    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>>;

    /// Decodes the pieces.
    fn decode(&self, coded: &[Vec<u8>], spec: &AudioSpec) -> Result<Vec<Vec<u8>>>;
}

impl<C: Codec + ?Sized> Codec for Box<C> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn description(&self) -> String {
        (**self).description()
    }

    fn refuses(&self, spec: &AudioSpec) -> Option<String> {
        (**self).refuses(spec)
    }

    fn decodes(&self) -> bool {
        (**self).decodes()
    }

    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        (**self).encode(pieces, spec)
    }

    fn decode(&self, coded: &[Vec<u8>], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        (**self).decode(coded, spec)
    }
}

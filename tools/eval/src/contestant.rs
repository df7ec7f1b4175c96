//! Who takes part.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lmac::AudioSpec;
use serde::{Deserialize, Serialize};

use crate::audio::Clip;
use crate::{Error, Result};

/// Somebody who compresses audio.
pub trait Contestant: Send + Sync {
    /// The name in results, unique in a run.
    fn name(&self) -> &str;

    /// What it is in full: program or library, version and settings.
    fn description(&self) -> String;

    /// What a decoder needs beside the compressed bytes.
    fn weights(&self) -> Option<Weights> {
        None
    }

    /// The arrangements that it can be asked for.
    fn arrangements(&self) -> &[Arrangement] {
        &[Arrangement::Chunks, Arrangement::Whole]
    }

    /// Why it cannot take this audio at all, if so.
    fn refuses(&self, spec: &AudioSpec) -> Option<String>;

    /// Compresses a clip, and checks that it comes back.
    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome>;

    /// How much of the clip that it is given is done, from 0 to 1, if it takes long enough to
    /// tell. Another thread may ask meanwhile.
    fn progress(&self) -> Option<f64> {
        None
    }
}

/// How a clip is given to a contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Arrangement {
    /// In chunks that know nothing of each other.
    Chunks,
    /// All of it at once.
    Whole,
}

/// How often what precedes the audio in each chunk counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Headers {
    /// Once in a clip: chunks of one stream.
    #[default]
    Once,
    /// In each chunk: streams of their own.
    Each,
}

/// What is asked of a contestant.
#[derive(Debug, Clone)]
pub struct Job {
    /// In chunks or whole.
    pub arrangement: Arrangement,
    /// Bytes of a chunk; it is cut down to whole frames, of which it has at least one.
    pub chunk_bytes: usize,
    /// Where there are chunks.
    pub headers: Headers,
    /// Whether all has to be decoded again and compared.
    pub check: bool,
    /// Threads that may be used.
    pub threads: usize,
    /// Whether to stop early.
    pub interrupt: Interrupt,
}

/// Tells those who work to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks everyone to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails where it is time to stop.
    pub fn check(&self) -> Result<()> {
        if self.is_stopped() { Err(Error::interrupted()) } else { Ok(()) }
    }
}

/// What became of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// All bytes that count.
    pub bytes: u64,
    /// Bytes of each chunk, where there are chunks: what it takes alone, headers as asked.
    pub chunks: Vec<f64>,
    /// Chunks that would have counted below zero without a header, and count as nothing.
    #[serde(default)]
    pub clamped: u32,
    /// Whether `bytes` are what an entropy comes to, and not bytes that were made.
    pub estimated: bool,
    /// Whether it came back.
    pub check: Check,
    /// Seconds of compressing, or of estimating.
    pub encoding: f64,
    /// Seconds of decompressing, if that was done and its time is known.
    pub decoding: Option<f64>,
    /// The most memory that the process had meanwhile, where it can be known.
    pub peak_memory: Option<u64>,
    /// Where the bits went, if the contestant tells.
    pub account: Option<Account>,
    /// Where the time went, if the contestant tells.
    pub stages: Vec<Stage>,
}

impl Outcome {
    /// So many bytes that were made and of which nothing else is known.
    pub fn of_bytes(bytes: u64) -> Self {
        Outcome {
            bytes,
            chunks: Vec::new(),
            clamped: 0,
            estimated: false,
            check: Check::Skipped,
            encoding: 0.0,
            decoding: None,
            peak_memory: None,
            account: None,
            stages: Vec::new(),
        }
    }
}

/// Whether audio came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Check {
    /// All of it, byte for byte.
    Passed,
    /// Nobody looked.
    Skipped,
    /// What went wrong. Such an outcome is in no average.
    Failed(String),
}

/// Where a language model's bits went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
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
    /// model. What the coder loses and rounds up is not in them.
    pub other_bytes: u64,
    /// Chunks of the stream that the model made larger than their audio. They count as what
    /// the model made of them.
    pub expanded: u64,
}

/// A part of the work and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What was done.
    pub name: String,
    /// For how long, on all threads together.
    pub seconds: f64,
}

/// What a decoder has to have before it can decode anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Bytes of the files that hold them.
    pub file_bytes: u64,
    /// How many numbers they are.
    pub parameters: u64,
}

/// A codec of pieces of audio that know nothing of each other.
pub trait Codec: Send + Sync {
    /// The name in results.
    fn name(&self) -> &str;

    /// What it is in full: program or library, version and settings.
    fn description(&self) -> String;

    /// Why it cannot take this audio at all, if so.
    fn refuses(&self, spec: &AudioSpec) -> Option<String>;

    /// Whether it can decode.
    fn decodes(&self) -> bool {
        true
    }

    /// The compressed form of each piece, which is PCM as in [`Clip::pcm`].
    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>>;

    /// The pieces again.
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

impl From<lmac::Error> for Error {
    fn from(error: lmac::Error) -> Self {
        Error::new(error.to_string())
    }
}

//! One chunk to the payload of the language method, and back.
//!
//! A chunk's text is cut into segments, and each is a context of its own. The encoder goes
//! through whole segments, and then writes their tokens in the decoder's order; the decoder
//! takes a token of each segment in turn, as many segments at a time as the header says.
//!
//! `cut.rs` is what comes before arithmetic coding, `encode.rs` and `decode.rs` are the two
//! ways, `check.rs` is an encoder's look at what it made, `cost.rs` what that took or would.

mod check;
mod cost;
mod cut;
mod decode;
mod encode;
mod lockstep;
pub(crate) mod payload;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::account::Tally;
use super::alphabet::Alphabet;
use super::engine::{Cache, Head, Run, Scratch};
use super::frequencies::{Distribution, Workspace};
use super::model::LanguageModel;
use super::stages::{Clock, Stage, Stopwatch};
use crate::audio::AudioSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::method::identity::{ModelId, ModelUse, TokenKind};
use crate::method::model::{Model, ModelCoder};
use crate::method::verify::Verify;
use crate::numerics::environment::DefaultEnvironment;
use crate::planes::Mapping;

/// Memory that a thread may take beside its contexts.
pub(crate) const THREAD_MEMORY: u64 = 64 << 20;

/// Codes chunks with a model.
pub(crate) struct Coder {
    model: LanguageModel,
    usage: ModelUse,
    /// The tokens of the stream, and the characters for chunks that its tokenizer cannot
    /// spell.
    own: Spelling,
    characters: Option<Spelling>,
    threads: usize,
    /// Whether an encoder goes through contexts step by step.
    stepping: bool,
    /// Whether chunks are only measured.
    estimating: bool,
}

/// The audio of a chunk.
#[derive(Clone, Copy)]
struct ChunkPcm<'a> {
    pcm: &'a [u8],
    /// The number of its first frame in the stream.
    first_frame: u64,
    spec: &'a AudioSpec,
    /// Lowest bits that are zero in all samples.
    wasted: u8,
    mapping: Mapping,
}

/// An encoded or estimated chunk.
struct Encoded {
    payload: Vec<u8>,
    /// Bytes of the payload, estimated ones included.
    length: u64,
    tally: Tally,
}

/// The symbols that spell a text, and the part of the model's head that predicts them.
struct Spelling {
    alphabet: Alphabet,
    head: Head,
}

/// A thread's buffers beside its contexts.
#[derive(Default)]
struct Buffers {
    scratch: Scratch,
    logits: Vec<f32>,
    workspace: Workspace,
}

impl Coder {
    pub(crate) fn new(model: LanguageModel, usage: ModelUse) -> Self {
        let way = |kind| {
            let alphabet = Alphabet::new(model.vocabulary(), kind);
            let head = model.engine().head(alphabet.few());
            Spelling { alphabet, head }
        };
        let own = way(usage.tokens);
        let characters =
            (usage.tokens != TokenKind::Characters).then(|| way(TokenKind::Characters));
        Coder { own, characters, model, usage, threads: 1, stepping: false, estimating: false }
    }

    /// Chooses the number of threads that share a chunk.
    pub(crate) fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Chooses whether an encoder predicts step by step, as a decoder does.
    pub(crate) fn with_stepping(mut self, stepping: bool) -> Self {
        self.stepping = stepping;
        self
    }

    /// Chooses whether chunks are only measured: payloads have the length that they come
    /// to, and nothing in them.
    pub(crate) fn with_estimating(mut self, estimating: bool) -> Self {
        self.estimating = estimating;
        self
    }

    fn way(&self, characters: bool) -> &Spelling {
        match &self.characters {
            Some(way) if characters => way,
            _ => &self.own,
        }
    }

    /// Puts tokens through the model, and hands out the distribution behind each of them.
    fn predict(
        &self,
        way: &Spelling,
        clock: Clock<'_>,
        runs: &mut [Run],
        room: &mut Buffers,
        mut each: impl FnMut(usize, usize, Predicted<'_>),
    ) -> Result<()> {
        let top_k = self.usage.top_k.map(|k| k as usize);
        let Buffers { scratch, logits: gathered, workspace } = room;
        let began = Stopwatch::start();
        let each = &mut |run, at, logits: &_| {
            let logits = way.alphabet.gather(logits, gathered);
            each(run, at, Predicted { logits, top_k, workspace });
        };
        let frequencies = self.model.engine().advance(runs, &way.head, scratch, each)?;
        clock.add(Stage::Frequencies, frequencies);
        clock.add(Stage::Model, began.elapsed().saturating_sub(frequencies));
        Ok(())
    }

    fn beginning(&self) -> u32 {
        self.model.vocabulary().beginning()
    }

    fn cache(&self) -> Cache {
        self.model.engine().cache()
    }

    fn clock(&self) -> Clock<'_> {
        self.model.meter().clock()
    }
}

impl Model for LanguageModel {
    fn id(&self) -> &ModelId {
        LanguageModel::id(self)
    }

    fn decoder(
        &self,
        usage: &ModelUse,
        threads: usize,
        memory: u64,
    ) -> Result<Arc<dyn ModelCoder>> {
        let positions = self.architecture().positions();
        if usage.context as usize > positions {
            return Err(Error::model(format!(
                "the stream has contexts of {} characters; the language model {} allows {positions}",
                usage.context,
                self.id()
            )));
        }
        let coder = Coder::new(self.clone(), usage.clone());
        // One thread is counted with the coder.
        let more = memory.saturating_sub(coder.memory()) / THREAD_MEMORY;
        let most = usize::try_from(more).unwrap_or(usize::MAX).saturating_add(1);
        Ok(Arc::new(coder.with_threads(threads.min(most))))
    }
}

impl ModelCoder for Coder {
    fn usage(&self) -> &ModelUse {
        &self.usage
    }

    fn memory(&self) -> u64 {
        memory(&self.model, &self.usage, self.own.alphabet.len())
    }

    /// Counts what the chunk took, whether its payload is taken or not.
    fn encode_if_smaller(
        &self,
        pcm: &[u8],
        first_frame: u64,
        spec: &AudioSpec,
        wasted: u8,
        mapping: Mapping,
        verify: Verify,
    ) -> Result<Option<Vec<u8>>> {
        let chunk = ChunkPcm { pcm, first_frame, spec, wasted, mapping };
        let encoded =
            if self.estimating { self.estimate(chunk)? } else { self.encode(chunk, verify)? };
        let Some(Encoded { payload, length, tally }) = encoded else {
            return Ok(None);
        };
        let pcm_bytes = pcm.len() as u64;
        let refused = length >= pcm_bytes;
        self.model.meter().count_chunk(&tally, length, refused.then_some(pcm_bytes));
        Ok((!refused).then_some(payload))
    }

    fn decode(
        &self,
        payload: &[u8],
        frames: usize,
        spec: &AudioSpec,
        wasted: u8,
        mapping: Mapping,
    ) -> Result<Vec<u8>> {
        self.decode_by(self.clock(), payload, frames, spec, wasted, mapping)
    }
}

/// Returns the bytes that decoding takes beside the weights, with one thread and an alphabet
/// of `symbols` symbols.
pub(crate) fn memory(model: &LanguageModel, usage: &ModelUse, symbols: usize) -> u64 {
    let context = model.context_bytes(usage.context as usize);
    // Their frequencies, the escape's, and which they are.
    let frequencies = usage.top_k.map_or(symbols as u64, |k| 2 * u64::from(k) + 1);
    u64::from(usage.lockstep) * (context + 4 * frequencies + 256) + THREAD_MEMORY
}

/// Logits that can become a distribution.
struct Predicted<'a> {
    logits: &'a [f32],
    top_k: Option<usize>,
    workspace: &'a mut Workspace,
}

impl Predicted<'_> {
    fn put_into(self, distribution: &mut Distribution) {
        distribution.set(self.logits, self.top_k, self.workspace);
    }
}

/// Does the jobs of these numbers on several threads, the caller's among them, and gives
/// the results in their order. Each thread makes its memory once.
fn spread<R, T: Send>(
    threads: usize,
    jobs: usize,
    room: impl Fn() -> R + Sync,
    work: impl Fn(&mut R, usize) -> T + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let run = || {
        let _environment = DefaultEnvironment::enter();
        let mut room = room();
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return done;
            }
            done.push((job, work(&mut room, job)));
        }
    };
    let mut done = thread::scope(|scope| {
        // A machine that has no more threads to give does the work with fewer.
        let others: Vec<_> = (1..threads.min(jobs))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, run).ok())
            .collect();
        let mut done = Some(run());
        // All are waited for: a scope does not forgive one that died.
        for other in others {
            match (other.join(), &mut done) {
                (Ok(more), Some(done)) => done.extend(more),
                _ => done = None,
            }
        }
        done.ok_or_else(|| Error::new(ErrorKind::Worker))
    })?;
    done.sort_unstable_by_key(|&(job, _)| job);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

//! One chunk to the payload of the language method, and back.
//!
//! A chunk's text is cut into segments, and each is a context of its own. The encoder predicts
//! whole segments and then writes their tokens in the decoder's order. The decoder takes a
//! token of each segment in turn, for as many segments side by side as the header says.
//!
//! `cut.rs` cuts and predicts, `encode.rs` and `decode.rs` are the two directions, `check.rs`
//! verifies payloads, `cost.rs` counts and estimates their bits.

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
use super::engine::{Cache, OutputHead, Run, Scratch};
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

/// Bytes of memory that a thread may take beside its contexts.
pub(crate) const THREAD_MEMORY: u64 = 64 << 20;

/// Codes the chunks of one stream with a model.
pub(crate) struct Coder {
    model: LanguageModel,
    usage: ModelUse,
    /// The tokens of the stream.
    own: Spelling,
    /// The characters, for chunks that the tokenizer cannot spell; `None` if `own` are these.
    characters: Option<Spelling>,
    threads: usize,
    /// Whether the encoder predicts step by step, as a decoder does.
    stepping: bool,
    /// Whether chunks are only estimated.
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
    head: OutputHead,
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
        let spelling = |kind| {
            let alphabet = Alphabet::new(model.vocabulary(), kind);
            let head = model.engine().head(alphabet.few());
            Spelling { alphabet, head }
        };
        let own = spelling(usage.tokens);
        let characters =
            (usage.tokens != TokenKind::Characters).then(|| spelling(TokenKind::Characters));
        Coder { own, characters, model, usage, threads: 1, stepping: false, estimating: false }
    }

    /// Sets the number of threads that share a chunk.
    pub(crate) fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets whether the encoder predicts step by step, as a decoder does.
    pub(crate) fn with_stepping(mut self, stepping: bool) -> Self {
        self.stepping = stepping;
        self
    }

    /// Sets whether chunks are only estimated.
    pub(crate) fn with_estimating(mut self, estimating: bool) -> Self {
        self.estimating = estimating;
        self
    }

    fn spelling(&self, characters: bool) -> &Spelling {
        match &self.characters {
            Some(spelling) if characters => spelling,
            _ => &self.own,
        }
    }

    /// Puts tokens through the model and calls `each` with the prediction after each of them.
    fn predict(
        &self,
        spelling: &Spelling,
        clock: Clock<'_>,
        runs: &mut [Run],
        buffers: &mut Buffers,
        mut each: impl FnMut(usize, usize, Predicted<'_>),
    ) -> Result<()> {
        let top_k = self.usage.top_k.map(|k| k as usize);
        let Buffers { scratch, logits: gathered, workspace } = buffers;
        let began = Stopwatch::start();
        let each = &mut |run, at, logits: &_| {
            let logits = spelling.alphabet.gather(logits, gathered);
            each(run, at, Predicted { logits, top_k, workspace });
        };
        let frequencies = self.model.engine().advance(runs, &spelling.head, scratch, each)?;
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
    // The frequencies, the escape's among them, and the numbers of the chosen symbols.
    let frequencies = usage.top_k.map_or(symbols as u64, |k| 2 * u64::from(k) + 1);
    u64::from(usage.lockstep) * (context + 4 * frequencies + 256) + THREAD_MEMORY
}

/// The model's prediction for one symbol.
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

/// Does jobs 0 to `jobs` on several threads, one of them the caller's, and returns the results
/// in order. Each thread makes its buffers once.
fn spread<R, T: Send>(
    threads: usize,
    jobs: usize,
    buffers: impl Fn() -> R + Sync,
    work: impl Fn(&mut R, usize) -> T + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let run = || {
        let _environment = DefaultEnvironment::enter();
        let mut buffers = buffers();
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return done;
            }
            done.push((job, work(&mut buffers, job)));
        }
    };
    let mut done = thread::scope(|scope| {
        // If the machine has no more threads, fewer do the work.
        let others: Vec<_> = (1..threads.min(jobs))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, run).ok())
            .collect();
        let mut done = Some(run());
        // Each is joined: the scope would panic for a thread that panicked.
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

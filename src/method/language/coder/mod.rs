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
mod parts;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::account::Tally;
use super::alphabet::Alphabet;
use super::engine::{Cache, Head, Run, Scratch};
use super::frequencies::{Distribution, Workspace};
use super::meter::Meter;
use super::model::LanguageModel;
use super::stages::{Clock, Stage, Stopwatch};
use crate::error::{Error, ErrorKind, Result};
use crate::method::Piece;
use crate::method::identity::{ModelUse, TokenKind};
use crate::numerics::environment::DefaultEnvironment;
use crate::stream::options::Verify;

pub(crate) use parts::sections;

/// Memory that a thread may take beside its contexts.
pub(crate) const THREAD_MEMORY: u64 = 64 << 20;

/// Codes chunks with a model.
pub(crate) struct Coder {
    model: LanguageModel,
    usage: ModelUse,
    /// The tokens of the stream, and the characters for chunks that its tokenizer cannot
    /// spell.
    own: Way,
    characters: Option<Way>,
    meter: Meter,
    threads: usize,
    /// Whether an encoder goes through contexts step by step.
    stepping: bool,
    /// Whether chunks are only measured.
    estimating: bool,
}

/// What was made of a chunk.
struct Made {
    payload: Vec<u8>,
    /// Bytes of the payload, or what they come to where there is only an estimate.
    length: u64,
    tally: Tally,
}

/// One way of cutting text into symbols.
struct Way {
    alphabet: Alphabet,
    head: Head,
}

/// A thread's memory beside its contexts.
#[derive(Default)]
struct Room {
    scratch: Scratch,
    logits: Vec<f32>,
    workspace: Workspace,
}

impl Coder {
    pub(crate) fn new(model: LanguageModel, usage: ModelUse, meter: Meter) -> Self {
        let way = |kind| {
            let alphabet = Alphabet::new(model.vocabulary(), kind);
            let head = model.engine().head(alphabet.few());
            Way { alphabet, head }
        };
        let own = way(usage.tokens);
        let characters =
            (usage.tokens != TokenKind::Characters).then(|| way(TokenKind::Characters));
        Coder {
            own,
            characters,
            model,
            usage,
            meter,
            threads: 1,
            stepping: false,
            estimating: false,
        }
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

    /// The payload of a chunk; `None` where the model makes it no smaller. Either way, what
    /// the chunk took is counted.
    pub(crate) fn smaller(&self, piece: Piece<'_>, verify: Verify) -> Result<Option<Vec<u8>>> {
        let made =
            if self.estimating { self.estimate(piece)? } else { self.encode(piece, verify)? };
        let Some(Made { payload, length, tally }) = made else {
            return Ok(None);
        };
        let pcm_bytes = piece.pcm.len() as u64;
        let refused = length >= pcm_bytes;
        self.meter.count_chunk(&tally, length, refused.then_some(pcm_bytes));
        Ok((!refused).then_some(payload))
    }

    /// What the header says of the model.
    pub(crate) fn usage(&self) -> &ModelUse {
        &self.usage
    }

    /// Bytes that decoding takes beside the weights, with one thread.
    pub(crate) fn memory(&self) -> u64 {
        memory(&self.model, &self.usage, self.own.alphabet.len())
    }

    fn way(&self, characters: bool) -> &Way {
        match &self.characters {
            Some(way) if characters => way,
            _ => &self.own,
        }
    }

    /// Puts tokens through the model, and hands out the distribution behind each of them.
    fn predict(
        &self,
        way: &Way,
        clock: Clock<'_>,
        runs: &mut [Run],
        room: &mut Room,
        mut each: impl FnMut(usize, usize, Predicted<'_>),
    ) -> Result<()> {
        let top_k = self.usage.top_k.map(|k| k as usize);
        let Room { scratch, logits: gathered, workspace } = room;
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
}

/// Bytes that decoding takes beside the weights, with one thread and an alphabet of so many
/// symbols.
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

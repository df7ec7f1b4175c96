//! Contexts that go forward together, a token at a time.

use std::sync::mpsc;
use std::thread;

use super::{Coder, Room, Way};
use crate::error::{Error, ErrorKind, Result};
use crate::model::language::engine::{Cache, Run};
use crate::model::language::frequencies::Distribution;
use crate::numerics::environment::DefaultEnvironment;

/// One of them.
pub(super) struct Context {
    cache: Cache,
    /// The token that comes next, or none where there are no more.
    pub(super) next: Option<u32>,
    /// What follows that token, once it has gone through the model.
    pub(super) distribution: Distribution,
}

impl Context {
    pub(super) fn new(coder: &Coder) -> Self {
        let distribution = Distribution::default();
        Context { cache: coder.cache(), next: None, distribution }
    }

    /// Makes it a context without tokens again.
    pub(super) fn begin(&mut self, coder: &Coder) {
        self.cache.clear();
        self.next = Some(coder.beginning());
    }
}

impl Coder {
    /// Puts the next token of each of these contexts through the model.
    pub(super) fn step(&self, way: &Way, contexts: &mut [Context], room: &mut Room) {
        let mut distributions = Vec::with_capacity(contexts.len());
        let mut runs = Vec::with_capacity(contexts.len());
        for context in contexts {
            if let Some(token) = &context.next {
                let tokens = std::slice::from_ref(token);
                runs.push(Run { cache: &mut context.cache, tokens });
                distributions.push(&mut context.distribution);
            }
        }
        self.predict(way, &mut runs, room, |run, _, predicted| {
            predicted.put_into(distributions[run]);
        });
    }

    /// Steps through contexts on several threads until none has a next token. After each
    /// step `each` sees all contexts, in their order, and gives them their next tokens.
    pub(super) fn in_lockstep(
        &self,
        way: &Way,
        mut contexts: Vec<Context>,
        mut each: impl FnMut(usize, &mut Context) -> Result<()>,
    ) -> Result<Vec<Context>> {
        let died = || Error::new(ErrorKind::Worker);
        let share = contexts.len().div_ceil(self.threads).max(1);
        thread::scope(|scope| {
            let mut workers = Vec::new();
            let mut shares = Vec::new();
            while contexts.len() > share {
                let (give, work) = mpsc::channel::<Vec<Context>>();
                let (done, take) = mpsc::channel();
                let worker = thread::Builder::new().spawn_scoped(scope, move || {
                    let _environment = DefaultEnvironment::enter();
                    let mut room = Room::default();
                    while let Ok(mut contexts) = work.recv() {
                        self.step(way, &mut contexts, &mut room);
                        if done.send(contexts).is_err() {
                            break;
                        }
                    }
                });
                // A machine that has no more threads to give does the work with fewer.
                if worker.is_err() {
                    break;
                }
                workers.push((give, take));
                let rest = contexts.split_off(share);
                shares.push(std::mem::replace(&mut contexts, rest));
            }

            let mut room = Room::default();
            loop {
                for ((give, _), share) in workers.iter().zip(&mut shares) {
                    give.send(std::mem::take(share)).map_err(|_| died())?;
                }
                self.step(way, &mut contexts, &mut room);
                for ((_, take), share) in workers.iter().zip(&mut shares) {
                    *share = take.recv().map_err(|_| died())?;
                }
                let mut steps = false;
                let all = shares.iter_mut().flatten().chain(&mut contexts);
                for (at, context) in all.enumerate() {
                    if context.next.is_some() {
                        each(at, context)?;
                        steps |= context.next.is_some();
                    }
                }
                if !steps {
                    let mut all: Vec<Context> = shares.into_iter().flatten().collect();
                    all.extend(contexts);
                    return Ok(all);
                }
            }
        })
    }
}

//! Contexts that go forward together, a token at a time.

use std::sync::mpsc;
use std::thread;

use super::{Buffers, Coder, Spelling};
use crate::error::{Error, ErrorKind, Result};
use crate::method::language::engine::{Cache, Run};
use crate::method::language::frequencies::Distribution;
use crate::method::language::stages::{Clock, Stage};
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
    fn new(coder: &Coder) -> Self {
        let distribution = Distribution::default();
        Context { cache: coder.cache(), next: None, distribution }
    }

    /// Makes it a context without tokens again.
    fn begin(&mut self, coder: &Coder) {
        self.cache.clear();
        self.next = Some(coder.beginning());
    }
}

impl Coder {
    /// Makes these as many contexts without tokens.
    pub(super) fn begin(&self, contexts: &mut Vec<Context>, number: usize) {
        contexts.truncate(number);
        contexts.resize_with(number, || Context::new(self));
        contexts.iter_mut().for_each(|context| context.begin(self));
    }

    /// Puts the next token of each of these contexts through the model.
    fn step(
        &self,
        way: &Spelling,
        clock: Clock<'_>,
        contexts: &mut [Context],
        room: &mut Buffers,
    ) -> Result<()> {
        let mut distributions = Vec::with_capacity(contexts.len());
        let mut runs = Vec::with_capacity(contexts.len());
        for context in contexts {
            if let Some(token) = &context.next {
                let tokens = std::slice::from_ref(token);
                runs.push(Run { cache: &mut context.cache, tokens });
                distributions.push(&mut context.distribution);
            }
        }
        self.predict(way, clock, &mut runs, room, |run, _, predicted| {
            predicted.put_into(distributions[run]);
        })
    }

    /// Steps through contexts on several threads until none has a next token. After each
    /// step `each` sees all contexts, in their order, and gives them their next tokens. What
    /// it does is this stage.
    pub(super) fn in_lockstep(
        &self,
        way: &Spelling,
        clock: Clock<'_>,
        stage: Stage,
        mut contexts: Vec<Context>,
        mut each: impl FnMut(usize, &mut Context) -> Result<()>,
    ) -> Result<Vec<Context>> {
        let share = contexts.len().div_ceil(self.threads).max(1);
        thread::scope(|scope| {
            let mut workers = Vec::new();
            while contexts.len() > share {
                let (give, work) = mpsc::channel::<Vec<Context>>();
                let (done, take) = mpsc::channel();
                let thread = thread::Builder::new().spawn_scoped(scope, move || {
                    let _environment = DefaultEnvironment::enter();
                    let mut room = Buffers::default();
                    while let Ok(mut contexts) = work.recv() {
                        let stepped = self.step(way, clock, &mut contexts, &mut room);
                        let failed = stepped.is_err();
                        if done.send(stepped.map(|()| contexts)).is_err() || failed {
                            break;
                        }
                    }
                });
                // A machine that has no more threads to give does the work with fewer.
                let Ok(thread) = thread else { break };
                let rest = contexts.split_off(share);
                let share = std::mem::replace(&mut contexts, rest);
                workers.push(Worker { give, take, thread, share });
            }

            let mut each = |contexts: &mut dyn Iterator<Item = &mut Context>| {
                clock.time(stage, || {
                    let mut steps = false;
                    for (at, context) in contexts.enumerate() {
                        if context.next.is_some() {
                            each(at, context)?;
                            steps |= context.next.is_some();
                        }
                    }
                    Ok(steps)
                })
            };
            let mut result =
                self.step_to_the_end(way, clock, &mut workers, &mut contexts, &mut each);
            let mut all = Vec::new();
            for Worker { give, take, thread, share } in workers {
                // Nothing more comes, and so it ends. All are waited for: a scope does not
                // forgive one that died.
                drop((give, take));
                if thread.join().is_err() {
                    result = Err(Error::new(ErrorKind::Worker));
                }
                all.extend(share);
            }
            all.append(&mut contexts);
            result.map(|()| all)
        })
    }

    fn step_to_the_end(
        &self,
        way: &Spelling,
        clock: Clock<'_>,
        workers: &mut [Worker],
        contexts: &mut [Context],
        each: &mut impl FnMut(&mut dyn Iterator<Item = &mut Context>) -> Result<bool>,
    ) -> Result<()> {
        let died = || Error::new(ErrorKind::Worker);
        let mut room = Buffers::default();
        loop {
            for worker in &mut *workers {
                worker.give.send(std::mem::take(&mut worker.share)).map_err(|_| died())?;
            }
            self.step(way, clock, contexts, &mut room)?;
            for worker in &mut *workers {
                worker.share = worker.take.recv().map_err(|_| died())??;
            }
            let shares = workers.iter_mut().flat_map(|worker| &mut worker.share);
            if !each(&mut shares.chain(&mut *contexts))? {
                return Ok(());
            }
        }
    }
}

/// A thread that steps through some of the contexts.
struct Worker<'scope> {
    give: mpsc::Sender<Vec<Context>>,
    take: mpsc::Receiver<Result<Vec<Context>>>,
    thread: thread::ScopedJoinHandle<'scope, ()>,
    /// Its contexts, while it has nothing to do.
    share: Vec<Context>,
}

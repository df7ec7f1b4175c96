//! Threads that do jobs, and return results in the order of the jobs.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use crate::error::{Error, ErrorKind, Result};

/// The most threads; each has two chunks in memory.
const MAX_THREADS: usize = 256;

/// Returns the number of threads that `threads` stands for: one for each core if it is 0, and
/// at most [`MAX_THREADS`].
pub(crate) fn threads(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        some => some,
    }
    .min(MAX_THREADS)
}

/// Does jobs on several threads and returns the results in the order of the jobs, so that
/// nothing depends on the number of threads. One thread is the caller's.
pub(crate) struct Ordered<Job, Done> {
    work: Arc<dyn Fn(Job) -> Done + Send + Sync>,
    /// The queue of jobs. It must close before the workers are joined.
    queue: Option<mpsc::Sender<(Job, mpsc::SyncSender<Done>)>>,
    workers: Vec<thread::JoinHandle<()>>,
    pending: VecDeque<Pending<Done>>,
}

enum Pending<Done> {
    Here(Done),
    Elsewhere(mpsc::Receiver<Done>),
}

impl<Job: Send + 'static, Done: Send + 'static> Ordered<Job, Done> {
    pub(crate) fn new(threads: usize, work: impl Fn(Job) -> Done + Send + Sync + 'static) -> Self {
        let mut pool = Ordered {
            work: Arc::new(work),
            queue: None,
            workers: Vec::new(),
            pending: VecDeque::new(),
        };
        if threads > 1 {
            pool.start(threads);
        }
        pool
    }

    fn start(&mut self, threads: usize) {
        let (sender, receiver) = mpsc::channel::<(Job, mpsc::SyncSender<Done>)>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..threads {
            let (work, receiver) = (Arc::clone(&self.work), Arc::clone(&receiver));
            let worker = thread::Builder::new().name("lmac".into()).spawn(move || {
                loop {
                    let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((job, result)) = next else { break };
                    // The receiver is gone if the stream was dropped.
                    let _ = result.send(work(job));
                }
            });
            // If the machine has no more threads, fewer do the work.
            match worker {
                Ok(worker) => self.workers.push(worker),
                Err(_) => break,
            }
        }
        if !self.workers.is_empty() {
            self.queue = Some(sender);
        }
    }

    /// Returns the number of jobs that keep all threads busy.
    pub(crate) fn capacity(&self) -> usize {
        (2 * self.workers.len()).max(1)
    }

    /// Returns the number of jobs whose results were not taken yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn submit(&mut self, job: Job) {
        self.pending.push_back(match &self.queue {
            None => Pending::Here((self.work)(job)),
            Some(queue) => {
                let (sender, receiver) = mpsc::sync_channel(1);
                // If all workers have panicked, the receiver returns an error.
                let _ = queue.send((job, sender));
                Pending::Elsewhere(receiver)
            }
        });
    }

    /// Waits for the result of the oldest job; `None` if there is no job.
    pub(crate) fn next(&mut self) -> Option<Result<Done>> {
        Some(match self.pending.pop_front()? {
            Pending::Here(done) => Ok(done),
            Pending::Elsewhere(receiver) => {
                receiver.recv().map_err(|_| Error::new(ErrorKind::Worker))
            }
        })
    }
}

impl<Job, Done> Drop for Ordered<Job, Done> {
    fn drop(&mut self) {
        self.queue = None;
        for worker in self.workers.drain(..) {
            // The receiver of the job has reported a panic.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn results_come_in_the_order_of_jobs() {
        for threads in [1, 2, 5] {
            let mut pool = Ordered::new(threads, |job: u64| {
                thread::sleep(Duration::from_millis((job * 7) % 5));
                job * job
            });
            (0..20).for_each(|job| pool.submit(job));
            for job in 0..20 {
                assert_eq!(pool.next().unwrap().unwrap(), job * job);
            }
            assert!(pool.next().is_none());
        }
    }

    #[test]
    fn a_worker_that_dies_is_an_error() {
        let mut pool = Ordered::new(2, |job: u32| {
            assert!(job != 1, "this job is meant to fail");
            job
        });
        (0..3).for_each(|job| pool.submit(job));
        assert_eq!(pool.next().unwrap().unwrap(), 0);
        let error = pool.next().unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Worker));
        assert_eq!(pool.next().unwrap().unwrap(), 2);
    }
}

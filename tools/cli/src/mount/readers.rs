//! Threads that read.
//!
//! Reading decodes and may take long, while names and lengths are at hand. So the threads that the
//! kernel talks to leave reading to others.

use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::archive::locked;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that do jobs in the order in which they came.
pub(super) struct Readers {
    jobs: mpsc::Sender<Job>,
}

impl Readers {
    /// Starts so many threads.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            let next = move || locked(&waiting).recv().ok();
            let reader = thread::Builder::new().name(format!("reader {number}"));
            reader.spawn(move || {
                while let Some(job) = next() {
                    job();
                }
            })?;
        }
        Ok(Readers { jobs })
    }

    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        // The threads end after the sender alone. The answer to a lost read is an error.
        let _ = self.jobs.send(Box::new(job));
    }
}

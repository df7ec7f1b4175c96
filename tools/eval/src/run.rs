//! A run: every clip with every contestant.

use std::time::Instant;

use crate::Result;
use crate::audio::Clip;
use crate::contestant::{Arrangement, Contestant, Job};
use crate::journal::Journal;
use crate::memory;
use crate::plan::{Plan, Unit};
use crate::results::{ClipFacts, Measured, Results, Taken};

/// The progress of a run.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Units of clip, contestant and arrangement that are done, those of an earlier run
    /// included.
    pub units_done: usize,
    /// All of them.
    pub units: usize,
    /// Bytes of PCM of these units.
    pub bytes_done: u64,
    /// All of them.
    pub bytes: u64,
    /// The clip under way.
    pub clip: &'a ClipFacts,
    /// The contestant under way.
    pub contestant: &'a str,
    /// The arrangement under way.
    pub arrangement: Arrangement,
}

/// Observes the progress of a run.
pub trait Observer {
    /// Is called before a contestant is given a clip.
    fn begins(&mut self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// Is called after a clip was read and converted, with the seconds that took.
    fn read(&mut self, seconds: f64) {
        let _ = seconds;
    }

    /// Is called after a result was written into the journal, with the seconds that took.
    fn recorded(&mut self, seconds: f64) {
        let _ = seconds;
    }

    /// Is called after a contestant is done with a clip.
    fn ends(&mut self, progress: &Progress<'_>, measured: &Measured) {
        let _ = (progress, measured);
    }
}

/// Observes nothing.
impl Observer for () {}

/// Measures all units that are not in the journal yet, and writes each result there at once.
/// A contestant that fails does not stop the others. After an interrupt the results are those
/// so far, and not complete. An error of the journal ends the run; the journal keeps all
/// results before it.
pub fn run(plan: &Plan, journal: &mut Journal, observer: &mut dyn Observer) -> Result<Results> {
    plan.check()?;
    let units = plan.units();
    let facts = plan.dataset.facts();
    let bytes = |unit: &Unit| facts[unit.clip].pcm_bytes;
    let mut measured: Vec<Option<Measured>> = units
        .iter()
        .map(|unit| journal.take(unit.clip, unit.contestant, unit.arrangement))
        .collect();
    let done = |measured: &[Option<Measured>]| -> (usize, u64) {
        let done = units.iter().zip(measured).filter(|(_, measured)| measured.is_some());
        done.fold((0, 0), |(units, sum), (unit, _)| (units + 1, sum + bytes(unit)))
    };
    let (mut units_done, mut bytes_done) = done(&measured);
    let all_bytes = units.iter().map(bytes).sum();

    let mut loaded: Option<(usize, Result<Clip>)> = None;
    for (at, unit) in units.iter().enumerate() {
        if measured[at].is_some() {
            continue;
        }
        let contestant = &plan.contestants[unit.contestant];
        let mut progress = Progress {
            units_done,
            units: units.len(),
            bytes_done,
            bytes: all_bytes,
            clip: &facts[unit.clip],
            contestant: contestant.name(),
            arrangement: unit.arrangement,
        };
        if plan.job.interrupt.is_stopped() {
            break;
        }
        observer.begins(&progress);
        let clip = match &loaded {
            Some((number, clip)) if *number == unit.clip => clip,
            _ => {
                // Frees the memory of the clip before.
                loaded = None;
                let start = Instant::now();
                let clip = plan.dataset.load(unit.clip);
                observer.read(start.elapsed().as_secs_f64());
                &loaded.insert((unit.clip, clip)).1
            }
        };
        let Some(result) = take(contestant.as_ref(), clip, plan, unit.arrangement) else { break };
        let Unit { clip, contestant, arrangement } = *unit;
        let fresh = Measured { clip, contestant, arrangement, result };
        let start = Instant::now();
        journal.record(&fresh)?;
        observer.recorded(start.elapsed().as_secs_f64());
        units_done += 1;
        bytes_done += bytes(unit);
        progress = Progress { units_done, bytes_done, ..progress };
        observer.ends(&progress, &fresh);
        measured[at] = Some(fresh);
    }
    Ok(Results {
        settings: plan.settings.clone(),
        clips: facts.to_vec(),
        skipped: plan.dataset.skipped().to_vec(),
        contestants: plan.entries(),
        complete: measured.iter().all(Option::is_some),
        measured: measured.into_iter().flatten().collect(),
    })
}

/// Gives a clip to a contestant; `None` after an interrupt.
fn take(
    contestant: &dyn Contestant,
    clip: &Result<Clip>,
    plan: &Plan,
    arrangement: Arrangement,
) -> Option<Taken> {
    let clip = match clip {
        Ok(clip) => clip,
        Err(error) => return Some(Taken::Failed { reason: error.to_string() }),
    };
    if let Some(reason) = contestant.refuses(&clip.spec) {
        return Some(Taken::Refused { reason });
    }
    let job = Job { arrangement, ..plan.job.clone() };
    let watch = memory::watch();
    match contestant.measure(clip, &job) {
        Ok(mut outcome) => {
            // Processes of their own have their memory measured apart.
            if arrangement != Arrangement::Files {
                outcome.peak_memory = watch.and_then(|watch| watch.peak());
            }
            Some(Taken::Done(outcome))
        }
        Err(error) if error.is_refusal() && !plan.job.interrupt.is_stopped() => {
            Some(Taken::Refused { reason: error.to_string() })
        }
        // The signal that stopped this run may have ended the other program, too.
        Err(error) if error.is_interrupted() || plan.job.interrupt.is_stopped() => None,
        Err(error) => Some(Taken::Failed { reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests;

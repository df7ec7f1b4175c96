//! A run: every clip in the hands of every contestant.

use std::time::Instant;

use crate::contestant::{Arrangement, Contestant, Job};
use crate::dataset::Dataset;
use crate::journal::Journal;
use crate::memory;
use crate::results::{Entry, Measured, Results, Taken};
use crate::{Clip, ClipFacts, Error, Result};

/// What is to be done.
pub struct Plan {
    /// What is compressed.
    pub dataset: Dataset,
    /// By whom, in this order.
    pub contestants: Vec<Box<dyn Contestant>>,
    /// How; its arrangement does not matter.
    pub job: Job,
    /// In which arrangements; a contestant is asked for those that it knows.
    pub arrangements: Vec<Arrangement>,
    /// What was asked for, as names and values for people. A run that is resumed has to have
    /// the same.
    pub settings: Vec<(String, String)>,
}

/// A clip that a contestant is to compress in an arrangement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    clip: usize,
    contestant: usize,
    arrangement: Arrangement,
}

impl Plan {
    /// Who takes part, as results name them.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |contestant: &dyn Contestant| Entry {
            name: contestant.name().into(),
            description: contestant.description(),
            weights: contestant.weights(),
        };
        self.contestants.iter().map(|contestant| entry(contestant.as_ref())).collect()
    }

    /// All that is to be done, in order: what disturbs the machine for a while is to disturb
    /// all contestants.
    fn units(&self) -> Vec<Unit> {
        let clips = 0..self.dataset.facts().len();
        clips
            .flat_map(|clip| {
                self.contestants.iter().enumerate().flat_map(move |(number, contestant)| {
                    let known = |arrangement: &&Arrangement| {
                        contestant.arrangements().contains(arrangement)
                    };
                    self.arrangements.iter().filter(known).map(move |&arrangement| Unit {
                        clip,
                        contestant: number,
                        arrangement,
                    })
                })
            })
            .collect()
    }

    /// Fails where the plan cannot be carried out: names tell contestants apart, and somebody
    /// has to know an arrangement that is asked for.
    pub fn check(&self) -> Result<()> {
        let mut names: Vec<&str> = self.contestants.iter().map(|one| one.name()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::new(format!("there are two contestants \"{}\"", pair[0])));
        }
        let known = |arrangement| {
            self.contestants.iter().any(|one| one.arrangements().contains(arrangement))
        };
        if self.arrangements.iter().any(known) {
            return Ok(());
        }
        let arrangements = self.arrangements.iter().map(|arrangement| match arrangement {
            Arrangement::Chunks => "chunks",
            Arrangement::Whole => "whole clips",
        });
        let asked = match arrangements.collect::<Vec<_>>().join(" or ") {
            none if none.is_empty() => "no arrangement".into(),
            asked => asked,
        };
        Err(Error::new(format!("nobody takes part in {asked}")))
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("contestants", &self.entries())
            .field("job", &self.job)
            .field("arrangements", &self.arrangements)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Clips times contestants times arrangements that are done. What an earlier run left is
    /// among them from the start.
    pub units_done: usize,
    /// All of them.
    pub units: usize,
    /// Bytes of PCM in what is done.
    pub bytes_done: u64,
    /// All of them.
    pub bytes: u64,
    /// What is compressed now.
    pub clip: &'a ClipFacts,
    /// By whom.
    pub contestant: &'a str,
    /// In which arrangement.
    pub arrangement: Arrangement,
}

/// Hears how far a run is.
pub trait Observer {
    /// A contestant is about to be given a clip.
    fn begins(&mut self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// A clip was read and converted for that, which took so many seconds.
    fn read(&mut self, seconds: f64) {
        let _ = seconds;
    }

    /// What came of one was written into the journal, which took so many seconds.
    fn recorded(&mut self, seconds: f64) {
        let _ = seconds;
    }

    /// It is done with it.
    fn ends(&mut self, progress: &Progress<'_>, measured: &Measured) {
        let _ = (progress, measured);
    }
}

/// Nobody listens.
impl Observer for () {}

/// Does what is to be done and is not in the journal yet, and puts it there at once. A
/// contestant that fails does not stop the others. After an interrupt the results are what
/// there was until then, and not complete; an error of the journal ends the run, and all
/// that was measured before is in it.
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
                // The one before makes room first.
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

/// What comes of a clip in the hands of a contestant; `None` after an interrupt.
fn take(
    contestant: &dyn Contestant,
    clip: &Result<Clip>,
    plan: &Plan,
    arrangement: Arrangement,
) -> Option<Taken> {
    let clip = match clip {
        Ok(clip) => clip,
        Err(error) => return Some(Taken::Failed(error.to_string())),
    };
    if let Some(reason) = contestant.refuses(&clip.spec) {
        return Some(Taken::Refused(reason));
    }
    let job = Job { arrangement, ..plan.job.clone() };
    let watch = memory::watch();
    match contestant.measure(clip, &job) {
        Ok(mut outcome) => {
            let peak = watch.and_then(|watch| watch.peak());
            outcome.peak_memory = outcome.peak_memory.or(peak);
            Some(Taken::Done(outcome))
        }
        // What told us to stop may have ended another program that was asked.
        Err(error) if error.is_interrupted() || plan.job.interrupt.is_stopped() => None,
        Err(error) => Some(Taken::Failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests;

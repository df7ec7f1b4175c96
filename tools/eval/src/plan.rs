//! The plan of a run.

use crate::contestant::{Arrangement, Contestant, Job};
use crate::dataset::Dataset;
use crate::results::{Entry, Setting};
use crate::{Error, Result};

/// The plan of a run.
pub struct Plan {
    /// The clips.
    pub dataset: Dataset,
    /// The contestants, in order.
    pub contestants: Vec<Box<dyn Contestant>>,
    /// The task; its arrangement is ignored.
    pub job: Job,
    /// The arrangements; a contestant is given those that it supports.
    pub arrangements: Vec<Arrangement>,
    /// The options, as text for people. A run that is resumed must have the same.
    pub settings: Vec<Setting>,
}

/// A clip that a contestant is to compress in an arrangement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) clip: usize,
    pub(crate) contestant: usize,
    pub(crate) arrangement: Arrangement,
}

impl Plan {
    /// Returns the contestants as results name them.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |contestant: &dyn Contestant| Entry {
            name: contestant.name().into(),
            description: contestant.description(),
            weights: contestant.weights(),
        };
        self.contestants.iter().map(|contestant| entry(contestant.as_ref())).collect()
    }

    /// Returns all units in order. Contestants take turns at each clip, so that a disturbance
    /// of the machine affects all of them.
    pub(crate) fn units(&self) -> Vec<Unit> {
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

    /// Fails if two contestants have the same name, or none supports any arrangement.
    pub fn check(&self) -> Result<()> {
        let mut names: Vec<&str> = self.contestants.iter().map(|one| one.name()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::new(format!("two contestants are called \"{}\"", pair[0])));
        }
        let known = |arrangement| {
            self.contestants.iter().any(|one| one.arrangements().contains(arrangement))
        };
        if self.arrangements.iter().any(known) {
            return Ok(());
        }
        let asked: Vec<&str> = self.arrangements.iter().map(|one| one.name()).collect();
        let asked = asked.join(" or ");
        Err(Error::new(format!("nothing to evaluate: no contestant has the arrangement {asked}")))
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

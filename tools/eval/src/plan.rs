//! What a run does.

use crate::contestant::{Arrangement, Contestant, Job};
use crate::dataset::Dataset;
use crate::results::{Entry, Setting};
use crate::{Error, Result};

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

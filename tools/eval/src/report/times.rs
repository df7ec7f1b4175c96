//! Where the time of a run went.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::contestant::Stage;
use crate::report::numbers::{percent, share, significant};
use crate::report::table::aligned;
use crate::report::totals::name;
use crate::results::{Measured, Results, Taken};

/// Seconds of wall clock that the parts of a run took. The observer of the run fills it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunTimes {
    /// From the start to the end.
    pub total: f64,
    /// Finding files and reading their facts.
    pub looking: f64,
    /// Loading models.
    pub loading: f64,
    /// Reading clips and converting them.
    pub reading: f64,
    /// Keeping the journal.
    pub journal: f64,
    /// Making and writing reports.
    pub reports: f64,
    /// By the contestants' numbers.
    contestants: BTreeMap<usize, Work>,
}

/// Seconds of a contestant.
#[derive(Debug, Clone, Default, PartialEq)]
struct Work {
    encoding: f64,
    decoding: f64,
    stages: Vec<Stage>,
}

impl RunTimes {
    /// Adds a result of this run; those from a journal took no time.
    pub fn add(&mut self, measured: &Measured) {
        // A result that differs took its time as well.
        let Taken::Done(outcome) = &measured.result else { return };
        let work = self.contestants.entry(measured.contestant).or_default();
        work.encoding += outcome.encoding.unwrap_or(0.0);
        work.decoding += outcome.decoding.unwrap_or(0.0);
        Stage::add(&mut work.stages, &outcome.stages);
    }
}

/// Does something and adds the seconds that it takes.
pub fn timed<T>(sum: &mut f64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    *sum += begun.elapsed().as_secs_f64();
    done
}

/// A part of the run.
struct Part {
    name: String,
    seconds: f64,
    /// Whether it lies within the part before, all threads added up.
    within: bool,
}

/// Sets seconds, and their share of the whole run, as a table. The stages of a contestant
/// stand below it; they add up over threads, and are not added to the total.
pub fn document(times: &RunTimes, results: &Results) -> String {
    let mut parts = vec![
        part("looking for files", times.looking),
        part("loading models", times.loading),
        part("reading and converting", times.reading),
    ];
    parts.extend(contestants(times, results));
    parts.extend([part("journal", times.journal), part("reports", times.reports)]);
    let told: f64 = parts.iter().filter(|part| !part.within).map(|part| part.seconds).sum();
    parts.push(part("all else", (times.total - told).max(0.0)));
    parts.push(part("total", times.total));
    parts.retain(|part| part.seconds > 0.0);
    let lines: Vec<_> = parts
        .into_iter()
        .map(|Part { name, seconds, within }| {
            let indent = if within { "  " } else { "" };
            let share = share(seconds, times.total).map_or(String::new(), percent);
            vec![format!("{indent}{name}"), significant(seconds), share]
        })
        .collect();
    let head = ["Where the time went", "seconds", "share"].map(String::from);
    aligned(&head, &lines)
}

fn part(name: &str, seconds: f64) -> Part {
    Part { name: name.into(), seconds, within: false }
}

fn contestants<'a>(times: &'a RunTimes, results: &'a Results) -> impl Iterator<Item = Part> + 'a {
    times.contestants.iter().flat_map(|(&contestant, work)| {
        let name = name(results, contestant);
        let encoding = part(&format!("{name}, encoding"), work.encoding);
        let decoding = part(&format!("{name}, decoding"), work.decoding);
        let stages = work.stages.iter();
        let stages = stages.map(|stage| Part { within: true, ..part(&stage.name, stage.seconds) });
        [encoding, decoding].into_iter().chain(stages)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::results;

    #[test]
    fn parts_and_the_rest_make_the_whole() {
        let results = results();
        let mut times = RunTimes {
            total: 8.0,
            looking: 1.0,
            reading: 0.5,
            journal: 0.25,
            ..RunTimes::default()
        };
        [1, 2, 3, 5].iter().for_each(|&fresh| times.add(&results.measured[fresh]));
        let written = document(&times, &results);
        let lines: Vec<_> = written
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let expected = [
            "Where the time went seconds share",
            "looking for files 1.00 12.50 %",
            "reading and converting 0.500 6.25 %",
            "gzip, encoding 0.500 6.25 %",
            "gzip, decoding 0.250 3.12 %",
            "tiny, encoding 1.00 12.50 %",
            "tiny, decoding 0.500 6.25 %",
            "attention 0.375 4.69 %",
            "coding 0.500 6.25 %",
            "journal 0.250 3.12 %",
            "all else 4.00 50.00 %",
            "total 8.00 100.00 %",
        ];
        assert_eq!(lines, expected);
    }
}

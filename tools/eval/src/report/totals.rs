//! Sums over clips.

use std::collections::{BTreeMap, BTreeSet};

use crate::contestant::{Arrangement, Check, Outcome, Stage, Weights};
use crate::report::bits::Bits;
use crate::report::numbers::share;
use crate::report::speed::{Speed, Work};
use crate::results::{ClipFacts, Measured, Results, Taken};

/// Some of the clips, and what became of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Which.
    pub scope: Scope,
    /// Their numbers.
    pub clips: Vec<usize>,
    /// Their bytes of PCM.
    pub pcm_bytes: u64,
    /// How long they are together.
    pub seconds: f64,
    /// A comparison for each arrangement that anybody was asked for.
    pub comparisons: Vec<Comparison>,
}

/// What clips have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Nothing: these are all.
    All,
    /// The first part of their names; empty where names have one part.
    Folder(String),
    /// Bits of a sample.
    Bits(u32),
}

/// All contestants beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// How they were given the clips.
    pub arrangement: Arrangement,
    /// The clips that count for everybody for whom any clip counts, if somebody took others
    /// too: rates over these can be compared.
    pub common: Option<BTreeSet<usize>>,
    /// Those who were asked, in the order of the run.
    pub totals: Vec<Total>,
}

/// A contestant's sums over the clips that count: those that were compressed and, where
/// somebody looked, came back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Total {
    /// Number of the contestant.
    pub contestant: usize,
    /// Over all clips that count.
    pub sum: Sum,
    /// Over those that count for everybody; nothing where these are the same.
    pub common: Option<Sum>,
    /// What became of the clips.
    pub tally: Tally,
    /// Whether any of the bytes are an estimate, and were not made.
    pub estimated: bool,
    /// Rates with what the decoder needs. Weights are paid for once, by all clips together:
    /// only a total over all of them has such rates.
    pub adjusted: Option<Adjusted>,
    /// Of compressing.
    pub encoding: Option<Speed>,
    /// Of decompressing.
    pub decoding: Option<Speed>,
    /// The most memory that the process had with any clip.
    pub peak_memory: Option<u64>,
    /// Where the bits went, over the clips of which that is known.
    pub bits: Option<Bits>,
    /// Where the time went.
    pub stages: Vec<Stage>,
}

/// Bytes over bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many clips.
    pub clips: usize,
    /// What they were made.
    pub bytes: u64,
    /// What they were.
    pub pcm_bytes: u64,
}

/// How many clips met which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Came back.
    pub passed: usize,
    /// Were compressed, and nobody looked.
    pub skipped: usize,
    /// Could not be compressed, or did not come back. They are in no sum.
    pub failed: usize,
    /// Are audio that the contestant does not take.
    pub refused: usize,
    /// Were not reached.
    pub missing: usize,
}

/// Rates in percent with the weights of a model. Without weights they are the rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjusted {
    /// With the size of the model's files.
    pub file: f64,
    /// With two bytes for each parameter.
    pub two_bytes: f64,
}

impl Sum {
    /// Bytes made over bytes of PCM, in percent.
    pub fn rate(&self) -> Option<f64> {
        share(self.bytes as f64, self.pcm_bytes as f64)
    }

    fn add(&mut self, clip: &ClipFacts, outcome: &Outcome) {
        self.clips += 1;
        self.bytes = self.bytes.saturating_add(outcome.bytes);
        self.pcm_bytes = self.pcm_bytes.saturating_add(clip.pcm_bytes);
    }

    fn adjusted(&self, weights: Option<Weights>) -> Option<Adjusted> {
        let weights = weights.unwrap_or(Weights { file_bytes: 0, parameters: 0 });
        let with = |more: f64| share(self.bytes as f64 + more, self.pcm_bytes as f64);
        Some(Adjusted {
            file: with(weights.file_bytes as f64)?,
            two_bytes: with(2.0 * weights.parameters as f64)?,
        })
    }
}

/// All clips, then those of each folder, then those of each depth. Folders and depths are
/// left out where there is only one.
pub fn groups(results: &Results) -> Vec<Group> {
    let mut scopes: BTreeMap<Scope, Vec<usize>> = BTreeMap::new();
    for (number, clip) in results.clips.iter().enumerate() {
        let folder = clip.name.split_once('/').map_or("", |(folder, _)| folder);
        for scope in [Scope::All, Scope::Folder(folder.into()), Scope::Bits(clip.bits)] {
            scopes.entry(scope).or_default().push(number);
        }
    }
    let folders = scopes.keys().filter(|scope| matches!(scope, Scope::Folder(_))).count();
    let depths = scopes.keys().filter(|scope| matches!(scope, Scope::Bits(_))).count();
    scopes.retain(|scope, _| match scope {
        Scope::All => true,
        Scope::Folder(_) => folders > 1,
        Scope::Bits(_) => depths > 1,
    });
    scopes.into_iter().map(|(scope, clips)| group(results, scope, clips)).collect()
}

fn group(results: &Results, scope: Scope, clips: Vec<usize>) -> Group {
    let facts = || clips.iter().filter_map(|&clip| results.clips.get(clip));
    let pcm_bytes = facts().fold(0, |sum: u64, clip| sum.saturating_add(clip.pcm_bytes));
    let seconds = facts().map(|clip| clip.seconds).sum();
    let within: BTreeSet<usize> = clips.iter().copied().collect();
    let comparisons = [Arrangement::Chunks, Arrangement::Whole]
        .into_iter()
        .filter_map(|arrangement| comparison(results, &scope, &within, arrangement))
        .collect();
    Group { scope, clips, pcm_bytes, seconds, comparisons }
}

/// What became of clips in somebody's hands, by their numbers.
type Fates<'a> = BTreeMap<usize, &'a Taken>;

fn comparison(
    results: &Results,
    scope: &Scope,
    within: &BTreeSet<usize>,
    arrangement: Arrangement,
) -> Option<Comparison> {
    let mut fates: BTreeMap<usize, Fates<'_>> = BTreeMap::new();
    for Measured { clip, contestant, arrangement: given, result } in &results.measured {
        if *given == arrangement && within.contains(clip) {
            fates.entry(*contestant).or_default().insert(*clip, result);
        }
    }
    if fates.is_empty() {
        return None;
    }
    let common = common(&fates);
    let totals = fates
        .iter()
        .map(|(&contestant, fates)| {
            let mut total = total(results, contestant, fates);
            total.tally.missing = within.len().saturating_sub(fates.len());
            total.common = common.as_ref().map(|common| sum(results, fates, common));
            if *scope == Scope::All {
                let weights = results.contestants.get(contestant).and_then(|entry| entry.weights);
                total.adjusted = total.sum.adjusted(weights);
            }
            total
        })
        .collect();
    Some(Comparison { arrangement, common, totals })
}

/// The clips that count for all for whom any do, if there are others.
fn common(fates: &BTreeMap<usize, Fates<'_>>) -> Option<BTreeSet<usize>> {
    let taken = fates.values().map(|fates| -> BTreeSet<usize> {
        fates.iter().filter(|(_, taken)| taken.counting().is_some()).map(|(&at, _)| at).collect()
    });
    let taken: Vec<_> = taken.filter(|clips| !clips.is_empty()).collect();
    let common = taken.iter().cloned().reduce(|some, others| &some & &others)?;
    taken.iter().any(|clips| *clips != common).then_some(common)
}

fn sum(results: &Results, fates: &Fates<'_>, clips: &BTreeSet<usize>) -> Sum {
    let mut sum = Sum::default();
    for (at, taken) in fates.iter().filter(|(at, _)| clips.contains(at)) {
        if let (Some(clip), Some(outcome)) = (results.clips.get(*at), taken.counting()) {
            sum.add(clip, outcome);
        }
    }
    sum
}

fn total(results: &Results, contestant: usize, fates: &Fates<'_>) -> Total {
    let mut total = Total { contestant, ..Total::default() };
    let (mut encoding, mut decoding) = (Work::default(), Work::default());
    for (&at, &taken) in fates {
        match taken {
            Taken::Done(outcome) => match outcome.check {
                Check::Passed => total.tally.passed += 1,
                Check::Skipped => total.tally.skipped += 1,
                Check::Failed(_) => total.tally.failed += 1,
            },
            Taken::Refused(_) => total.tally.refused += 1,
            Taken::Failed(_) => total.tally.failed += 1,
        }
        let (Some(clip), Some(outcome)) = (results.clips.get(at), taken.counting()) else {
            continue;
        };
        total.sum.add(clip, outcome);
        total.estimated |= outcome.estimated;
        total.peak_memory = total.peak_memory.max(outcome.peak_memory);
        encoding.add(clip, outcome, outcome.encoding);
        if let Some(seconds) = outcome.decoding {
            decoding.add(clip, outcome, seconds);
        }
        if let Some(account) = &outcome.account {
            let bits = total.bits.get_or_insert_default();
            bits.add(clip.pcm_bytes, outcome.bytes, account);
        }
        for stage in &outcome.stages {
            match total.stages.iter_mut().find(|sum| sum.name == stage.name) {
                Some(sum) => sum.seconds += stage.seconds,
                None => total.stages.push(stage.clone()),
            }
        }
    }
    total.encoding = encoding.speed();
    total.decoding = decoding.speed();
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{self, measured, outcome, results};

    fn all(results: &Results) -> Comparison {
        groups(results)[0].comparisons[0].clone()
    }

    #[test]
    fn sums_tallies_and_costs() {
        let comparison = all(&results());
        let [gzip, tiny] = &comparison.totals[..] else { panic!("two took part") };
        // Bytes over bytes: rates of 90 and 50 % are no 70 %.
        assert_eq!(gzip.sum, Sum { clips: 2, bytes: 1900, pcm_bytes: 3000 });
        assert_eq!(gzip.sum.rate(), Some(100.0 * 1900.0 / 3000.0));
        assert_eq!(gzip.tally, Tally { passed: 2, failed: 1, ..Tally::default() });
        assert_eq!(tiny.tally, Tally { passed: 2, refused: 1, ..Tally::default() });

        let encoding = gzip.encoding.unwrap();
        assert_eq!(encoding.seconds, 1.0);
        assert_eq!(encoding.times_real_time, 3000.0 / 16000.0);
        assert_eq!(encoding.bytes_a_second, 3000.0);
        assert_eq!(encoding.tokens_a_second, None);
        assert_eq!(tiny.decoding.unwrap().tokens_a_second, Some(540.0));
        assert_eq!(gzip.peak_memory, Some(1000 << 10));
        assert_eq!(tiny.bits.as_ref().unwrap().account.tokens, 270);
        let stages: Vec<_> = tiny.stages.iter().map(|at| (at.name.as_str(), at.seconds)).collect();
        assert_eq!(stages, [("attention", 0.375), ("coding", 0.5)]);
    }

    #[test]
    fn weights_count_once_and_only_over_all() {
        let results = results();
        let [gzip, tiny] = &all(&results).totals[..] else { panic!("two took part") };
        let adjusted = tiny.adjusted.unwrap();
        assert_eq!(adjusted.file, 100.0 * 840.0 / 3000.0);
        assert_eq!(adjusted.two_bytes, 100.0 * 540.0 / 3000.0);
        let rate = gzip.sum.rate().unwrap();
        assert_eq!(gzip.adjusted, Some(Adjusted { file: rate, two_bytes: rate }));
        for group in &groups(&results)[1..] {
            for total in group.comparisons.iter().flat_map(|comparison| &comparison.totals) {
                assert_eq!(total.adjusted, None);
            }
        }
    }

    #[test]
    fn folders_and_depths() {
        let groups = groups(&results());
        let scopes: Vec<_> =
            groups.iter().map(|group| (group.scope.clone(), group.clips.clone())).collect();
        let expected = [
            (Scope::All, vec![0, 1, 2]),
            (Scope::Folder("music".into()), vec![0, 1]),
            (Scope::Folder("speech".into()), vec![2]),
            (Scope::Bits(8), vec![1]),
            (Scope::Bits(16), vec![0, 2]),
        ];
        assert_eq!(scopes, expected);
        let music = &groups[1].comparisons[0].totals[0];
        assert_eq!(music.sum, Sum { clips: 1, bytes: 900, pcm_bytes: 1000 });
        assert_eq!(groups[1].pcm_bytes, 5000);
        let eight = &groups[3].comparisons[0].totals[0];
        assert_eq!(eight.sum.rate(), None);
    }

    #[test]
    fn those_who_took_different_clips_are_compared_on_the_same() {
        let mut results = results();
        assert_eq!(all(&results).common, None, "both have clips 0 and 2");
        results.measured.push(measured(1, 0, Taken::Done(outcome(2000))));
        results.contestants.push(samples::entry("none", None));
        results.measured.push(measured(0, 2, Taken::Failed("crashed".into())));
        let comparison = all(&results);
        assert_eq!(comparison.common, Some(BTreeSet::from([0, 2])));
        let [gzip, tiny, none] = &comparison.totals[..] else { panic!("three took part") };
        assert_eq!(gzip.sum, Sum { clips: 3, bytes: 3900, pcm_bytes: 7000 });
        assert_eq!(gzip.common, Some(Sum { clips: 2, bytes: 1900, pcm_bytes: 3000 }));
        assert_eq!(tiny.common, Some(tiny.sum));
        assert_eq!(none.tally, Tally { failed: 1, missing: 2, ..Tally::default() });
    }
}

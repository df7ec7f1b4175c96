//! Sums over clips.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::contestant::{Arrangement, Check, Outcome, Stage, Weights};
use crate::external::known::BASELINE;
use crate::report::bits::{Bits, BitsSum};
use crate::report::numbers::share;
use crate::report::speed::{Speed, Work};
use crate::results::{Measured, Results, Taken};

/// Some of the clips, and sums over them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Which.
    #[serde(flatten)]
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

/// The property that the clips of a group share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "scope", rename_all = "lowercase")]
pub enum Scope {
    /// All clips.
    All,
    /// Their folder.
    Folder {
        /// Its name; empty for none.
        folder: String,
    },
    /// Bits of a sample.
    Bits {
        /// How many.
        bits: u32,
    },
}

/// All contestants beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How they were given the clips.
    pub arrangement: Arrangement,
    /// The clips that count for every contestant for whom any clip counts, if some contestant
    /// took others too. Rates over these can be compared.
    #[serde(rename = "common_clips", skip_serializing_if = "Option::is_none")]
    pub common: Option<BTreeSet<usize>>,
    /// The contestants, in the order of the run.
    pub totals: Vec<Total>,
}

/// A contestant's sums over the clips that count: those that were compressed and did not fail
/// the check.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Total {
    /// Number of the contestant.
    pub contestant: usize,
    /// Its name.
    #[serde(rename = "contestant_name")]
    pub name: String,
    /// Over all clips that count.
    #[serde(flatten)]
    pub sum: Sum,
    /// Over the common clips; `None` where these are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common: Option<Sum>,
    /// The number of clips by their result.
    #[serde(flatten)]
    pub tally: Tally,
    /// Whether any of the bytes are an estimate, and were not made.
    pub estimated: bool,
    /// Rates with the weights. Weights count once for all clips together: only a total over
    /// all clips has such rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<Adjusted>,
    /// Of compressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Speed>,
    /// Of decompressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<Speed>,
    /// Its speeds over those of flac, in whole files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times_flac: Option<TimesFlac>,
    /// The most memory that this process had with any clip.
    #[serde(rename = "peak_memory_bytes", skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// The most memory of a process that compressed a file.
    #[serde(rename = "encoding_peak_bytes", skip_serializing_if = "Option::is_none")]
    pub encoding_peak: Option<u64>,
    /// The most memory of a process that decompressed a file.
    #[serde(rename = "decoding_peak_bytes", skip_serializing_if = "Option::is_none")]
    pub decoding_peak: Option<u64>,
    /// Where the bits went, over the clips that have an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<Bits>,
    /// Where the time went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// Speeds over those of flac, over the clips that count for both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TimesFlac {
    /// Of compressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<f64>,
    /// Of decompressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<f64>,
}

/// Bytes over bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Sum {
    /// How many clips.
    #[serde(rename = "covered_clips")]
    pub clips: usize,
    /// Compressed bytes.
    pub bytes: u64,
    /// Bytes of PCM; of whole files, bytes of the files.
    pub pcm_bytes: u64,
    /// The first over the second, in percent.
    #[serde(rename = "rate_percent", skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// Numbers of clips by their result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Decoded to the same bytes.
    pub passed: usize,
    /// Compressed, and not decoded.
    pub skipped: usize,
    /// Failed, or differ after decoding. They are in no sum.
    pub failed: usize,
    /// Refused by the contestant.
    pub refused: usize,
    /// Not reached.
    pub missing: usize,
}

/// Rates in percent with the weights of a model. Without weights they are the rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Adjusted {
    /// With the size of the model's files.
    #[serde(rename = "file_percent")]
    pub file: f64,
    /// With two bytes for each parameter.
    #[serde(rename = "two_bytes_percent")]
    pub two_bytes: f64,
}

impl Sum {
    /// A sum of this many clips.
    pub fn new(clips: usize, bytes: u64, pcm_bytes: u64) -> Self {
        Sum { clips, bytes, pcm_bytes, rate: share(bytes as f64, pcm_bytes as f64) }
    }

    fn with(self, bytes: u64, pcm_bytes: u64) -> Self {
        let bytes = self.bytes.saturating_add(bytes);
        Self::new(self.clips + 1, bytes, self.pcm_bytes.saturating_add(pcm_bytes))
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

/// The name of a contestant.
pub(crate) fn name(results: &Results, contestant: usize) -> String {
    let entry = results.contestants.get(contestant);
    entry.map_or_else(|| format!("contestant {contestant}"), |entry| entry.name.clone())
}

/// All clips, then those of each folder, then those of each depth. Folders and depths are
/// left out where there is only one.
pub fn groups(results: &Results) -> Vec<Group> {
    let mut scopes: BTreeMap<Scope, Vec<usize>> = BTreeMap::new();
    for (number, clip) in results.clips.iter().enumerate() {
        let folder = Scope::Folder { folder: clip.folder.clone() };
        for scope in [Scope::All, folder, Scope::Bits { bits: clip.bits }] {
            scopes.entry(scope).or_default().push(number);
        }
    }
    let folders = scopes.keys().filter(|scope| matches!(scope, Scope::Folder { .. })).count();
    let depths = scopes.keys().filter(|scope| matches!(scope, Scope::Bits { .. })).count();
    scopes.retain(|scope, _| match scope {
        Scope::All => true,
        Scope::Folder { .. } => folders > 1,
        Scope::Bits { .. } => depths > 1,
    });
    scopes.into_iter().map(|(scope, clips)| group(results, scope, clips)).collect()
}

fn group(results: &Results, scope: Scope, clips: Vec<usize>) -> Group {
    let facts = || clips.iter().filter_map(|&clip| results.clips.get(clip));
    let pcm_bytes = facts().fold(0, |sum: u64, clip| sum.saturating_add(clip.pcm_bytes));
    let seconds = facts().map(|clip| clip.seconds).sum();
    let within: BTreeSet<usize> = clips.iter().copied().collect();
    let comparisons = Arrangement::ALL
        .into_iter()
        .filter_map(|arrangement| comparison(results, &scope, &within, arrangement))
        .collect();
    Group { scope, clips, pcm_bytes, seconds, comparisons }
}

/// The results of a contestant, by the numbers of the clips.
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
    let flac = (arrangement == Arrangement::Files)
        .then(|| fates.iter().find(|&(&at, _)| name(results, at) == BASELINE))
        .flatten();
    let totals = fates
        .iter()
        .map(|(&contestant, fates)| {
            let mut total = total(results, contestant, fates, arrangement);
            total.times_flac = flac.map(|(_, flac)| times_flac(flac, fates));
            total.tally.missing = within.len().saturating_sub(fates.len());
            total.common = common.as_ref().map(|common| sum(results, fates, common, arrangement));
            if *scope == Scope::All {
                let weights = results.contestants.get(contestant).and_then(|entry| entry.weights);
                total.adjusted = total.sum.adjusted(weights);
            }
            total
        })
        .collect();
    Some(Comparison { arrangement, common, totals })
}

/// The clips that count for all contestants for whom any do, if there are others.
fn common(fates: &BTreeMap<usize, Fates<'_>>) -> Option<BTreeSet<usize>> {
    let taken = fates.values().map(|fates| -> BTreeSet<usize> {
        fates.iter().filter(|(_, taken)| taken.counting().is_some()).map(|(&at, _)| at).collect()
    });
    let taken: Vec<_> = taken.filter(|clips| !clips.is_empty()).collect();
    let common = taken.iter().cloned().reduce(|some, others| &some & &others)?;
    taken.iter().any(|clips| *clips != common).then_some(common)
}

fn times_flac(flac: &Fates<'_>, fates: &Fates<'_>) -> TimesFlac {
    let times = |way: fn(&Outcome) -> Option<f64>| {
        let both = fates.iter().filter_map(|(at, taken)| {
            Some((way(flac.get(at)?.counting()?)?, way(taken.counting()?)?))
        });
        let sums = both.fold((0.0, 0.0), |sum, both| (sum.0 + both.0, sum.1 + both.1));
        (sums.1 > 0.0).then(|| sums.0 / sums.1)
    };
    TimesFlac { encoding: times(|outcome| outcome.encoding), decoding: times(|one| one.decoding) }
}

fn sum(
    results: &Results,
    fates: &Fates<'_>,
    clips: &BTreeSet<usize>,
    arrangement: Arrangement,
) -> Sum {
    let mut sum = Sum::default();
    for (at, taken) in fates.iter().filter(|(at, _)| clips.contains(at)) {
        if let (Some(clip), Some(outcome)) = (results.clips.get(*at), taken.counting()) {
            sum = sum.with(outcome.bytes, clip.size(arrangement));
        }
    }
    sum
}

fn total(
    results: &Results,
    contestant: usize,
    fates: &Fates<'_>,
    arrangement: Arrangement,
) -> Total {
    let mut total = Total { contestant, name: name(results, contestant), ..Total::default() };
    let mut bits: Option<BitsSum> = None;
    let (mut encoding, mut decoding) = (Work::default(), Work::default());
    for (&at, &taken) in fates {
        match taken {
            Taken::Done(outcome) => match outcome.check {
                Check::Passed => total.tally.passed += 1,
                Check::Skipped => total.tally.skipped += 1,
                Check::Failed(_) => total.tally.failed += 1,
            },
            Taken::Refused { .. } => total.tally.refused += 1,
            Taken::Failed { .. } => total.tally.failed += 1,
        }
        let (Some(clip), Some(outcome)) = (results.clips.get(at), taken.counting()) else {
            continue;
        };
        total.sum = total.sum.with(outcome.bytes, clip.size(arrangement));
        total.estimated |= outcome.estimated;
        total.peak_memory = total.peak_memory.max(outcome.peak_memory);
        total.encoding_peak = total.encoding_peak.max(outcome.encoding_peak);
        total.decoding_peak = total.decoding_peak.max(outcome.decoding_peak);
        if let Some(seconds) = outcome.encoding {
            encoding.add(clip, outcome, seconds);
        }
        if let Some(seconds) = outcome.decoding {
            decoding.add(clip, outcome, seconds);
        }
        if let Some(account) = &outcome.account {
            let bits = bits.get_or_insert_default();
            bits.add(clip.pcm_bytes, outcome.bytes, account);
        }
        Stage::add(&mut total.stages, &outcome.stages);
    }
    total.bits = bits.map(BitsSum::finish);
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
        assert_eq!(gzip.sum, Sum::new(2, 1900, 3000));
        assert_eq!(gzip.sum.rate, Some(100.0 * 1900.0 / 3000.0));
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
        let rate = gzip.sum.rate.unwrap();
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
            (Scope::Folder { folder: "music".into() }, vec![0, 1]),
            (Scope::Folder { folder: "speech".into() }, vec![2]),
            (Scope::Bits { bits: 8 }, vec![1]),
            (Scope::Bits { bits: 16 }, vec![0, 2]),
        ];
        assert_eq!(scopes, expected);
        let music = &groups[1].comparisons[0].totals[0];
        assert_eq!(music.sum, Sum::new(1, 900, 1000));
        assert_eq!(groups[1].pcm_bytes, 5000);
        let eight = &groups[3].comparisons[0].totals[0];
        assert_eq!(eight.sum.rate, None);
    }

    #[test]
    fn contestants_with_different_clips_are_compared_on_common_ones() {
        let mut results = results();
        assert_eq!(all(&results).common, None, "both have clips 0 and 2");
        results.measured.push(measured(1, 0, Taken::Done(outcome(2000))));
        results.contestants.push(samples::entry("none", None));
        results.measured.push(measured(0, 2, Taken::Failed { reason: "crashed".into() }));
        let comparison = all(&results);
        assert_eq!(comparison.common, Some(BTreeSet::from([0, 2])));
        let [gzip, tiny, none] = &comparison.totals[..] else { panic!("three took part") };
        assert_eq!(gzip.sum, Sum::new(3, 3900, 7000));
        assert_eq!(gzip.common, Some(Sum::new(2, 1900, 3000)));
        assert_eq!(tiny.common, Some(tiny.sum));
        assert_eq!(none.tally, Tally { failed: 1, missing: 2, ..Tally::default() });
    }
}

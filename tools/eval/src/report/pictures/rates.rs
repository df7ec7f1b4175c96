//! Charts of rates over all clips.

use crate::pictures::{Dot, FileRates, RateAgainstSpeed, RateByFile, Rates, SpeedPanel};

use super::{arranged, kind};
use crate::contestant::Arrangement;
use crate::report::numbers::{bytes, count, duration};
use crate::report::speed::Speed;
use crate::report::totals::{Comparison, Group, Total};
use crate::results::Results;

/// The axis of rates.
fn rate(comparison: &Comparison) -> String {
    match comparison.arrangement {
        Arrangement::Files => "compressed size / WAV size".into(),
        Arrangement::Chunks | Arrangement::Whole => "compressed size / PCM size".into(),
    }
}

/// So many names of contestants are told.
const NAMED: usize = 8;

/// The scale goes up to this many times the rate in the middle: byte compressors and weak
/// models are to be seen beside good codecs.
const FAR_ABOVE: f64 = 2.0;

/// How much contestants leave of the audio, and how fast they are.
pub(super) fn against_speed(
    results: &Results,
    all: &Group,
    comparison: &Comparison,
) -> RateAgainstSpeed {
    let panel = |name: &str, speed: fn(&Total) -> Option<Speed>| SpeedPanel {
        name: name.into(),
        axis: "speed, times real time (logarithmic)".into(),
        dots: complete(results, comparison)
            .filter_map(|total| dot(results, total, speed))
            .collect(),
    };
    let left_out = left_out(results, comparison, "left out");
    RateAgainstSpeed {
        title: "Rate against speed".into(),
        subtitle: format!("{}{left_out}", extent(results, all, comparison)),
        rate: rate(comparison),
        rates: Rates::Percent,
        far_above: FAR_ABOVE,
        speed_unit: "×".into(),
        panels: vec![
            panel("Compressing", |total| total.encoding),
            panel("Decompressing", |total| total.decoding),
        ],
    }
}

fn dot(results: &Results, total: &Total, speed: fn(&Total) -> Option<Speed>) -> Option<Dot> {
    Some(Dot {
        name: name(results, total),
        speed: speed(total)?.times_real_time,
        rate: total.sum.rate? / 100.0,
        group: kind(results.contestants.get(total.contestant)?),
    })
}

/// How much contestants leave of each clip.
pub(super) fn by_file(results: &Results, all: &Group, comparison: &Comparison) -> RateByFile {
    let contestants = comparison.totals.iter().filter(|total| total.sum.clips > 0);
    let rates = contestants.filter_map(|total| {
        let mut rates = vec![None; results.clips.len()];
        for measured in &results.measured {
            let asked = (measured.contestant, measured.arrangement);
            let (Some(clip), Some(outcome)) =
                (results.clips.get(measured.clip), measured.result.counting())
            else {
                continue;
            };
            let size = clip.size(measured.arrangement);
            if asked == (total.contestant, comparison.arrangement) && size > 0 {
                rates[measured.clip] = Some(outcome.bytes as f64 / size as f64);
            }
        }
        Some(FileRates {
            name: name(results, total),
            group: kind(results.contestants.get(total.contestant)?),
            rates,
            total: total.sum.rate.filter(|_| took_all(results, total)).map(|rate| rate / 100.0),
        })
    });
    let left_out = left_out(results, comparison, "without a total");
    RateByFile {
        title: "Rate by file".into(),
        subtitle: format!("{}{left_out}", extent(results, all, comparison)),
        rate: rate(comparison),
        files: results.clips.iter().map(|clip| clip.name.clone()).collect(),
        contestants: rates.collect(),
    }
}

fn name(results: &Results, total: &Total) -> String {
    let name = results.contestants.get(total.contestant).map_or("", |entry| &entry.name);
    match total.estimated {
        true => format!("{name} (estimate)"),
        false => name.into(),
    }
}

fn took_all(results: &Results, total: &Total) -> bool {
    total.sum.clips == results.clips.len()
}

/// Those whose totals compare with each other's.
fn complete<'a>(
    results: &'a Results,
    comparison: &'a Comparison,
) -> impl Iterator<Item = &'a Total> {
    comparison.totals.iter().filter(|total| took_all(results, total))
}

/// What was measured and how.
fn extent(results: &Results, all: &Group, comparison: &Comparison) -> String {
    let part = if results.complete { "" } else { ", which the run came to" };
    format!(
        "{}{part}, {}, {}; {}",
        count(all.clips.len(), "file"),
        bytes(all.pcm_bytes as f64),
        duration(all.seconds),
        arranged(results, comparison.arrangement)
    )
}

/// Who did not take all clips, as a sentence.
fn left_out(results: &Results, comparison: &Comparison, how: &str) -> String {
    let part = comparison.totals.iter().filter(|total| !took_all(results, total));
    let names: Vec<String> = part
        .map(|total| {
            let all = results.clips.len();
            format!("{} ({} of {all})", name(results, total), total.sum.clips)
        })
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names[..names.len().min(NAMED)].join(", ");
    format!(". Not all files count for, and {how}: {names}{more}")
}

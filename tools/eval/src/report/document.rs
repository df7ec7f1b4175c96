//! The report for people, before it is set as text.

use crate::contestant::Arrangement;
use crate::external::known::BASELINE;
use crate::report::numbers::{bytes, percent, share, significant, times};
use crate::report::remarks;
use crate::report::section::{Content, Section};
use crate::report::speed::Speed;
use crate::report::totals::{Comparison, Group, Scope, Total, groups};
use crate::results::Results;

/// Returns the sections of the report of a run.
pub(crate) fn sections(results: &Results) -> Vec<Section> {
    let groups = groups(results);
    let (all, parts) = match groups.split_first() {
        Some((all, parts)) => (Some(all), parts),
        None => (None, &[][..]),
    };
    let comparisons = all.map_or(&[][..], |all| &all.comparisons);
    let mut sections = Vec::new();
    for comparison in comparisons {
        sections.push(rates(results, all, comparison));
        sections.push(costs(comparison));
    }
    for arrangement in comparisons.iter().map(|comparison| comparison.arrangement) {
        let folders = |scope: &Scope| matches!(scope, Scope::Folder { .. });
        let depths = |scope: &Scope| matches!(scope, Scope::Bits { .. });
        sections.push(rates_by("folder", arrangement, all, parts, folders));
        sections.push(rates_by("depth", arrangement, all, parts, depths));
    }
    for comparison in comparisons {
        sections.push(bits(comparison));
        sections.push(stages(comparison));
    }
    sections.extend(remarks::sections(results, comparisons));
    sections.retain(|section| match &section.content {
        Content::Table { lines, .. } => !lines.is_empty(),
        Content::List(lines) => !lines.is_empty(),
    });
    sections
}

fn titled(what: &str, arrangement: Arrangement) -> String {
    format!("{what}, {}", arrangement.described())
}

/// Sorts by the number of clips that count, highest first, then by rate, lowest first.
fn ordered(comparison: &Comparison) -> Vec<&Total> {
    let mut totals: Vec<_> = comparison.totals.iter().collect();
    totals.sort_by(|a, b| {
        let rate = |total: &Total| total.sum.rate.unwrap_or(f64::INFINITY);
        b.sum.clips.cmp(&a.sum.clips).then(rate(a).total_cmp(&rate(b)))
    });
    totals
}

/// Marks a number that is an estimate.
fn about(number: String, estimated: bool) -> String {
    if estimated && !number.is_empty() { format!("~{number}") } else { number }
}

/// A rate with its marks: `~` where it is estimated, `*` where it is not over all clips.
fn marked(rate: Option<f64>, total: &Total, clips: usize) -> String {
    rate.map_or(String::new(), |rate| {
        let partial = if total.sum.clips < clips { "*" } else { "" };
        about(format!("{}{partial}", percent(rate)), total.estimated)
    })
}

fn strings<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(Into::into).into()
}

fn rates(results: &Results, all: Option<&Group>, comparison: &Comparison) -> Section {
    let clips = all.map_or(0, |all| all.clips.len());
    let weights = results.contestants.iter().any(|entry| entry.weights.is_some());
    let of = match comparison.arrangement {
        Arrangement::Files => "of WAV",
        Arrangement::Chunks | Arrangement::Whole => "of PCM",
    };
    let mut head = strings(["contestant", "rate", "bytes", of, "clips"]);
    if let Some(common) = &comparison.common {
        head.push(format!("rate of {} common", common.len()));
    }
    if weights {
        head.extend(strings(["with weights", "with 2 bytes a weight"]));
    }
    let lines = ordered(comparison).into_iter().map(|total| {
        let mut line = vec![
            total.name.clone(),
            marked(total.sum.rate, total, clips),
            total.sum.bytes.to_string(),
            total.sum.pcm_bytes.to_string(),
            format!("{} of {clips}", total.sum.clips),
        ];
        if comparison.common.is_some() {
            let rate = total.common.and_then(|common| common.rate);
            line.push(marked(rate, total, 0));
        }
        if weights {
            let adjusted = total.adjusted;
            line.push(marked(adjusted.map(|rates| rates.file), total, clips));
            line.push(marked(adjusted.map(|rates| rates.two_bytes), total, clips));
        }
        line
    });
    let lines = lines.collect();
    Section {
        title: titled("Rates", comparison.arrangement),
        content: Content::Table { head, lines },
    }
}

fn costs(comparison: &Comparison) -> Section {
    let files = comparison.arrangement == Arrangement::Files;
    let flac = comparison.totals.iter().any(|total| total.times_flac.is_some());
    let tokens = |total: &Total| {
        let of = |speed: Option<Speed>| speed.and_then(|speed| speed.tokens_a_second);
        [of(total.encoding), of(total.decoding)]
    };
    let speaks = comparison.totals.iter().flat_map(tokens).any(|speed| speed.is_some());
    let mut head =
        strings(["contestant", "encoding", "decoding", "encoding, PCM/s", "decoding, PCM/s"]);
    if flac {
        head.extend(["encoding", "decoding"].map(|way| format!("{way} / {BASELINE}")));
    }
    head.extend(match files {
        true => strings(["encoding memory", "decoding memory"]).into_iter(),
        false => strings(["memory"]).into_iter(),
    });
    head.extend(strings(["came back"]));
    if speaks {
        head.extend(strings(["encoding, tokens/s", "decoding, tokens/s"]));
    }
    let lines = ordered(comparison).into_iter().map(|total| {
        let speeds = [total.encoding, total.decoding];
        let cell = |text: Option<String>| text.unwrap_or_default();
        let real = |speed: Option<Speed>| cell(speed.map(|speed| times(speed.times_real_time)));
        let pcm = |speed: Option<Speed>| cell(speed.map(|speed| bytes(speed.bytes_a_second)));
        let memory = |peak: Option<u64>| cell(peak.map(|peak| bytes(peak as f64)));
        let told = |text: String| about(text, total.estimated);
        let mut line = vec![total.name.clone()];
        line.extend(speeds.map(real).map(told));
        line.extend(speeds.map(pcm).map(told));
        if flac {
            let ways = total.times_flac.map_or([None; 2], |flac| [flac.encoding, flac.decoding]);
            line.extend(ways.map(|way| cell(way.map(times))));
        }
        line.extend(match files {
            true => vec![memory(total.encoding_peak), memory(total.decoding_peak)],
            false => vec![memory(total.peak_memory)],
        });
        line.push(format!(
            "{} of {}",
            total.tally.passed,
            total.tally.passed + total.tally.skipped + total.tally.failed
        ));
        if speaks {
            line.extend(tokens(total).map(|speed| told(cell(speed.map(significant)))));
        }
        line
    });
    let lines = lines.collect();
    Section {
        title: titled("Costs", comparison.arrangement),
        content: Content::Table { head, lines },
    }
}

/// The rates of some parts of the clips, beside those of all.
fn rates_by(
    what: &str,
    arrangement: Arrangement,
    all: Option<&Group>,
    parts: &[Group],
    belongs: impl Fn(&Scope) -> bool,
) -> Section {
    let parts: Vec<_> = parts.iter().filter(|part| belongs(&part.scope)).collect();
    let columns: Vec<_> =
        if parts.is_empty() { Vec::new() } else { parts.into_iter().chain(all).collect() };
    let within = |group: &'_ Group| -> Option<Comparison> {
        group.comparisons.iter().find(|at| at.arrangement == arrangement).cloned()
    };
    let compared: Vec<_> = columns.iter().map(|group| (within(group), group.clips.len())).collect();
    let mut head = strings(["contestant"]);
    head.extend(columns.iter().map(|group| {
        let clips = group.clips.len();
        match &group.scope {
            Scope::All => format!("all ({clips})"),
            Scope::Folder { folder } if folder.is_empty() => format!("no folder ({clips})"),
            Scope::Folder { folder } => format!("{folder} ({clips})"),
            Scope::Bits { bits } => format!("{bits} bits ({clips})"),
        }
    }));
    let order = compared.last().and_then(|(all, _)| all.as_ref()).map(ordered);
    let lines = order.into_iter().flatten().map(|of_all| {
        let cells = compared.iter().map(|(comparison, clips)| {
            let mut totals = comparison.iter().flat_map(|comparison| &comparison.totals);
            totals
                .find(|total| total.contestant == of_all.contestant)
                .map_or(String::new(), |total| marked(total.sum.rate, total, *clips))
        });
        [of_all.name.clone()].into_iter().chain(cells).collect()
    });
    let lines = lines.collect();
    let title = titled(&format!("Rates by {what}"), arrangement);
    Section { title, content: Content::Table { head, lines } }
}

fn bits(comparison: &Comparison) -> Section {
    let told = || {
        let totals = ordered(comparison).into_iter();
        totals.filter_map(|total| Some((total, total.bits.as_ref()?)))
    };
    let positions = told().map(|(_, bits)| bits.positions.len()).max().unwrap_or(0);
    let mut head = strings(["contestant"]);
    for position in 1..=positions {
        head.push(format!("byte {position} tokens"));
        head.push(format!("byte {position} planes"));
    }
    head.extend(strings([
        "headers",
        "coder's loss",
        "sum",
        "tokens/character",
        "hits",
        "escapes",
        "escaped",
        "expanded chunks",
    ]));
    let lines = told().map(|(total, bits)| {
        let about = |number: String| about(number, total.estimated);
        let mut line = vec![total.name.clone()];
        let told = &bits.positions;
        for position in 0..positions {
            let at = told.get(position);
            line.extend([at.map(|at| at.tokens), at.map(|at| at.planes)].map(optional).map(about));
        }
        line.extend([bits.other, bits.rest].map(percent).map(about));
        line.push(about(optional(share(bits.bytes as f64, bits.pcm_bytes as f64))));
        line.push(bits.tokens_a_character.map_or(String::new(), |ratio| format!("{ratio:.3}")));
        line.extend([bits.account.hits, bits.account.escapes].map(|tokens| tokens.to_string()));
        line.push(optional(bits.escaped));
        line.push(bits.account.expanded.to_string());
        line
    });
    let lines = lines.collect();
    let title = titled("Where the bits went", comparison.arrangement);
    Section { title, content: Content::Table { head, lines } }
}

fn optional(value: Option<f64>) -> String {
    value.map_or(String::new(), percent)
}

fn stages(comparison: &Comparison) -> Section {
    let mut lines = Vec::new();
    for total in ordered(comparison) {
        let all: f64 = total.stages.iter().map(|stage| stage.seconds).sum();
        lines.extend(total.stages.iter().map(|stage| {
            vec![
                total.name.clone(),
                stage.name.clone(),
                significant(stage.seconds),
                optional(share(stage.seconds, all)),
            ]
        }));
    }
    let head = strings(["contestant", "stage", "seconds", "share"]);
    let title = titled("Where the time went", comparison.arrangement);
    Section { title, content: Content::Table { head, lines } }
}

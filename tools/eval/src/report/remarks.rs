//! Failures, settings and notes beside the numbers.

use std::collections::BTreeMap;

use crate::contestant::{Arrangement, Check};
use crate::report::numbers::{bytes, count, duration};
use crate::report::section::{Content, Section};
use crate::report::totals::{Comparison, name};
use crate::results::{Measured, Results, Skipped, Taken};

/// The most failures that are listed, and the most files that are named for one reason. The
/// rest is counted; CSV and JSON have all.
const NAMED: usize = 20;

/// Returns lists, some of which may be empty.
pub(crate) fn sections(results: &Results, comparisons: &[Comparison]) -> Vec<Section> {
    let list = |title: &str, lines| Section { title: title.into(), content: Content::List(lines) };
    vec![
        list("Failures", failures(results)),
        list("Refused", refused(results)),
        list("Skipped files", grouped(&results.skipped)),
        list("Contestants", contestants(results)),
        list("Settings", settings(results)),
        list("Notes", notes(results, comparisons)),
    ]
}

fn failures(results: &Results) -> Vec<String> {
    let failures = results.measured.iter().filter_map(|measured| {
        let reason = match &measured.result {
            Taken::Failed { reason } => reason.clone(),
            Taken::Done(outcome) => match &outcome.check {
                Check::Failed(reason) => format!("differs after decoding: {reason}"),
                _ => return None,
            },
            Taken::Refused { .. } => return None,
        };
        Some(format!(
            "{}, {}, {}: {}",
            clip_name(results, measured.clip),
            name(results, measured.contestant),
            measured.arrangement.described(),
            one_line(&reason)
        ))
    });
    let mut lines: Vec<_> = failures.collect();
    if lines.len() > NAMED {
        let more = lines.len() - NAMED;
        lines.truncate(NAMED);
        lines.push(format!("and {} more", count(more, "failure")));
    }
    lines
}

fn refused(results: &Results) -> Vec<String> {
    let refusals =
        results.measured.iter().filter_map(|Measured { clip, contestant, result, .. }| {
            let Taken::Refused { reason } = result else { return None };
            let reason = format!("{}: {}", name(results, *contestant), one_line(reason));
            Some(Skipped { file: clip_name(results, *clip), reason })
        });
    let mut refusals: Vec<_> = refusals.collect();
    // Once for both arrangements.
    refusals.sort();
    refusals.dedup();
    grouped(&refusals)
}

/// Files of one reason in one line.
fn grouped(files: &[Skipped]) -> Vec<String> {
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Skipped { file, reason } in files {
        reasons.entry(one_line(reason)).or_default().push(file);
    }
    let lines = reasons.into_iter().map(|(reason, files)| {
        let named = files[..files.len().min(NAMED)].join(", ");
        let more = match files.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{reason} ({}: {named}{more})", count(files.len(), "file"))
    });
    lines.collect()
}

fn contestants(results: &Results) -> Vec<String> {
    let lines = results.contestants.iter().map(|entry| {
        let weights = entry.weights.map_or(String::new(), |weights| {
            let size = bytes(weights.file_bytes as f64);
            format!("; {} weights in {size}", weights.parameters)
        });
        format!("{}: {}{weights}", entry.name, one_line(&entry.description))
    });
    lines.collect()
}

fn settings(results: &Results) -> Vec<String> {
    let settings = results.settings.iter();
    settings.map(|one| format!("{}: {}", one.name, one_line(&one.value))).collect()
}

fn notes(results: &Results, comparisons: &[Comparison]) -> Vec<String> {
    let mut notes = vec![extent(results)];
    if !results.complete {
        notes.push(
            "The run is not complete: not all clips were given to all contestants. Totals are \
             over the results so far."
                .into(),
        );
    }
    notes.push(
        "Rate: compressed bytes over bytes of PCM as converted, before any mapping. Over several \
         clips it is all bytes over all bytes, not a mean of rates."
            .into(),
    );
    let totals = || comparisons.iter().flat_map(|comparison| &comparison.totals);
    if comparisons.iter().any(|comparison| comparison.arrangement == Arrangement::Chunks) {
        notes.extend(headers(results));
        notes.extend(clamped(results));
    }
    if comparisons.iter().any(|comparison| comparison.arrangement == Arrangement::Files) {
        notes.push(
            "Whole files: rates are over the bytes of the WAV files. Each file is a process of \
             its own, on one thread, without verification; its start, reading and writing \
             count. Memory is the most that a process held with any file; less than 3 MiB is \
             not told apart."
                .into(),
        );
    }
    if totals().any(|total| total.estimated) {
        notes.push(
            "~: estimated from probabilities; these bytes were not made, and times are those of \
             estimating."
                .into(),
        );
    }
    if totals().any(|total| total.sum.clips > 0 && total.sum.clips < results.clips.len()) {
        notes.push(
            "*: over part of the clips. Compare rates over common clips, which all contestants \
             took that took any."
                .into(),
        );
    }
    if totals().any(|total| total.tally.failed > 0) {
        notes.push("Failures, and clips that differ after decoding, are in no sum.".into());
    }
    let unchecked: usize = totals().map(|total| total.tally.skipped).sum();
    if unchecked > 0 {
        notes.push(format!("{} not decoded again.", outcomes(unchecked)));
    }
    if results.contestants.iter().any(|entry| entry.weights.is_some()) {
        notes.push(
            "With weights: the files of the model, or two bytes for each of its parameters, \
             count once beside the bytes of all clips."
                .into(),
        );
    }
    if totals().any(|total| total.bits.is_some()) {
        notes.push(
            "Where the bits went is in % of all bits of PCM, and adds up to the rate. Byte 1 is \
             the highest of a sample. The coder's loss has a column of its own. Expanded \
             chunks, which a stream would store, count as the model coded them."
                .into(),
        );
    }
    notes.push(
        "Speeds are of this machine: seconds of audio a second (x), bytes of PCM a second.".into(),
    );
    if totals().any(|total| total.peak_memory.is_some()) {
        notes.push(
            "Memory is the most that this process held meanwhile, with all models that are \
             loaded. The memory of programs that it runs is not in it."
                .into(),
        );
    }
    notes.extend(conversions(results));
    notes
}

fn extent(results: &Results) -> String {
    let pcm = results.clips.iter().fold(0, |sum: u64, clip| sum.saturating_add(clip.pcm_bytes));
    let seconds = results.clips.iter().map(|clip| clip.seconds).sum();
    format!(
        "{}, {} of PCM, {}.",
        count(results.clips.len(), "clip"),
        bytes(pcm as f64),
        duration(seconds)
    )
}

/// Explains how headers of chunks were counted.
fn headers(results: &Results) -> Option<String> {
    Some(match results.setting("headers")? {
        "once" => "Headers once: the chunks of a clip share one header. lmac and language models \
                   write one stream; of codecs of single pieces, what the shortest piece takes is \
                   taken off every chunk but one. That is how the published harness defines their \
                   size, and not one that could be decoded; it favours them where chunks are not \
                   many times their headers. Headers each counts what is really there."
            .into(),
        "each" => {
            "Headers each: every chunk is a stream or file of its own, and all of it counts.".into()
        }
        other => format!("Headers: {other}."),
    })
}

/// Names the contestants that had chunks below zero, with their number.
fn clamped(results: &Results) -> Option<String> {
    let mut chunks: BTreeMap<usize, usize> = BTreeMap::new();
    for measured in &results.measured {
        if let Some(outcome) = measured.result.counting().filter(|outcome| outcome.clamped > 0) {
            *chunks.entry(measured.contestant).or_default() += outcome.clamped as usize;
        }
    }
    let told: Vec<_> = chunks
        .into_iter()
        .map(|(contestant, chunks)| {
            format!("{} ({})", name(results, contestant), count(chunks, "chunk"))
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "Chunks that without a header would be below zero, and count as nothing: {}.",
            told.join(", ")
        )
    })
}

fn conversions(results: &Results) -> Option<String> {
    let mut conversions: BTreeMap<&str, usize> = BTreeMap::new();
    for conversion in results.clips.iter().filter_map(|clip| clip.conversion.as_deref()) {
        *conversions.entry(conversion).or_default() += 1;
    }
    let told: Vec<_> = conversions
        .into_iter()
        .map(|(conversion, clips)| format!("{conversion} ({})", count(clips, "clip")))
        .collect();
    (!told.is_empty()).then(|| format!("Converted: {}.", told.join("; ")))
}

fn outcomes(number: usize) -> String {
    match number {
        1 => "1 outcome was".into(),
        _ => format!("{number} outcomes were"),
    }
}

fn clip_name(results: &Results, clip: usize) -> String {
    results.clips.get(clip).map_or_else(|| format!("clip {clip}"), |clip| clip.name.clone())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! Results as charts.

mod along_time;
mod rates;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::pictures::{Canvas, Group};

use crate::contestant::Arrangement;
use crate::report::file;
use crate::report::numbers::grouped;
use crate::report::totals;
use crate::results::{Entry, Measured, Results};
use crate::{Clip, Error, Result};

/// Writes charts into a folder, each as SVG and as PNG: rate against speed, and rate by
/// file; of a clip, what it costs along time. A chart without data is not written. Returns
/// the files.
///
/// In a run that was interrupted, clips count that everybody was given. If clips were given
/// both in chunks and whole, the charts of whole ones have files of their own.
pub fn write(results: &Results, folder: &Path, clip: Option<&Clip>) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let mut save = |name: &str, canvas: Option<Canvas>| -> Result<()> {
        let Some(canvas) = canvas else { return Ok(()) };
        let png = canvas.png().map_err(|error| Error::new(format!("{name}.png: {error}")))?;
        for (extension, content) in [("svg", canvas.svg().into_bytes()), ("png", png)] {
            let path = folder.join(format!("{name}.{extension}"));
            file::write(&path, &content)?;
            written.push(path);
        }
        Ok(())
    };
    let reached = reached(results);
    let groups = totals::groups(&reached);
    if let Some(all) = groups.first() {
        for comparison in &all.comparisons {
            let ending = match comparison.arrangement {
                Arrangement::Whole if all.comparisons.len() > 1 => "-whole",
                _ => "",
            };
            let against_speed = rates::against_speed(&reached, all, comparison);
            save(&format!("rate-against-speed{ending}"), against_speed.draw())?;
            let by_file = rates::by_file(&reached, all, comparison);
            save(&format!("rate-by-file{ending}"), by_file.draw())?;
        }
    }
    if let Some(chart) = clip.and_then(|clip| along_time::chart(results, clip)) {
        save("cost-along-time", chart.draw())?;
    }
    Ok(written)
}

/// The results of those clips that all contestants were given in all arrangements.
fn reached(results: &Results) -> Results {
    let mut given: BTreeMap<usize, BTreeSet<(usize, Arrangement)>> = BTreeMap::new();
    for measured in &results.measured {
        let asked = given.entry(measured.clip).or_default();
        asked.insert((measured.contestant, measured.arrangement));
    }
    let all: BTreeSet<_> = given.values().flatten().copied().collect();
    let clips: Vec<usize> =
        given.iter().filter(|(_, asked)| **asked == all).map(|(&clip, _)| clip).collect();
    let clips: Vec<usize> = clips.into_iter().filter(|&clip| clip < results.clips.len()).collect();
    let measured = results.measured.iter().filter_map(|measured| {
        let clip = clips.binary_search(&measured.clip).ok()?;
        Some(Measured { clip, ..measured.clone() })
    });
    Results {
        measured: measured.collect(),
        clips: clips.iter().map(|&clip| results.clips[clip].clone()).collect(),
        ..results.clone()
    }
}

/// What kind of codec a contestant is.
fn kind(entry: &Entry) -> Group {
    match entry.weights {
        Some(_) => Group::LanguageModel,
        None if entry.name.starts_with("lmac ") => Group::Preset,
        None => Group::Baseline,
    }
}

fn chunk_size(results: &Results) -> Option<usize> {
    results.setting("chunk-size")?.parse().ok()
}

/// `chunks of 2,048 bytes, headers once`, as far as that is known; `whole files`.
fn arranged(results: &Results, arrangement: Arrangement) -> String {
    match arrangement {
        Arrangement::Whole => "whole files".into(),
        Arrangement::Files => "whole WAV files, a process each".into(),
        Arrangement::Chunks => {
            let size = chunk_size(results)
                .map_or("chunks".into(), |size| format!("chunks of {} bytes", grouped(size)));
            let headers = results.setting("headers");
            size + &headers.map_or(String::new(), |headers| format!(", headers {headers}"))
        }
    }
}

#[cfg(test)]
mod tests;

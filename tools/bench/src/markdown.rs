//! Results as tables of Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use lmac_pictures::significant;

use crate::results::{Origin, Results, Row, Way};

pub(crate) fn document(results: &Results) -> String {
    [ratios(results), costs(results), notes(results)].join("\n")
}

/// Compressed over WAV bytes, by kind.
fn ratios(results: &Results) -> String {
    let kinds = results.kinds();
    let all = results.all_files();
    let mut head = vec!["codec".into()];
    head.extend(kinds.iter().map(|(kind, files)| format!("{kind} ({})", files.len())));
    head.push(format!("total ({})", all.len()));
    table(
        &head,
        results.rows().map(|row| {
            let ratios = kinds.values().chain([&all]).map(|files| {
                results.ratio(row, files).map_or(String::new(), |ratio| format!("{ratio:.4}"))
            });
            [name(row)].into_iter().chain(ratios).collect()
        }),
    )
}

/// Speed and memory of what was measured.
fn costs(results: &Results) -> String {
    let baseline = results.baseline();
    let mut head: Vec<String> = ["codec", "encoding", "decoding"].map(Into::into).into();
    if let Some(baseline) = baseline {
        head.extend(Way::BOTH.map(|way| format!("{} / {}", way.name(), baseline.name)));
    }
    head.extend(Way::BOTH.map(|way| format!("peak memory, {}", way.name())));
    let measured = results.rows().filter(|row| row.origin != Origin::Stored);
    let lines = measured.map(|row| {
        let mut line = vec![name(row)];
        line.extend(Way::BOTH.map(|way| times(results.speed(row, way))));
        if baseline.is_some() {
            line.extend(Way::BOTH.map(|way| times(results.against_baseline(row, way))));
        }
        line.extend(Way::BOTH.map(|way| memory(row.peak(way))));
        line
    });
    table(&head, lines)
}

fn notes(results: &Results) -> String {
    let mut out = String::from(
        "Ratio: compressed bytes over WAV bytes. Speed: seconds of audio a second, on one \
         thread, without verification; a process for each file, and its start, reading and \
         writing count. Peak memory: the most that any file took; \
         what takes less than 3 MiB is not told apart.",
    );
    if results.rounds > 1 {
        let _ = write!(out, " Of {} rounds the quickest.", results.rounds);
    }
    out += "\n";
    let versions: BTreeMap<&str, &str> = results
        .rows()
        .filter_map(|row| Some((row.name.as_str(), row.version.as_deref()?)))
        .collect();
    if !versions.is_empty() {
        let versions = versions.iter().map(|(name, version)| format!("{name}: {version}"));
        let _ = writeln!(out, "Versions: {}.", versions.collect::<Vec<_>>().join("; "));
    }
    if results.rows().any(|row| row.origin == Origin::Stored) {
        out += "Stored: sizes that were measured before on the same files.\n";
    }
    let partial: Vec<_> = results.rows().filter(|row| !results.took_all(row)).collect();
    if !partial.is_empty() || results.idle().next().is_some() {
        out += "\n";
    }
    for row in partial {
        let files = row.files();
        let _ = write!(out, "- {} took {} of {} files", row.name, files.len(), {
            results.recordings.len()
        });
        if let Some(ratio) = results.ratio(row, &files) {
            let _ = write!(out, ": {ratio:.4} on these");
        }
        for own in results.rows().filter(|row| row.origin == Origin::Lmac) {
            if let Some(ratio) = results.ratio(own, &files) {
                let _ = write!(out, ", {} {ratio:.4}", own.name);
            }
        }
        let _ = writeln!(out, ".{}", reason(results, row));
    }
    for row in results.idle() {
        let _ = writeln!(out, "- {} took no file.{}", row.name, reason(results, row));
    }
    out
}

/// Why a codec did not take the first file that it did not take.
fn reason(results: &Results, row: &Row) -> String {
    row.refused.first_key_value().map_or(String::new(), |(&at, reason)| {
        format!(" {}: {}", results.recordings[at].name, one_line(reason))
    })
}

fn name(row: &Row) -> String {
    match row.origin {
        Origin::Lmac => format!("**{}**", row.name),
        _ => row.name.clone(),
    }
}

fn times(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{}×", significant(value)))
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or(String::new(), |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table(head: &[String], lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = String::new();
    let rule = [":--".into()].into_iter().chain(head.iter().skip(1).map(|_| "--:".into()));
    for line in [head.to_vec(), rule.collect()].into_iter().chain(lines) {
        for cell in line {
            let _ = write!(out, "| {} ", cell.replace('|', "\\|"));
        }
        out += "|\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::BASELINE;
    use crate::results::tests::{recordings, row};

    #[test]
    fn a_document() {
        let recordings = recordings(&[("a", 100), ("b|c", 300)]);
        let own = row("lmac x", Origin::Lmac, &[(0, 40, 1.0), (1, 100, 3.0)]);
        let flac = row(BASELINE, Origin::Program, &[(0, 50, 0.25), (1, 150, 0.25)]);
        let mut some = row("some", Origin::Stored, &[(1, 120, 0.0)]);
        some.refused.insert(0, "encoding: exit 1:\n no".into());
        let none = Row::new("none".into(), None, Origin::Program);
        let written = document(&Results::new(&recordings, 3, vec![none, some, flac, own]));
        let expected = "\
| codec | a (1) | b\\|c (1) | total (2) |
| :-- | --: | --: | --: |
| **lmac x** | 0.4000 | 0.3333 | 0.3500 |
| flac -8 | 0.5000 | 0.5000 | 0.5000 |
| some |  | 0.4000 |  |

| codec | encoding | decoding | encoding / flac -8 | decoding / flac -8 \
| peak memory, encoding | peak memory, decoding |
| :-- | --: | --: | --: | --: | --: | --: |
| **lmac x** | 5.00× | 10.0× | 0.125× | 0.125× | 100.0 MiB | 3.0 MiB |
| flac -8 | 40.0× | 80.0× | 1.00× | 1.00× | 150.0 MiB | 3.0 MiB |
";
        assert!(written.starts_with(expected), "{written}");
        let rest = &written[expected.len()..];
        assert!(rest.contains("Of 3 rounds the quickest."), "{rest}");
        assert!(
            rest.contains(
                "- some took 1 of 2 files: 0.4000 on these, lmac x 0.3333. \
             a/0.wav: encoding: exit 1: no\n"
            ),
            "{rest}"
        );
        assert!(rest.ends_with("- none took no file.\n"), "{rest}");
    }
}

//! Results as lines of values, for spreadsheets and statistics.

use crate::contestant::{Check, Outcome};
use crate::report::numbers::share;
use crate::report::totals::name;
use crate::results::{Results, Taken};
use crate::{Result, said};

const HEAD: [&str; 30] = [
    "clip",
    "folder",
    "rate_hz",
    "channels",
    "bits",
    "seconds",
    "pcm_bytes",
    "conversion",
    "contestant",
    "arrangement",
    "status",
    "bytes",
    "rate_percent",
    "estimated",
    "check",
    "encoding_seconds",
    "decoding_seconds",
    "peak_memory_bytes",
    "chunks",
    "tokens",
    "characters",
    "escapes",
    "token_bits",
    "plane_bits",
    "other_bytes",
    "expanded_chunks",
    "reason",
    "file_bytes",
    "encoding_peak_bytes",
    "decoding_peak_bytes",
];

/// Sets a line for each clip, contestant and arrangement, after one with the names of the
/// columns. A clip that differs after decoding has no bytes, so that no sum includes them.
pub fn document(results: &Results) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).map_err(said)?;
    for measured in &results.measured {
        let Some(clip) = results.clips.get(measured.clip) else { continue };
        let (status, reason) = fate(&measured.result);
        let outcome = measured.result.counting();
        let mut line = vec![
            clip.name.clone(),
            clip.folder.clone(),
            clip.rate.to_string(),
            clip.channels.to_string(),
            clip.bits.to_string(),
            clip.seconds.to_string(),
            clip.pcm_bytes.to_string(),
            clip.conversion.clone().unwrap_or_default(),
            name(results, measured.contestant),
            measured.arrangement.name().into(),
            status.into(),
        ];
        line.extend(numbers(outcome, clip.size(measured.arrangement)));
        line.push(reason.into());
        line.push(cell(clip.file_bytes));
        line.push(cell(outcome.and_then(|outcome| outcome.encoding_peak)));
        line.push(cell(outcome.and_then(|outcome| outcome.decoding_peak)));
        writer.write_record(&line).map_err(said)?;
    }
    String::from_utf8(writer.into_inner().map_err(said)?).map_err(said)
}

fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn fate(taken: &Taken) -> (&'static str, &str) {
    match taken {
        Taken::Done(Outcome { check: Check::Failed(reason), .. }) => ("differs", reason),
        Taken::Done(_) => ("done", ""),
        Taken::Refused { reason } => ("refused", reason),
        Taken::Failed { reason } => ("failed", reason),
    }
}

/// The numbers of a result that counts, or empty cells.
fn numbers(outcome: Option<&Outcome>, size: u64) -> [String; 15] {
    let account = outcome.and_then(|outcome| outcome.account.as_ref());
    [
        cell(outcome.map(|outcome| outcome.bytes)),
        cell(outcome.and_then(|outcome| share(outcome.bytes as f64, size as f64))),
        cell(outcome.map(|outcome| outcome.estimated)),
        cell(outcome.map(|outcome| match outcome.check {
            Check::Passed => "passed",
            Check::Skipped => "skipped",
            Check::Failed(_) => "failed",
        })),
        cell(outcome.and_then(|outcome| outcome.encoding)),
        cell(outcome.and_then(|outcome| outcome.decoding)),
        cell(outcome.and_then(|outcome| outcome.peak_memory)),
        cell(outcome.map(|outcome| outcome.chunks.len())),
        cell(account.map(|account| account.tokens)),
        cell(account.map(|account| account.characters)),
        cell(account.map(|account| account.escapes)),
        cell(account.map(|account| account.token_bits.iter().sum::<f64>())),
        cell(account.map(|account| account.plane_bits.iter().sum::<f64>())),
        cell(account.map(|account| account.other_bytes)),
        cell(account.map(|account| account.expanded)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::results;

    #[test]
    fn a_line_for_each() {
        let mut results = results();
        results.clips[0].name = "music/a,\"b\".wav".into();
        let written = document(&results).unwrap();
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEAD);
        let lines: Vec<_> = reader.records().map(|line| line.unwrap()).collect();
        let value = |line: usize, column: &str| {
            &lines[line][HEAD.iter().position(|name| *name == column).unwrap()]
        };
        assert_eq!(lines.len(), 6);
        assert_eq!(value(0, "clip"), "music/a,\"b\".wav");
        assert_eq!((value(0, "contestant"), value(0, "rate_percent")), ("gzip", "90"));
        assert_eq!((value(1, "folder"), value(1, "tokens")), ("music", "90"));
        assert_eq!((value(1, "token_bits"), value(1, "plane_bits")), ("500", "100"));
        assert_eq!((value(2, "status"), value(2, "bytes")), ("differs", ""));
        assert_eq!(value(2, "reason"), "byte 7 differs");
        assert_eq!((value(3, "status"), value(3, "check")), ("refused", ""));
        assert_eq!(value(3, "conversion"), "16 to 8 bits: >> 8");
        assert_eq!((value(5, "chunks"), value(5, "expanded_chunks")), ("2", "2"));
    }
    #[test]
    fn every_column_is_documented() {
        let documentation = include_str!("../../FORMAT.md");
        for name in HEAD {
            assert!(documentation.contains(&format!("`{name}`")), "{name} is not in FORMAT.md");
        }
    }
}

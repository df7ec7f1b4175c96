//! Results as JSON, which is documented in `FORMAT.md` and read back.

mod lines;
mod shape;
mod sums;

use serde::Deserialize;
use serde_json::Serializer;

use crate::results::Results;
use crate::{Error, Result};

/// What a document says that it is.
const FORMAT: &str = "lmac eval";
/// Raised when a field goes or means something else.
const VERSION: u32 = 1;

/// Everything, with totals.
pub fn document(results: &Results) -> Result<String> {
    use serde::Serialize;
    let document = shape::Document::from(results);
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, lines::Lines::default());
    document
        .serialize(&mut serializer)
        .map_err(|error| Error::new(format!("results as JSON: {error}")))?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|error| Error::new(format!("results as JSON: {error}")))
}

/// The results that a document was made of. Totals follow from them and are not read.
pub fn read(text: &str) -> Result<Results> {
    #[derive(Deserialize)]
    struct Kind {
        format: String,
        version: u32,
    }
    let wrong = |error: serde_json::Error| Error::new(format!("is no results: {error}"));
    let kind: Kind = serde_json::from_str(text).map_err(wrong)?;
    if kind.format != FORMAT {
        return Err(Error::new(format!("is no results: its format is '{}'", kind.format)));
    }
    if kind.version != VERSION {
        return Err(Error::new(format!(
            "has results of version {}, and this program reads version {VERSION}",
            kind.version
        )));
    }
    serde_json::from_str::<shape::Document>(text).map_err(wrong)?.results()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::results;
    use serde_json::Value;

    #[test]
    fn what_is_written_is_read() {
        let mut before = results();
        before.measured[0].arrangement = crate::Arrangement::Whole;
        before.measured[5].result = crate::Taken::Failed("crashed:\n\"no\"".into());
        before.measured[1] = {
            let mut measured = before.measured[1].clone();
            let crate::Taken::Done(outcome) = &mut measured.result else { panic!("was done") };
            outcome.encoding = 0.1 + 0.2;
            outcome.clamped = 3;
            outcome.chunks = vec![1.0 / 3.0, 1e-300, 2.0f64.powi(60)];
            outcome.check = crate::Check::Skipped;
            outcome.decoding = None;
            measured
        };
        for complete in [false, true] {
            before.complete = complete;
            let after = read(&document(&before).unwrap()).unwrap();
            assert_eq!(after.settings, before.settings);
            assert_eq!(after.clips, before.clips);
            assert_eq!(after.skipped, before.skipped);
            assert_eq!(after.contestants, before.contestants);
            assert_eq!(after.measured, before.measured);
            assert_eq!(after.complete, complete);
        }
        let nothing = read(&document(&Results::default()).unwrap()).unwrap();
        assert!(nothing.measured.is_empty());
    }

    #[test]
    fn a_line_for_each_result() {
        let written = document(&results()).unwrap();
        let line = written.lines().find(|line| line.contains("\"clip\":2")).unwrap();
        let result: Value = serde_json::from_str(line.trim().trim_end_matches(',')).unwrap();
        assert_eq!(result["contestant_name"], "gzip");
        assert_eq!(result["rate_percent"], 50.0);
        assert_eq!(result["counts"], true);
    }

    #[test]
    fn totals_are_in_it() {
        let document: Value = serde_json::from_str(&document(&results()).unwrap()).unwrap();
        let all = &document["totals"][0];
        assert_eq!(all["scope"], "all");
        let tiny = &all["comparisons"][0]["totals"][1];
        assert_eq!(tiny["contestant_name"], "tiny");
        assert_eq!(tiny["rate_percent"], 8.0);
        assert_eq!(tiny["adjusted"]["file_percent"], 28.0);
        assert_eq!(tiny["bits"]["positions"][1]["planes_percent"], 1.25);
        assert_eq!(document["totals"][1]["folder"], "music");
    }

    #[test]
    fn other_documents_are_refused() {
        let written = document(&results()).unwrap();
        for (from, to, message) in [
            ("\"version\": 1", "\"version\": 2", "version 2"),
            ("\"lmac eval\"", "\"other\"", "'other'"),
            ("\"clip\":2,", "\"clip\":3,", "clip 3"),
            ("\"contestant_name\":\"tiny\"", "\"contestant_name\":\"big\"", "'big'"),
            ("\"bytes\":900,", "", "has no bytes"),
            ("\"status\":\"done\"", "\"status\":\"lost\"", "lost"),
        ] {
            let other = written.replace(from, to);
            assert_ne!(other, written, "{from}");
            let error = read(&other).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(read("").is_err());
        assert!(read(&written[..written.len() / 2]).is_err());
        // What later programs add is passed over.
        let more = written.replace("\"complete\"", "\"more\": [1], \"complete\"");
        assert_eq!(read(&more).unwrap().measured, results().measured);
    }

    #[test]
    fn every_field_is_documented() {
        fn names(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    for (name, value) in fields {
                        found.push(name.clone());
                        names(value, found);
                    }
                }
                Value::Array(values) => values.iter().for_each(|value| names(value, found)),
                _ => {}
            }
        }
        let mut results = results();
        results.measured.push(crate::report::samples::measured(
            1,
            0,
            crate::Taken::Done(crate::report::samples::outcome(10)),
        ));
        let document = serde_json::from_str(&document(&results).unwrap()).unwrap();
        let mut found = Vec::new();
        names(&document, &mut found);
        assert!(found.len() > 50);
        let documentation = include_str!("../../../FORMAT.md");
        for name in found {
            assert!(documentation.contains(&format!("`{name}`")), "{name} is not in FORMAT.md");
        }
    }
}

//! Results as JSON, which is documented in `FORMAT.md` and read back.

use serde::{Deserialize, Serialize};

use crate::report::numbers::share;
use crate::report::totals::{groups, name};
use crate::results::{ClipFacts, Entry, Measured, Results, Setting, Skipped};
use crate::{Error, Result, said};

/// The value of `format` in a document.
const FORMAT: &str = "lmac eval";
/// Raised when a field goes or means something else.
const VERSION: u32 = 1;

/// Everything, with totals. Each item of a list has a line of its own.
pub fn document(results: &Results) -> Result<String> {
    let items = results.measured.iter().map(|measured| Item::new(results, measured));
    let fields = [
        field("format", &FORMAT),
        field("version", &VERSION),
        field("writer", &concat!("lmac ", env!("CARGO_PKG_VERSION"))),
        field("complete", &results.complete),
        list("settings", &results.settings),
        list("clips", &results.clips),
        list("skipped", &results.skipped),
        list("contestants", &results.contestants),
        list("results", &items.collect::<Vec<_>>()),
        list("totals", &groups(results)),
    ];
    let fields: serde_json::Result<Vec<String>> = fields.into_iter().collect();
    let fields = fields.map_err(|error| said(error).about("results as JSON"))?;
    Ok(format!("{{\n{}\n}}\n", fields.join(",\n")))
}

fn field(name: &str, value: &impl Serialize) -> serde_json::Result<String> {
    Ok(format!("  \"{name}\": {}", serde_json::to_string(value)?))
}

fn list(name: &str, items: &[impl Serialize]) -> serde_json::Result<String> {
    let lines = items.iter().map(|item| Ok(format!("    {}", serde_json::to_string(item)?)));
    let lines = lines.collect::<serde_json::Result<Vec<String>>>()?;
    let lines =
        if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
    Ok(format!("  \"{name}\": [{lines}]"))
}

/// A result, with names and derived numbers.
#[derive(Serialize)]
struct Item<'a> {
    clip_name: &'a str,
    contestant_name: String,
    #[serde(flatten)]
    measured: &'a Measured,
    counts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_percent: Option<f64>,
}

impl<'a> Item<'a> {
    fn new(results: &'a Results, measured: &'a Measured) -> Self {
        let clip = results.clips.get(measured.clip);
        let size = clip.map_or(0, |clip| clip.size(measured.arrangement));
        let counting = measured.result.counting();
        Item {
            clip_name: clip.map_or("", |clip| &clip.name),
            contestant_name: name(results, measured.contestant),
            measured,
            counts: counting.is_some(),
            rate_percent: counting.and_then(|outcome| share(outcome.bytes as f64, size as f64)),
        }
    }
}

/// The results that a document was made of. Totals follow from them and are not read.
pub fn read(text: &str) -> Result<Results> {
    #[derive(Deserialize)]
    struct Kind {
        format: String,
        version: u32,
    }
    #[derive(Deserialize)]
    struct Document {
        complete: bool,
        settings: Vec<Setting>,
        clips: Vec<ClipFacts>,
        skipped: Vec<Skipped>,
        contestants: Vec<Entry>,
        results: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        clip_name: String,
        contestant_name: String,
        #[serde(flatten)]
        measured: Measured,
    }
    let wrong = |error: serde_json::Error| Error::new(format!("not results: {error}"));
    let kind: Kind = serde_json::from_str(text).map_err(wrong)?;
    if kind.format != FORMAT {
        return Err(Error::new(format!("not results: the format is '{}'", kind.format)));
    }
    if kind.version != VERSION {
        return Err(Error::new(format!(
            "results of version {}; this program reads version {VERSION}",
            kind.version
        )));
    }
    let document: Document = serde_json::from_str(text).map_err(wrong)?;
    let Document { complete, settings, clips, skipped, contestants, results: items } = document;
    let mut measured = Vec::with_capacity(items.len());
    for (number, item) in items.into_iter().enumerate() {
        let about = |error: Error| error.about(format!("result {number}"));
        let clip = clips.get(item.measured.clip).map(|clip| &clip.name);
        named("clip", item.measured.clip, clip, &item.clip_name).map_err(about)?;
        let entry = contestants.get(item.measured.contestant).map(|entry| &entry.name);
        named("contestant", item.measured.contestant, entry, &item.contestant_name)
            .map_err(about)?;
        measured.push(item.measured);
    }
    Ok(Results { complete, settings, clips, skipped, contestants, measured })
}

/// Fails where a number and a name mean different things.
fn named(kind: &str, number: usize, known: Option<&String>, name: &str) -> Result<()> {
    match known {
        Some(known) if known == name => Ok(()),
        Some(known) => Err(Error::new(format!("{kind} {number} is '{known}', not '{name}'"))),
        None => Err(Error::new(format!("{kind} {number} does not exist"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::results;
    use serde_json::Value;

    #[test]
    fn a_document_reads_back() {
        let mut before = results();
        before.measured[0].arrangement = crate::Arrangement::Whole;
        before.measured[5].result = crate::Taken::Failed { reason: "crashed:\n\"no\"".into() };
        before.measured[1] = {
            let mut measured = before.measured[1].clone();
            let crate::Taken::Done(outcome) = &mut measured.result else { panic!("was done") };
            outcome.encoding = Some(0.1 + 0.2);
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
            ("\"bytes\":900,", "", "missing field `bytes`"),
            ("\"status\":\"done\"", "\"status\":\"lost\"", "lost"),
        ] {
            let other = written.replace(from, to);
            assert_ne!(other, written, "{from}");
            let error = read(&other).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(read("").is_err());
        assert!(read(&written[..written.len() / 2]).is_err());
        // Fields of later programs are ignored.
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
        let documentation = include_str!("../../FORMAT.md");
        for name in found {
            assert!(documentation.contains(&format!("`{name}`")), "{name} is not in FORMAT.md");
        }
    }
}

//! Sizes and speeds as tables.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::Result;
use crate::contestants::Measured;
use crate::corpus::Recording;

pub(crate) struct Report<'a> {
    recordings: &'a [Recording],
    columns: Vec<Column>,
}

/// One contestant: what it did with each file it took.
struct Column {
    name: String,
    measured: BTreeMap<usize, Measured>,
    /// Sizes that were measured elsewhere, without times.
    stored: bool,
}

impl<'a> Report<'a> {
    pub(crate) fn new(recordings: &'a [Recording]) -> Self {
        Report { recordings, columns: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: String, recording: usize, measured: Measured) {
        let at = self.columns.iter().position(|column| column.name == name);
        let at = at.unwrap_or_else(|| {
            self.columns.push(Column { name, measured: BTreeMap::new(), stored: false });
            self.columns.len() - 1
        });
        self.columns[at].measured.insert(recording, measured);
    }

    /// Adds sizes from a CSV file, for the files that are here.
    pub(crate) fn add_stored(&mut self, csv: &str) -> Result<()> {
        let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().ok_or("the CSV file of other codecs is empty")?;
        let wav = header.iter().position(|&name| name == "wav").ok_or("it has no column wav")?;
        let rows: BTreeMap<&str, Vec<&str>> =
            lines.filter_map(|row| Some((*row.first()?, row))).collect();
        for (at, name) in header.iter().enumerate().skip(wav + 1) {
            let mut measured = BTreeMap::new();
            for (number, recording) in self.recordings.iter().enumerate() {
                let cell = rows.get(recording.name.as_str()).and_then(|row| row.get(at));
                if let Some(bytes) = cell.and_then(|cell| cell.parse().ok()) {
                    let sizes = Measured { bytes, encode_seconds: 0.0, decode_seconds: 0.0 };
                    measured.insert(number, sizes);
                }
            }
            let name = format!("{name} (stored)");
            self.columns.push(Column { name, measured, stored: true });
        }
        Ok(())
    }

    /// Ratios by kind, and speeds, a line for each contestant that took all files of a
    /// kind; those that took all files first.
    pub(crate) fn markdown(&self) -> String {
        let mut kinds: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, recording) in self.recordings.iter().enumerate() {
            kinds.entry(&recording.kind).or_default().push(number);
        }
        let all: Vec<usize> = (0..self.recordings.len()).collect();

        let mut out = String::from("| codec |");
        for (kind, files) in &kinds {
            let _ = write!(out, " {kind} ({}) |", files.len());
        }
        out += " total | encoding | decoding |\n|:--|";
        out += &"--:|".repeat(kinds.len() + 3);
        out += "\n";

        let mut columns: Vec<_> = self.columns.iter().collect();
        columns.sort_by(|a, b| {
            let ratio = |column: &Column| self.ratio(column, &all).unwrap_or(f64::INFINITY);
            ratio(a).total_cmp(&ratio(b))
        });
        for column in columns {
            let _ = write!(out, "| {} |", column.name);
            for files in kinds.values().chain([&all]) {
                match self.ratio(column, files) {
                    Some(ratio) => drop(write!(out, " {ratio:.4} |")),
                    None => out += " |",
                }
            }
            let seconds: f64 = column.measured.keys().map(|&at| self.recordings[at].seconds).sum();
            let speed = |time: fn(&Measured) -> f64| {
                seconds / column.measured.values().map(time).sum::<f64>()
            };
            if column.stored {
                out += " | |\n";
            } else {
                let encoding = speed(|measured| measured.encode_seconds);
                let decoding = speed(|measured| measured.decode_seconds);
                let _ = writeln!(out, " {encoding:.0} | {decoding:.0} |");
            }
        }
        out += "\nCompressed bytes over WAV bytes; speed in seconds of audio a second, on one \
                thread, without verification.\n";
        out
    }

    /// Compressed over WAV bytes, where the contestant took all of these files.
    fn ratio(&self, column: &Column, files: &[usize]) -> Option<f64> {
        let mut bytes = 0;
        let mut wav = 0;
        for at in files {
            bytes += column.measured.get(at)?.bytes;
            wav += self.recordings[*at].wav.len() as u64;
        }
        Some(bytes as f64 / wav as f64)
    }

    /// Everything, file by file.
    pub(crate) fn json(&self) -> Value {
        let files = self.recordings.iter().enumerate().map(|(number, recording)| {
            let codecs: serde_json::Map<_, _> = self
                .columns
                .iter()
                .filter_map(|column| {
                    let measured = column.measured.get(&number)?;
                    let mut value = json!({ "bytes": measured.bytes });
                    if !column.stored {
                        value["encode_seconds"] = measured.encode_seconds.into();
                        value["decode_seconds"] = measured.decode_seconds.into();
                    }
                    Some((column.name.clone(), value))
                })
                .collect();
            json!({
                "file": recording.name,
                "kind": recording.kind,
                "wav_bytes": recording.wav.len(),
                "seconds": recording.seconds,
                "codecs": codecs,
            })
        });
        Value::Array(files.collect())
    }
}

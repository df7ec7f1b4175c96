//! Sizes that other codecs reached elsewhere, from a CSV file.
//!
//! A column `file` names the recordings, a column `wav` their bytes, and every column after
//! that is a codec. An empty cell is a file that the codec did not take; files that are not
//! here are passed over.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, Trim};

use crate::corpus::Recording;
use crate::failure::{About, Result};
use crate::results::{Measured, Origin, Row};

pub(crate) fn read(path: &Path, recordings: &[Recording]) -> Result<Vec<Row>> {
    let file = File::open(path).about(path.display())?;
    parse(file, recordings).about(path.display())
}

fn parse(csv: impl Read, recordings: &[Recording]) -> Result<Vec<Row>> {
    let numbers: HashMap<&str, usize> = recordings
        .iter()
        .enumerate()
        .map(|(number, recording)| (recording.name.as_str(), number))
        .collect();
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(csv);
    let header = reader.headers()?.clone();
    let column = |wanted: &str| {
        let found = header.iter().position(|name| name == wanted);
        found.ok_or_else(|| format!("there is no column {wanted}"))
    };
    let file = column("file")?;
    let wav = column("wav")?;
    let mut rows: Vec<Row> = header
        .iter()
        .skip(wav + 1)
        .map(|name| Row::new(format!("{name} (stored)"), None, Origin::Stored))
        .collect();
    for record in reader.records() {
        let record = record?;
        let Some(&number) = record.get(file).and_then(|name| numbers.get(name)) else {
            continue;
        };
        let recording = &recordings[number];
        let cell = |at: usize| size(record.get(at).unwrap_or_default(), &header[at]);
        if let Some(bytes) = cell(wav).about(&recording.name)? {
            same_file(bytes, recording).about(&recording.name)?;
        }
        for (row, at) in rows.iter_mut().zip(wav + 1..) {
            if let Some(bytes) = cell(at).about(&recording.name)? {
                row.measured.insert(number, Measured { bytes, costs: None });
            }
        }
    }
    rows.retain(|row| !row.measured.is_empty());
    Ok(rows)
}

fn size(cell: &str, column: &str) -> Result<Option<u64>> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().map(Some).about(format_args!("{column}: \"{cell}\" is no size"))
}

/// The sizes may be of a file without what is around the audio, but of no other audio.
fn same_file(bytes: u64, recording: &Recording) -> Result<()> {
    if (recording.audio.pcm_bytes..=recording.bytes).contains(&bytes) {
        return Ok(());
    }
    Err(format!("the sizes are of another file: {bytes} bytes, not {}", recording.bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::recordings;

    fn parsed(csv: &str) -> std::result::Result<Vec<Row>, String> {
        // a/0.wav and a/1.wav, of 100 and 200 bytes with 44 of them around the audio.
        let recordings = recordings(&[("a", 100), ("a", 200)]);
        parse(csv.as_bytes(), &recordings).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_after_wav_are_codecs() {
        let rows = parsed(
            "bits,file,wav,one,\"two, or more\",three\r\n\
             16,a/1.wav,200,150,,\r\n\
             16,elsewhere.wav,1,1,1,1\r\n\
             16,a/0.wav,60,50,40,\r\n",
        )
        .unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["one (stored)", "two, or more (stored)"]);
        let sizes = |row: &Row| -> Vec<_> {
            row.measured.iter().map(|(&at, measured)| (at, measured.bytes)).collect()
        };
        assert_eq!(sizes(&rows[0]), [(0, 50), (1, 150)]);
        assert_eq!(sizes(&rows[1]), [(0, 40)]);
        assert!(rows.iter().all(|row| row.origin == Origin::Stored));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "there is no column file"),
            ("file,one\n", "there is no column wav"),
            ("file,wav,one\na/0.wav,100,x5\n", "a/0.wav: one: \"x5\" is no size"),
            ("file,wav,one\na/0.wav,55,5\n", "a/0.wav: the sizes are of another file: 55"),
            ("file,wav,one\na/0.wav,101,5\n", "a/0.wav: the sizes are of another file: 101"),
            ("file,wav,one\na/0.wav,100\n", "line: 2"),
        ];
        for (csv, expected) in cases {
            let error = parsed(csv).err().unwrap_or_default();
            assert!(error.contains(expected), "{csv:?}: {error}");
        }
    }
}

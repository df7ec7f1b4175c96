//! Rates over several clips.

use std::path::Path;

use lmac::{AudioSpec, Preset};
use lmac_eval::report::totals::{Sum, Total, groups};
use lmac_eval::report::{csv, table};
use lmac_eval::{
    ByChunks, Codec, Contestant, Error, Headers, LmacPreset, Result, Results, Selection,
};

use crate::{HEADER, Plain, Random, results, write};

fn selection() -> Selection {
    Selection { chunk_bytes: 100, ..Selection::default() }
}

fn noise(length: usize) -> impl Iterator<Item = i32> {
    let mut random = Random(5);
    (0..length).map(move |_| i32::from(random.next() as i16))
}

fn total(results: &Results, contestant: usize) -> Total {
    groups(results)[0].comparisons[0].totals[contestant].clone()
}

#[test]
fn a_rate_is_bytes_over_bytes_and_no_mean_of_rates() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("long.wav"), 16, vec![0; 10_000]);
    write(&folder.path().join("short.wav"), 16, noise(100));
    let results = results(
        folder.path(),
        &selection(),
        Headers::Once,
        vec![Box::new(LmacPreset::new(Preset::Light))],
    );
    let total = total(&results, 0);
    let each: Vec<_> =
        results.measured.iter().map(|one| one.result.counting().unwrap().bytes).collect();
    assert_eq!(total.sum, Sum::new(2, each[0] + each[1], 20_200));
    let rate = total.sum.rate.unwrap();
    assert_eq!(rate, 100.0 * (each[0] + each[1]) as f64 / 20_200.0);
    let mean = 100.0 * (each[0] as f64 / 20_000.0 + each[1] as f64 / 200.0) / 2.0;
    assert!(mean > rate + 20.0, "{mean} {rate}");
}

#[test]
fn a_rate_is_over_the_audio_as_converted_and_not_over_what_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.wav"), 16, noise(1000));
    for (bit_depth, pcm_bytes) in [(None, 2000), (Some(8), 1000), (Some(24), 3000)] {
        let selection = Selection { bit_depth, ..selection() };
        let contestant = Box::new(ByChunks::new(Plain));
        let results = results(folder.path(), &selection, Headers::Each, vec![contestant]);
        let sum = total(&results, 0).sum;
        assert_eq!(sum.pcm_bytes, pcm_bytes);
        // Chunks are whole frames: 33 of three bytes are 99.
        let chunk = 100 - 100 % (pcm_bytes / 1000);
        let headers = pcm_bytes.div_ceil(chunk) * HEADER as u64;
        assert_eq!(sum.rate, Some(100.0 * (pcm_bytes + headers) as f64 / pcm_bytes as f64));
    }
}

#[test]
fn the_last_chunk_is_in_both_or_in_neither() {
    let folder = tempfile::tempdir().unwrap();
    // Two chunks and a half.
    write(&folder.path().join("a.wav"), 16, noise(125));
    for (full_chunks_only, chunks, pcm_bytes) in [(false, 3, 250), (true, 2, 200)] {
        let selection = Selection { full_chunks_only, ..selection() };
        let contestant = Box::new(ByChunks::new(Plain));
        let results = results(folder.path(), &selection, Headers::Each, vec![contestant]);
        assert_eq!(results.measured[0].result.counting().unwrap().chunks.len(), chunks);
        let bytes = pcm_bytes + (chunks * HEADER) as u64;
        assert_eq!(total(&results, 0).sum, Sum::new(1, bytes, pcm_bytes));
    }
}

/// Loses clips that begin with 7, all but a byte of each chunk, and owns up to it or not.
struct Loses {
    owns_up: bool,
}

impl Codec for Loses {
    fn name(&self) -> &str {
        "loses"
    }

    fn description(&self) -> String {
        "loses some clips".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        if !pieces.iter().any(|piece| piece[0] == 7) {
            return Plain.encode(pieces, spec);
        }
        match self.owns_up {
            true => Err(Error::new("out of luck")),
            false => Ok(pieces.iter().map(|_| vec![0; HEADER + 1]).collect()),
        }
    }

    fn decode(&self, coded: &[Vec<u8>], spec: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Plain.decode(coded, spec)
    }
}

fn with_a_loss(folder: &Path, owns_up: bool) -> Results {
    write(&folder.join("good.wav"), 16, vec![1; 100]);
    write(&folder.join("lost.wav"), 16, vec![7; 50]);
    let contestants: Vec<Box<dyn Contestant>> =
        vec![Box::new(ByChunks::new(Loses { owns_up })), Box::new(ByChunks::new(Plain))];
    results(folder, &selection(), Headers::Each, contestants)
}

#[test]
fn clips_that_differ_are_in_no_rate() {
    let folder = tempfile::tempdir().unwrap();
    let results = with_a_loss(folder.path(), false);
    told_and_left_out(
        &results,
        "lost.wav, loses, in chunks: differs after decoding: chunk 0: byte 0",
    );
}

#[test]
fn failures_are_in_no_rate() {
    let folder = tempfile::tempdir().unwrap();
    let results = with_a_loss(folder.path(), true);
    told_and_left_out(&results, "lost.wav, loses, in chunks: encoding chunks 0 to 0: out of luck");
}

fn told_and_left_out(results: &Results, failure: &str) {
    let loses = total(results, 0);
    assert_eq!(loses.sum, Sum::new(1, 220, 200));
    assert_eq!((loses.tally.failed, loses.tally.passed), (1, 1));
    // The other is compared on the common clips.
    assert_eq!(total(results, 1).sum.clips, 2);
    assert_eq!(total(results, 1).common, Some(loses.sum));

    let text = table::document(results);
    assert!(text.contains(failure), "{text}");
    let partial = text.lines().find(|line| line.contains("loses")).unwrap();
    assert!(partial.contains('*') && partial.contains("1 of 2"), "{text}");
    let lines = csv::document(results).unwrap();
    let lost = lines.lines().find(|line| line.contains("lost.wav") && line.contains("loses"));
    let cells: Vec<_> = lost.unwrap().split(',').collect();
    let head: Vec<_> = lines.lines().next().unwrap().split(',').collect();
    let bytes = head.iter().position(|name| *name == "bytes").unwrap();
    assert_eq!(cells[bytes..bytes + 2], ["", ""]);
}

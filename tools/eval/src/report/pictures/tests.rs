use std::fs;

use lmac::{AudioSpec, SampleFormat};

use super::*;
use crate::contestant::Outcome;
use crate::report::samples::{entry, measured, outcome, results};
use crate::results::Taken;

/// The samples' results, of which `tiny` takes all clips, and a preset that takes all.
fn some() -> Results {
    let mut results = results();
    for measured in &mut results.measured {
        if measured.contestant == 1 && measured.clip == 1 {
            measured.result = Taken::Done(Outcome { chunks: vec![900.0; 2], ..outcome(1800) });
        }
    }
    results.contestants.push(entry("lmac fast", None));
    for clip in 0..3 {
        let outcome = Outcome { chunks: vec![200.0; 2], ..outcome(400) };
        results.measured.push(measured(clip, 2, Taken::Done(outcome)));
    }
    results
}

fn clip() -> Clip {
    Clip {
        name: "music/b.wav".into(),
        spec: AudioSpec::new(SampleFormat::U8, 1, 8000),
        pcm: (0..4000u32).map(|at| (at * at / 50 % 200) as u8).collect(),
        file: None,
    }
}

fn names(files: &[PathBuf]) -> Vec<&str> {
    files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect()
}

#[test]
fn all_charts_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    let files = write(&some(), &pictures, Some(&clip())).unwrap();
    assert_eq!(
        names(&files),
        [
            "rate-against-speed.svg",
            "rate-against-speed.png",
            "rate-by-file.svg",
            "rate-by-file.png",
            "cost-along-time.svg",
            "cost-along-time.png"
        ]
    );
    assert_eq!(fs::read_dir(&pictures).unwrap().count(), 6, "and nothing else");
    let first: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, content) in files.iter().zip(&first) {
        let start: &[u8] = if path.extension().unwrap() == "svg" { b"<svg " } else { b"\x89PNG" };
        assert!(content.starts_with(start), "{}", path.display());
    }
    let files = write(&some(), &pictures, Some(&clip())).unwrap();
    let again: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(first == again, "the same results make the same bytes");

    let text = |at: usize| String::from_utf8(first[at].clone()).unwrap();
    let speed = text(0);
    assert!(speed.contains(">lmac fast</text>") && speed.contains(">tiny</text>"), "{speed}");
    assert!(!speed.contains(">gzip</text>"), "a clip did not come back");
    assert!(speed.contains("left out: gzip (2 of 3)"), "{speed}");
    assert!(speed.contains("chunks of 2,048 bytes, headers once"), "{speed}");
    // 1200 of 7000 bytes.
    assert!(speed.contains("<title>lmac fast: 17.14 %, "), "{speed}");
    let by_file = text(2);
    assert!(by_file.contains(">gzip</text>") && by_file.contains("<title>gzip: 90.00 %"));
    assert!(by_file.contains(">lmac fast (17.14 %)</text>"), "{by_file}");
    assert!(by_file.contains(">10.0 % lmac fast</text>"), "{by_file}");
    let cost = text(4);
    // 400 bytes for 4,000 samples.
    assert!(cost.contains(">lmac fast (0.80 bits)</text>"), "{cost}");
    assert!(cost.contains(">Cost along time: music/b.wav</text>"), "{cost}");
    assert!(!cost.contains("gzip"), "it did not come back");
}

#[test]
fn whole_files_have_charts_of_their_own_beside_chunks() {
    let mut results = some();
    let whole: Vec<Measured> = (results.measured.iter())
        .map(|measured| Measured { arrangement: Arrangement::Whole, ..measured.clone() })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let only = Results { measured: whole.clone(), ..results.clone() };
    let files = write(&only, folder.path(), Some(&clip())).unwrap();
    assert_eq!(files.len(), 4, "whole files have no cost along time");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    let text = fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("; whole files. "), "{text}");
    results.measured.extend(whole);
    let files = write(&results, folder.path(), None).unwrap();
    assert_eq!(
        names(&files)[4..6],
        ["rate-against-speed-whole.svg", "rate-against-speed-whole.png"]
    );
    assert_eq!(files.len(), 8);
}

#[test]
fn clips_that_not_all_were_given_do_not_count() {
    let mut results = some();
    results.complete = false;
    results.measured.retain(|measured| measured.clip != 1 || measured.contestant == 0);
    let reached = reached(&results);
    let clips: Vec<_> = reached.clips.iter().map(|clip| clip.name.as_str()).collect();
    assert_eq!(clips, ["music/a|b.wav", "speech/c.wav"]);
    let clips: Vec<_> = reached.measured.iter().map(|measured| measured.clip).collect();
    assert_eq!(clips, [0, 0, 1, 1, 0, 1]);
    let folder = tempfile::tempdir().unwrap();
    let files = write(&results, folder.path(), None).unwrap();
    let text = fs::read_to_string(&files[0]).unwrap();
    assert!(
        text.contains(">gzip (63.3 %)</text>") && text.contains("2 files, which the run came to")
    );
}

#[test]
fn without_results_there_are_no_charts() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write(&Results::default(), folder.path(), None).unwrap(), [] as [PathBuf; 0]);
    assert_eq!(write(&Results::default(), folder.path(), Some(&clip())).unwrap().len(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn where_nothing_can_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&some(), &file, None).unwrap_err().to_string();
    assert!(error.contains("rate-against-speed.svg: "), "{error}");
}

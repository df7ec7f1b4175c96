use std::fs;

use hound::{SampleFormat as Kind, WavSpec, WavWriter};

use super::*;
use crate::testing::{folder, ramp, write};

fn write_floats(path: &Path) {
    let spec =
        WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 32, sample_format: Kind::Float };
    let mut writer = WavWriter::create(path, spec).unwrap();
    writer.write_sample(0.5f32).unwrap();
    writer.finalize().unwrap();
}

fn names(dataset: &Dataset) -> Vec<&str> {
    dataset.facts().iter().map(|facts| facts.name.as_str()).collect()
}

fn sizes(dataset: &Dataset) -> Vec<u64> {
    for (number, facts) in dataset.facts().iter().enumerate() {
        let clip = dataset.load(number).unwrap();
        assert_eq!(clip.pcm.len() as u64, facts.pcm_bytes);
        assert_eq!((&clip.name, clip.spec.format.bits()), (&facts.name, facts.bits));
    }
    dataset.facts().iter().map(|facts| facts.pcm_bytes).collect()
}

#[test]
fn all_frames_of_all_files_are_taken() {
    let folder = folder();
    let dataset = Dataset::folder(folder.path(), &Selection::default()).unwrap();
    assert_eq!(names(&dataset), ["a.wav", "b/c.wav", "d.wav"]);
    assert_eq!(sizes(&dataset), [20, 28, 8]);
    assert_eq!(dataset.facts()[0].conversion, None);
    let expected: Vec<u8> = ramp(10).iter().flat_map(|&s| (s as i16).to_le_bytes()).collect();
    assert_eq!(dataset.load(0).unwrap().pcm, expected);
    assert!(dataset.load(3).is_err());
}

#[test]
fn samples_are_converted_before_they_are_cut() {
    let folder = folder();
    let selection = Selection { bit_depth: Some(8), chunk_bytes: 6, ..Selection::default() };
    let dataset = Dataset::folder(folder.path(), &selection).unwrap();
    assert_eq!(sizes(&dataset), [10, 14, 4]);
    assert_eq!(dataset.facts()[1].conversion.as_deref(), Some("16 to 8 bits: >> 8"));
    let expected: Vec<u8> = ramp(10).iter().map(|sample| ((sample >> 8) + 128) as u8).collect();
    assert_eq!(dataset.load(0).unwrap().pcm, expected);

    let full = Selection { full_chunks_only: true, ..selection.clone() };
    let dataset = Dataset::folder(folder.path(), &full).unwrap();
    assert_eq!((names(&dataset), sizes(&dataset)), (vec!["a.wav", "b/c.wav"], vec![6, 12]));
    assert_eq!(dataset.skipped()[0].file, "d.wav");
    assert!(dataset.skipped()[0].reason.contains("shorter than a chunk of 6 frames"));

    let nine = Selection { bit_depth: Some(9), ..selection };
    assert!(Dataset::folder(folder.path(), &nine).unwrap_err().to_string().contains("9 bits"));
}

#[test]
fn the_first_chunks_are_counted_over_clips() {
    let folder = folder();
    // Chunks of three frames, of one with two channels.
    let chunks =
        |number| Selection { chunk_bytes: 7, num_chunks: Some(number), ..Selection::default() };
    let taken = |selection: &Selection| {
        let dataset = Dataset::folder(folder.path(), selection).unwrap();
        sizes(&dataset)
    };
    assert_eq!(taken(&chunks(2)), [12]);
    // The fourth is a tail.
    assert_eq!(taken(&chunks(4)), [20]);
    assert_eq!(taken(&chunks(6)), [20, 8]);
    assert_eq!(taken(&chunks(12)), [20, 28, 6]);
    assert_eq!(taken(&chunks(99)), [20, 28, 8]);
    let full = Selection { full_chunks_only: true, ..chunks(4) };
    assert_eq!(taken(&full), [18, 4]);
    assert!(Dataset::folder(folder.path(), &chunks(0)).is_err());
}

#[test]
fn a_seed_is_an_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in 'a'..='p' {
        write(&folder.path().join(format!("{name}.wav")), 1, 16, &ramp(4));
    }
    let order = |seed| {
        let selection = Selection { seed, ..Selection::default() };
        let dataset = Dataset::folder(folder.path(), &selection).unwrap();
        names(&dataset).join(" ")
    };
    assert_eq!(order(Some(5)), order(Some(5)));
    assert_ne!(order(Some(5)), order(Some(6)));
    assert_ne!(order(Some(5)), order(None));
}

#[test]
fn unreadable_files_are_skipped() {
    let folder = folder();
    fs::write(folder.path().join("e.wav"), b"no audio").unwrap();
    write(&folder.path().join("empty.wav"), 1, 16, &[]);
    write_floats(&folder.path().join("float.wav"));
    let skipped = |bit_depth| {
        let selection = Selection { bit_depth, ..Selection::default() };
        let dataset = Dataset::folder(folder.path(), &selection).unwrap();
        dataset.skipped().iter().map(|skipped| skipped.file.clone()).collect::<Vec<_>>()
    };
    assert_eq!(skipped(None), ["e.wav", "empty.wav"]);
    assert_eq!(skipped(Some(16)), ["e.wav", "empty.wav", "float.wav"]);

    let bad = tempfile::tempdir().unwrap();
    let nothing = |selection: &Selection| {
        let error = Dataset::folder(bad.path(), selection).unwrap_err().to_string();
        assert!(error.contains(&bad.path().display().to_string()), "{error}");
        error
    };
    assert!(nothing(&Selection::default()).contains("no .wav files"));
    fs::write(bad.path().join("x.wav"), b"no audio").unwrap();
    assert!(nothing(&Selection::default()).contains("x.wav"));
}

#[test]
fn a_file_that_changes_is_noticed() {
    let folder = folder();
    let dataset = Dataset::folder(folder.path(), &Selection::default()).unwrap();
    write(&folder.path().join("a.wav"), 1, 16, &ramp(11)[1..]);
    let error = dataset.load(0).unwrap_err().to_string();
    assert!(error.contains("a.wav") && error.contains("has changed"), "{error}");
    assert!(dataset.load(1).is_ok());
}

#[test]
fn random_bytes_follow_from_their_seed() {
    let random = |selection: Selection| {
        let dataset = Dataset::random(&selection).unwrap();
        assert_eq!(dataset.facts().len(), 1);
        sizes(&dataset);
        dataset.load(0).unwrap()
    };
    let clip = random(Selection::default());
    assert_eq!((clip.pcm.len(), clip.spec.rate, clip.spec.channels), (2_048_000, 16_000, 1));
    let mut seen = [0u32; 256];
    clip.pcm.iter().for_each(|&byte| seen[usize::from(byte)] += 1);
    assert!(seen.iter().all(|&count| (7500..8500).contains(&count)), "{seen:?}");

    let few = Selection { num_chunks: Some(3), ..Selection::default() };
    assert!(clip.pcm.starts_with(&random(few.clone()).pcm));
    let other = Selection { seed: Some(1), ..few.clone() };
    assert_ne!(random(other).pcm, random(few.clone()).pcm);
    let wide = Selection { bit_depth: Some(24), ..few.clone() };
    assert_eq!(random(wide).pcm.len(), 3 * 2046);
    assert!(Dataset::random(&Selection { num_chunks: Some(0), ..few.clone() }).is_err());
    assert!(Dataset::random(&Selection { num_chunks: Some(u64::MAX), ..few }).is_err());
}

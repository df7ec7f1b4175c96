//! The decoder in Python, which was written from the specification, takes what the encoder
//! makes of any audio; `tests/vectors.rs` has it decode the vectors.
//!
//! `LMAC_STREAM_ROUNDS=500 cargo test --test second_decoder` tries as many streams.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::thread;

use common::vectors::python;
use common::{Random, SIGNALS, pcm, stream};
use lmac::{AudioSpec, EncodeOptions, Mapping, Preset, SampleFormat};

/// Samples of a stream, since Python takes milliseconds for each.
const SAMPLES: u64 = 600;

/// A stream of anything, and how many frames it has.
fn any_stream(random: &mut Random) -> (Vec<u8>, u64) {
    let format = SampleFormat::ALL[random.below(6) as usize];
    let channels = [1, 2, 2, 3, 6, 35][random.below(6) as usize];
    let mut spec = AudioSpec::new(format, channels, [8000, 44100, 44101][random.below(3) as usize]);
    if random.below(4) == 0 && !format.is_float() {
        spec.valid_bits -= 3;
    }
    let frames = random.below(SAMPLES / u64::from(channels));
    let signal = SIGNALS[random.below(SIGNALS.len() as u64) as usize];
    let audio = pcm(&spec, frames as usize, signal, random.next());

    let preset = Preset::ALL[random.below(Preset::ALL.len() as u64) as usize];
    let mut options = EncodeOptions::default().with_preset(preset).with_md5(true);
    options.mapping = [None, None, Some(Mapping::TwosComplement), Some(Mapping::OffsetBinary)]
        [random.below(4) as usize];
    if random.below(3) == 0 {
        options.chunk_frames = Some(1 + random.below(200));
    }
    (stream(&audio, &spec, options), frames)
}

/// What the decoder in Python says of each file. It knows MD5, so that "ok" is the right
/// audio.
fn said(files: &[PathBuf]) -> Vec<String> {
    let output = python("decoder.py").arg("--check").args(files).output();
    let output = output.expect("the tests need python3");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split_once(".lmac: ").unwrap().1.to_owned()).collect()
}

#[test]
fn the_decoder_in_python_reads_streams_of_any_kind() {
    let trials = std::env::var("LMAC_STREAM_ROUNDS").map_or(16, |trials| trials.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(6);
    let (mut files, mut frames) = (Vec::new(), Vec::new());
    for number in 0..trials {
        let (stream, length) = any_stream(&mut random);
        let file = folder.path().join(format!("{number}.lmac"));
        fs::write(&file, stream).unwrap();
        files.push(file);
        frames.push(length);
    }
    let threads = thread::available_parallelism().map_or(1, |count| count.get());
    let share = files.len().div_ceil(threads);
    let said: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> =
            files.chunks(share).map(|files| scope.spawn(move || said(files))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(said.len(), files.len());
    for (number, (said, frames)) in said.iter().zip(frames).enumerate() {
        assert!(said.starts_with(&format!("ok, {frames} frames, ")), "stream {number}: {said}");
    }
}

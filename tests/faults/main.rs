//! Faults of the machine: full disks, failing readers, threads that do not start. Each fault is
//! injected at every place where it can happen. `tests/out_of_memory.rs` has failing allocations.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod readers;
mod threads;
mod writers;

use lmac::source::{encode_file, wav_head};
use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Signal, pcm};

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

/// Options for several small chunks.
fn options(threads: usize) -> EncodeOptions {
    EncodeOptions::default().with_preset(Preset::Fast).with_chunk_frames(60).with_threads(threads)
}

/// Returns a WAV file with chunks in front of its audio and behind it.
fn wav() -> Vec<u8> {
    let audio = pcm(&spec(), 200, Signal::Melody, 1);
    let head = wav_head(&spec().with_channel_mask(3), Some(200));
    [&head[..], &audio, b"LIST\x04\0\0\0tail"].concat()
}

fn encoded(wav: &[u8]) -> Vec<u8> {
    encode_file(wav, Vec::new(), &options(1)).unwrap().writer
}

/// Prints the number of faults.
fn injected(what: &str, count: usize) {
    println!("{what}: {count} faults injected");
}

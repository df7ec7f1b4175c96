//! What the machine can do to the library: disks that are full, readers that fail, threads that
//! are not to be had. Each fault is injected at every place where it can happen. Memory that is
//! not to be had is missing for a whole process, and has `tests/out_of_memory.rs` to itself.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod readers;
mod threads;
mod writers;

use lmac::source::{encode_wav, wav_head};
use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Signal, pcm};

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

/// Small chunks, so that there are some.
fn options(threads: usize) -> EncodeOptions {
    EncodeOptions::default().with_preset(Preset::Fast).with_chunk_frames(60).with_threads(threads)
}

/// A WAV file with something before and behind its audio.
fn wav() -> Vec<u8> {
    let audio = pcm(&spec(), 200, Signal::Melody, 1);
    let head = wav_head(&spec().with_channel_mask(3), Some(200));
    [&head[..], &audio, b"LIST\x04\0\0\0tail"].concat()
}

fn encoded(wav: &[u8]) -> Vec<u8> {
    encode_wav(wav, Vec::new(), &options(1)).unwrap().writer
}

/// For the record.
fn injected(what: &str, count: usize) {
    println!("{what}: {count} faults injected");
}

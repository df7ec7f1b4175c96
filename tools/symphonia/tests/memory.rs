//! The memory that reading takes.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::Cursor;

use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::memory::{Counting, Turn, Used};
use lmac_support::{Signal, pcm, stream, vectors};
use symphonia::core::errors::Result;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn open(stream: &[u8]) -> Result<Box<dyn FormatReader + '_>> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(stream)), Default::default());
    let probe = lmac_symphonia::get_probe();
    probe.probe(&Default::default(), source, Default::default(), Default::default())
}

/// Reads a stream to its end, past errors, and returns the memory that this took.
fn read(turn: &Turn, stream: &[u8]) -> Used {
    let work = || {
        let Ok(mut reader) = open(stream) else { return };
        while !matches!(reader.next_packet(), Ok(None)) {}
    };
    turn.measure(work).1
}

#[test]
fn a_long_stream_takes_no_more_memory_than_a_short_one() {
    let turn = Turn::take();
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let options = EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(2000);
    let of = |frames| stream(&pcm(&spec, frames, Signal::Melody, 1), &spec, options.clone());
    let (short, long) = (of(150_000), of(600_000));
    read(&turn, &short);
    let (short, long) = (read(&turn, &short), read(&turn, &long));
    println!("peak of 75 chunks: {} bytes; of 300: {}", short.peak, long.peak);
    // The decoder reads up to 256 KiB at a time; the rest of the long stream has megabytes.
    assert!(long.peak < short.peak + (256 << 10), "{short:?} {long:?}");
    assert!(long.total > 3 * short.total, "{short:?} {long:?}");
}

#[test]
fn bad_streams_take_little_memory() {
    let turn = Turn::take();
    for name in vectors::names("bad-", false) {
        let stream = vectors::stream(&name);
        let used = read(&turn, &stream);
        let most = 8 << 20;
        assert!(used.peak < most, "{name}: {} bytes in memory for {}", used.peak, stream.len());
    }
}

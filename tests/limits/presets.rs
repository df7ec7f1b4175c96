//! Decoding keeps to the memory limit of the caller, or is refused with the memory that it
//! needs.

use std::io::Write;

use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, ErrorKind, Mapping, Preset,
    SampleFormat,
};
use lmac_support::memory::Turn;
use lmac_support::{Signal, pcm};

use crate::hostile::{WAYS, error_of, needed_by, with_memory};

/// Returns a stream of four chunks and a short one.
fn stream(spec: &AudioSpec, preset: Preset, mapping: Option<Mapping>, frames: usize) -> Vec<u8> {
    let mut options = EncodeOptions::default().with_preset(preset).with_chunk_frames(frames as u64);
    options.mapping = mapping;
    let mut encoder = Encoder::with_options(Vec::new(), *spec, options).unwrap();
    for signal in [Signal::Melody, Signal::Noise, Signal::FullScale, Signal::Melody] {
        encoder.write_all(&pcm(spec, frames, signal, 3)).unwrap();
    }
    encoder.write_all(&pcm(spec, frames / 3, Signal::WastedBits, 3)).unwrap();
    encoder.finish().unwrap().writer
}

/// Decodes with limits from too little to plenty, every way and with several threads.
#[track_caller]
fn assert_limits_hold(turn: &Turn, stream: &[u8], what: &str) {
    let least = needed_by(WAYS[0], stream, DecodeOptions::default()).expect("it decodes");
    let refused = error_of(stream, with_memory(least - 1));
    assert!(matches!(refused.kind(), ErrorKind::Limit { .. }), "{what}: {refused}");
    let format = Decoder::new(stream).unwrap().info().spec.format;
    // Samples of 64 bits come as bytes alone.
    for way in WAYS.iter().filter(|way| format != SampleFormat::F64 || way.0 != "frames") {
        let needed = needed_by(*way, stream, DecodeOptions::default()).unwrap_or(least);
        for limit in [needed, 3 * needed, 9 * needed] {
            for threads in [1, 3] {
                let options = with_memory(limit).with_threads(threads);
                let (result, used) = turn.measure(|| way.1(stream, options));
                let name = way.0;
                result.unwrap_or_else(|error| panic!("{what}, {name}: {error}"));
                assert!(
                    used.peak <= limit,
                    "{what}, {name}, {threads} threads: {} bytes of {limit}, {needed} needed",
                    used.peak
                );
            }
        }
    }
}

#[test]
fn the_memory_limit_holds_for_every_preset_and_number_of_channels() {
    let turn = Turn::take();
    for &preset in Preset::ALL {
        // The deep parameter sets are slow.
        let samples = match preset {
            Preset::Store | Preset::Light => 40_000,
            Preset::Fast => 10_000,
            _ => 600,
        };
        for channels in [1, 2, 6, 32, 33] {
            let spec = AudioSpec::new(SampleFormat::S16, channels, 44100);
            let stream = stream(&spec, preset, None, samples / usize::from(channels));
            assert_limits_hold(&turn, &stream, &format!("{preset:?}, {channels} channels"));
        }
    }
}

#[test]
fn the_memory_limit_holds_for_every_format() {
    let turn = Turn::take();
    for &format in SampleFormat::ALL {
        for (preset, mapping, frames) in [
            (Preset::Store, None, 100_000),
            (Preset::Light, Some(Mapping::OffsetBinary), 50_000),
            (Preset::Light, Some(Mapping::Residual), 50_000),
            (Preset::Fast, None, 20_000),
            (Preset::Standard, None, 300),
        ] {
            let spec = AudioSpec::new(format, 2, 44100);
            let stream = stream(&spec, preset, mapping, frames);
            assert_limits_hold(&turn, &stream, &format!("{preset:?}, {format:?}"));
        }
    }
}

#[test]
fn the_memory_limit_holds_for_large_chunks() {
    let turn = Turn::take();
    for (preset, format) in [
        (Preset::Store, SampleFormat::S16),
        (Preset::Light, SampleFormat::U8),
        (Preset::Fast, SampleFormat::S24),
        (Preset::Fast, SampleFormat::F32),
    ] {
        let spec = AudioSpec::new(format, 2, 44100);
        let stream = stream(&spec, preset, None, 1 << 17);
        assert_limits_hold(&turn, &stream, &format!("{preset:?}, {format:?}, large chunks"));
    }
}

//! Allocations that fail: each large one in turn is refused, on every thread, and must end in
//! an error. The deep parameter sets and language models are too slow for chunks this large.
//!
//! Allocations are refused to the whole process, so no other tests are in this binary.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{self, Read, Write};

use lmac::source::{Restored, encode_file, wav_head};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, ErrorKind, Frames, Mapping, Preset,
    SampleFormat, Verify,
};
use lmac_support::memory::{Counting, Turn};
use lmac_support::{Signal, pcm, stream};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The least size of a large allocation. Those that do not depend on the chunk are smaller.
const LARGE: usize = 300 << 10;

/// Does some work with the first large allocation refused, then with the second, until all
/// are granted. Each time it succeeds or returns an error that says what memory was for.
fn refuse_each(
    turn: &Turn,
    what: &str,
    mut work: impl FnMut() -> Result<(), lmac::Error>,
) -> usize {
    for granted in 0.. {
        let (result, asked) = turn.refuse(LARGE, granted, &mut work);
        match result {
            Ok(()) => {
                assert!(asked <= granted, "{what}: one of {asked} was refused, and nobody said so");
                assert!(granted > 0, "{what} takes no memory");
                return granted;
            }
            Err(error) => {
                assert!(asked > granted, "{what}: {error}");
                let kind = error.kind();
                assert!(matches!(kind, ErrorKind::OutOfMemory { .. }), "{what}: {error}");
                assert!(error.to_string().contains("not enough memory for"), "{error}");
                let kind = io::Error::from(error).kind();
                assert_eq!(kind, io::ErrorKind::OutOfMemory, "{what}");
            }
        }
    }
    unreachable!("there is an end to what it asks for")
}

/// Ways to code a chunk whose parts are large: preset, mapping, format, signal.
fn ways() -> Vec<(Preset, Option<Mapping>, SampleFormat, Signal)> {
    use SampleFormat::{F32, F64, S16, S24, S32, U8};
    vec![
        (Preset::Store, None, S16, Signal::Noise),
        (Preset::Light, None, S16, Signal::Silence),
        (Preset::Light, None, S24, Signal::Constant),
        (Preset::Light, Some(Mapping::Residual), S24, Signal::Melody),
        (Preset::Light, Some(Mapping::OffsetBinary), U8, Signal::Noise),
        (Preset::Light, None, F64, Signal::Melody),
        (Preset::Fast, None, S16, Signal::Melody),
        (Preset::Fast, None, S16, Signal::Noise),
        (Preset::Fast, None, S32, Signal::Melody),
        (Preset::Fast, None, F32, Signal::Melody),
        (Preset::Fast, None, F32, Signal::LateStart),
    ]
}

/// A large chunk and a small one.
fn audio(spec: &AudioSpec, frames: usize, signal: Signal) -> Vec<u8> {
    match signal {
        Signal::Constant => pcm(spec, 1, signal, 2).repeat(9 * frames / 8),
        _ => pcm(spec, 9 * frames / 8, signal, 2),
    }
}

#[test]
fn a_refused_allocation_is_an_error_in_encoding_and_decoding() {
    let turn = Turn::take();
    let mut count = 0;
    for (preset, mapping, format, signal) in ways() {
        let spec = AudioSpec::new(format, 2, 44100);
        let frames = (1 << 20) / spec.frame_bytes();
        let audio = audio(&spec, frames, signal);
        let what = format!("{preset:?} {mapping:?} {format:?} {signal:?}");
        let threads = if preset == Preset::Fast { &[1, 3][..] } else { &[1] };
        for &threads in threads {
            let mut options = EncodeOptions::default()
                .with_preset(preset)
                .with_chunk_frames(frames as u64)
                .with_verify(Verify::Usual)
                .with_threads(threads);
            options.mapping = mapping;
            let encode = || {
                // The writer's memory is its own affair.
                let mut encoder = Encoder::with_options(io::sink(), spec, options.clone())?;
                encoder.write_all(&audio)?;
                encoder.finish().map(drop)
            };
            let stream = stream(&audio, &spec, options.clone());
            count += refuse_each(&turn, &format!("encoding {what}"), encode);
            let decode = || {
                let options = DecodeOptions::default().with_threads(threads);
                let mut decoder = Decoder::recover_in_one_pass(stream.as_slice(), options)?;
                let mut rest = &audio[..];
                let mut buffer = [0; 4096];
                loop {
                    let length = decoder.read(&mut buffer)?;
                    if length == 0 {
                        break;
                    }
                    let (here, later) = rest.split_at(length);
                    assert!(buffer[..length] == *here);
                    rest = later;
                }
                // Nothing of it is taken for damage.
                assert!(rest.is_empty() && !decoder.damage().any());
                Ok(())
            };
            count += refuse_each(&turn, &format!("decoding {what}"), decode);
            if format != SampleFormat::F64 {
                let frames = || {
                    let options = DecodeOptions::default().with_threads(threads);
                    let mut decoder = Decoder::with_options(stream.as_slice(), options)?;
                    let mut frames = Frames::new();
                    while decoder.read_frames(&mut frames)? {}
                    Ok(())
                };
                count += refuse_each(&turn, &format!("samples of {what}"), frames);
            }
        }
    }
    println!("{count} allocations refused");
}

#[test]
fn a_refused_allocation_is_an_error_with_files() {
    let turn = Turn::take();
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let audio = audio(&spec, 1 << 17, Signal::Melody);
    // A large head, and a large tail.
    let mut wav = wav_head(&spec, Some(audio.len() as u64 / 4));
    wav.splice(12..12, [&b"junk\0\0\x10\0"[..], &vec![7; 0x10_0000]].concat());
    wav.extend(&audio);
    wav.extend(vec![9; 3 << 19]);
    let options = EncodeOptions::default().with_preset(Preset::Fast).with_chunk_frames(1 << 17);
    let mut count = refuse_each(&turn, "encoding a file", || {
        encode_file(wav.as_slice(), io::sink(), &options).map(drop)
    });
    let stream = encode_file(wav.as_slice(), Vec::new(), &options).unwrap().writer;
    count += refuse_each(&turn, "restoring a file", || {
        let mut restored = Restored::new(Decoder::new(stream.as_slice())?);
        while !restored.next_piece()?.is_empty() {}
        Ok(())
    });
    println!("files: {count} allocations refused");
}

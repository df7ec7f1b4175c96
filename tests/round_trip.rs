//! Audio comes back through every function that encodes and decodes.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read, Write};

use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, ErrorKind, Frames, Inspector,
    Mapping, Method, Preset, SampleFormat, Verification,
};
use lmac_support::{Random, Signal, pcm, stream};
use proptest::prelude::*;

fn decoded(stream: &[u8], options: DecodeOptions) -> (AudioSpec, Vec<u8>, Verification) {
    let mut decoder = Decoder::with_options(stream, options).expect("header");
    let mut pcm = Vec::new();
    decoder.read_to_end(&mut pcm).expect("stream");
    decoder.expect_end().expect("nothing behind the stream");
    (decoder.info().spec, pcm, decoder.verification())
}

fn mapping() -> impl Strategy<Value = Option<Mapping>> {
    prop_oneof![
        Just(None),
        Just(Some(Mapping::TwosComplement)),
        Just(Some(Mapping::OffsetBinary)),
        Just(Some(Mapping::Residual)),
    ]
}

fn spec() -> impl Strategy<Value = AudioSpec> {
    let rate = prop_oneof![Just(44100), Just(8000), Just(0), Just(u32::MAX), any::<u32>()];
    let channels = prop_oneof![1..4u16, 1..40u16, Just(300)];
    (0..6usize, channels, rate, any::<Option<u32>>(), 0..40u8).prop_map(
        |(format, channels, rate, mask, spare)| {
            let mut spec = AudioSpec::new(SampleFormat::ALL[format], channels, rate);
            spec.channel_mask = mask;
            if !spec.format.is_float() {
                spec.valid_bits = spec.valid_bits.saturating_sub(spare).max(1);
            }
            spec
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_audio_comes_back(
        spec in spec(),
        frames in prop_oneof![0..5usize, 0..400usize],
        signal in 0..Signal::ALL.len(),
        seed: u64,
        mapping in mapping(),
        preset in 0..Preset::ALL.len(),
        md5: bool,
        chunk_frames in prop_oneof![Just(None), (1..300u64).prop_map(Some)],
        declared in prop_oneof![Just(None), Just(Some(0)), (0..500u64).prop_map(Some)],
        threads in 1..4usize,
    ) {
        let pcm = pcm(&spec, frames, Signal::ALL[signal], seed);
        let mut options = EncodeOptions::default()
            .with_preset(Preset::ALL[preset])
            .with_threads(threads)
            .with_md5(md5)
            .with_verify(true);
        options.mapping = mapping;
        options.chunk_frames = chunk_frames;
        options.declared_frames = declared;
        let stream = stream(&pcm, &spec, options.clone());
        let (back_spec, back, verification) =
            decoded(&stream, DecodeOptions::default().with_threads(threads));
        prop_assert_eq!(back_spec, spec);
        prop_assert!(back == pcm);
        prop_assert_eq!(matches!(verification, Verification::Md5(_)), md5);
        prop_assert_eq!(matches!(verification, Verification::Chunks), !md5);

        // With chunks of the usual size, a stream is hardly larger than its audio.
        if chunk_frames.is_none() {
            prop_assert!(stream.len() <= pcm.len() + pcm.len() / 1000 + 300);
        }
    }

    #[test]
    fn any_split_gives_the_same_stream(seed: u64, threads in 1..4usize) {
        let spec = AudioSpec::new(SampleFormat::S24, 3, 48000);
        let pcm = pcm(&spec, 1000, Signal::Melody, seed);
        let options = EncodeOptions::default().with_chunk_frames(123).with_threads(threads);
        let whole = stream(&pcm, &spec, options.clone().with_threads(1));

        let mut random = Random::new(seed);
        let mut encoder = Encoder::with_options(Vec::new(), spec, options).unwrap();
        let mut rest = pcm.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(random.below(2000) as usize));
            encoder.write_all(now).unwrap();
            if random.below(5) == 0 {
                encoder.flush().unwrap();
            }
            rest = later;
        }
        prop_assert!(encoder.finish().unwrap().writer == whole);
    }
}

#[test]
fn samples_and_bytes_are_the_same_audio() {
    for format in SampleFormat::ALL.iter().copied().filter(|&format| format != SampleFormat::F64) {
        let spec = AudioSpec::new(format, 2, 44100);
        let pcm = pcm(&spec, 5000, Signal::Melody, 1);
        let options = EncodeOptions::default().with_chunk_frames(999);
        let by_bytes = stream(&pcm, &spec, options.clone());

        let mut decoder = Decoder::new(by_bytes.as_slice()).unwrap();
        let samples: Vec<i32> = decoder.samples().collect::<Result<_, _>>().unwrap();
        let mut encoder = Encoder::with_options(Vec::new(), spec, options).unwrap();
        for part in samples.chunks(777) {
            encoder.write_samples(part).unwrap();
        }
        assert!(encoder.finish().unwrap().writer == by_bytes, "{format:?}");
        let one_shot = lmac::encode(&samples, &spec).unwrap();
        assert_eq!(lmac::decode(&one_shot).unwrap(), (spec, samples));
    }
}

#[test]
fn frames_come_chunk_by_chunk() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let pcm = pcm(&spec, 1050, Signal::Melody, 1);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(500));
    let mut decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut frames = Frames::new();
    let mut lengths = Vec::new();
    while decoder.read_frames(&mut frames).unwrap() {
        assert_eq!(frames.samples().len(), 2 * frames.len());
        lengths.push((frames.first_frame(), frames.len()));
        assert_eq!(decoder.position(), frames.first_frame() + frames.len() as u64);
    }
    assert_eq!(lengths, [(0, 500), (500, 500), (1000, 50)]);
    assert!(!decoder.read_frames(&mut frames).unwrap(), "the end stays the end");
    assert_eq!(decoder.total_frames(), Some(1050));
}

#[test]
fn many_channels_come_back() {
    for channels in [33, 1000, 65535] {
        let spec = AudioSpec::new(SampleFormat::S16, channels, 48000);
        let pcm = pcm(&spec, 20, Signal::Melody, 5);
        let stream = stream(&pcm, &spec, EncodeOptions::default());
        assert!(stream.len() < pcm.len());
        assert!(decoded(&stream, DecodeOptions::default()).1 == pcm);
    }
}

#[test]
fn silence_costs_a_few_bytes_a_chunk() {
    for &format in SampleFormat::ALL {
        let spec = AudioSpec::new(format, 2, 44100);
        let frames = 100_000;
        let pcm = pcm(&spec, frames, Signal::Silence, 0);
        let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(1000));
        assert!(stream.len() < 100 * 30 + 100, "{format:?}: {}", stream.len());
        assert!(decoded(&stream, DecodeOptions::default()).1 == pcm);
    }
}

#[test]
fn a_small_file_has_little_around_its_payload() {
    for (format, rate, frames) in [
        (SampleFormat::U8, 8000, 4001),
        (SampleFormat::S16, 44100, 30_000),
        (SampleFormat::S16, 48000, 480_000),
        (SampleFormat::S24, 37800, 378_000),
        (SampleFormat::S32, 192_000, 1_920_000),
    ] {
        for signal in [Signal::Melody, Signal::WastedBits] {
            let spec = AudioSpec::new(format, 1, rate);
            let mut wav = lmac::source::wav_head(&spec, Some(frames));
            wav.extend(pcm(&spec, frames as usize, signal, 3));
            wav.resize(wav.len().next_multiple_of(2), 0);
            let options = EncodeOptions::default();
            let finished = lmac::source::encode_file(wav.as_slice(), Vec::new(), &options).unwrap();
            assert_eq!(finished.stats.chunks(), 1);
            let around = finished.writer.len() as u64 - finished.stats.payload_bytes;
            assert!(around <= 64, "{format:?} {signal:?}: {around}");
        }
    }
}

#[test]
fn noise_is_stored() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let pcm = pcm(&spec, 3000, Signal::Noise, 1);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(1000));
    let mut inspector = Inspector::new(stream.as_slice()).unwrap();
    while let Some(chunk) = inspector.next_chunk().unwrap() {
        assert_eq!((chunk.method, chunk.payload_bytes), (Method::Stored, 4000));
    }
    assert_eq!(inspector.summary_so_far().chunks, 3);
}

#[test]
fn a_chunk_can_be_ended_early() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let mut encoder = Encoder::new(Vec::new(), spec).unwrap();
    encoder.write_all(&[1, 2, 3, 4, 5, 6]).unwrap();
    encoder.end_chunk().unwrap();
    encoder.end_chunk().unwrap();
    encoder.write_all(&[7, 8]).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let mut inspector = Inspector::new(stream.as_slice()).unwrap();
    assert_eq!(inspector.next_chunk().unwrap().unwrap().frames, 1);
    assert_eq!(inspector.next_chunk().unwrap().unwrap().frames, 1);
    assert_eq!(decoded(&stream, DecodeOptions::default()).1, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn impossible_audio_and_options_are_refused() {
    let good = AudioSpec::new(SampleFormat::S16, 2, 44100);
    for spec in [
        AudioSpec::new(SampleFormat::S16, 0, 44100),
        good.with_valid_bits(0),
        good.with_valid_bits(17),
        AudioSpec::new(SampleFormat::F32, 1, 44100).with_valid_bits(24),
    ] {
        let error = Encoder::new(Vec::new(), spec).expect_err("refused");
        assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
    }
    for frames in [0, 1 << 27, u64::MAX] {
        let options = EncodeOptions::default().with_chunk_frames(frames);
        let error = Encoder::with_options(Vec::new(), good, options).expect_err("refused");
        assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
    }
    let mut encoder = Encoder::new(Vec::new(), good).unwrap();
    encoder.write_all(&[1, 2, 3]).unwrap();
    let error = encoder.finish().unwrap_err();
    assert!(error.to_string().contains("within a frame"), "{error}");

    let mut encoder = Encoder::new(Vec::new(), good).unwrap();
    assert!(encoder.write_samples(&[40_000]).is_err());
    let error = encoder.write_samples(&[4]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::AlreadyFailed), "{error}");
}

#[test]
fn decoding_keeps_to_the_memory_limit() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let pcm = pcm(&spec, 100, Signal::Melody, 9);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(441_000));
    let options =
        DecodeOptions::default().with_limits(lmac::Limits::default().with_memory(8 << 20));
    let mut decoder = Decoder::with_options(stream.as_slice(), options).unwrap();
    let error = decoder.read_frames(&mut Frames::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit { .. }), "{error}");

    let limits = lmac::Limits::default().with_memory(24 << 20);
    let options = DecodeOptions::default().with_limits(limits).with_threads(8);
    assert!(decoded(&stream, options).1 == pcm);
}

#[test]
fn the_length_of_a_chunk_follows_the_preset_unless_the_stream_is_short() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 44100);
    let pcm = pcm(&spec, 10, Signal::Melody, 9);
    let seconds = |preset, declared: Option<u64>| {
        let mut options = EncodeOptions::default().with_preset(preset);
        options.declared_frames = declared.map(|seconds| seconds * 44100);
        let stream = stream(&pcm, &spec, options);
        let inspector = Inspector::new(Cursor::new(&stream)).unwrap();
        inspector.info().chunk_frames / 44100
    };
    for (preset, long) in [(Preset::Fast, 10), (Preset::Standard, 20), (Preset::Max, 30)] {
        assert_eq!(seconds(preset, None), long);
        assert_eq!(seconds(preset, Some(11)), long);
        assert_eq!(seconds(preset, Some(10)), 10);
    }
}

#[test]
fn chunks_can_be_listed_and_then_read() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 44100);
    let pcm = pcm(&spec, 1000, Signal::Melody, 9);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(300));
    let mut inspector = Inspector::new(Cursor::new(&stream)).unwrap();
    assert_eq!(inspector.summary().unwrap().chunks, 4);
    let mut first_frames = Vec::new();
    while let Some(chunk) = inspector.next_chunk().unwrap() {
        first_frames.push(chunk.first_frame);
    }
    assert_eq!(first_frames, [0, 300, 600, 900]);
    let mut reader = inspector.into_inner();
    reader.set_position(0);
    let mut decoder = Decoder::new(reader).unwrap();
    decoder.seek(first_frames[1]).unwrap();
    let mut frames = Frames::new();
    assert!(decoder.read_frames(&mut frames).unwrap());
    assert_eq!(frames.first_frame(), 300);
    assert_eq!(decoder.read_to_end(&mut Vec::new()).unwrap(), 800);
    assert_eq!(decoder.verification(), Verification::Partial);
}

#[test]
fn the_md5_is_that_of_flac() {
    // `flac -8` and `metaflac --show-md5sum` give this for the same samples.
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let samples: Vec<i32> = (0..2000).map(|at| (at * 37) % 2001 - 1000).collect();
    let mut encoder = Encoder::new(Vec::new(), spec).unwrap();
    encoder.write_samples(&samples).unwrap();
    let md5 = encoder.finish().unwrap().md5.unwrap();
    let hex: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "deb0313bceda7fac691ca3d8a9d7459b");
}

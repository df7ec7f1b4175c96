//! Files of every kind come back.

use std::io::{Cursor, Read};

use lmac::source::{NewFile, Restored, SourceFile};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Inspector, Preset, SampleFormat, SourceKind,
    Verification,
};
use lmac_support::flac::{Frames, Shape, head, metadata};
use lmac_support::{Random, Signal, pcm};

use crate::subject::{
    Built, Pieces, audio, built, comes_back, encode, flac_of, melody, options, try_restore,
};

/// Asserts that all frames of a file are understood, and give this audio.
#[track_caller]
fn is_understood(built: &Built) {
    let finished = comes_back(&built.file);
    let findings = finished.flac.unwrap();
    assert_eq!((findings.exceptions, findings.first_exception), (0, None));
    assert!(audio(&finished.writer) == built.pcm);
    assert_eq!(finished.info.source, SourceKind::Flac);
    let spec = finished.info.spec;
    let facts = |spec: &AudioSpec| (spec.format, spec.channels, spec.rate, spec.valid_bits);
    assert_eq!(facts(&spec), facts(&built.spec));
}

#[test]
fn frames_of_any_decisions() {
    for bits in 4..=32 {
        for channels in 1..=8 {
            let seed = u64::from(bits) << 8 | channels as u64;
            let mut random = Random::new(seed);
            let sizes: Vec<usize> = (0..12)
                .map(|_| match random.below(4) {
                    0 => [192, 576, 1152, 256, 512, 1024][random.below(6) as usize],
                    1 => 1 + random.below(40) as usize,
                    2 => 64 * (1 + random.below(8)) as usize,
                    _ => 1 + random.below(700) as usize,
                })
                .collect();
            is_understood(&built(Shape { channels, bits, rate: 44100 }, &sizes, seed));
        }
    }
}

#[test]
fn blocks_of_any_size() {
    let shape = Shape { channels: 2, bits: 16, rate: 48000 };
    for (seed, sizes) in [
        &[1][..],
        &[1, 1, 1, 1, 1],
        &[65535],
        &[65535, 17, 65535],
        &[4608, 2304, 2304, 32768, 16384, 8192, 5],
        &[4096, 4096, 4096, 77],
    ]
    .iter()
    .enumerate()
    {
        is_understood(&built(shape, sizes, seed as u64));
        is_understood(&built(shape, sizes, seed as u64 + 101));
    }
}

/// As many partitions as there can be: their parameters take the most room.
#[test]
fn many_partitions() {
    for (seed, channels) in [(3, 8), (4, 1), (6, 8)] {
        let shape = Shape { channels, bits: 16, rate: 48000 };
        is_understood(&built(shape, &[32768, 32768], seed));
    }
}

#[test]
fn numbers_of_up_to_36_bits() {
    let shape = Shape { channels: 1, bits: 16, rate: 8000 };
    for variable in [false, true] {
        let mut file = head(&shape, (16, 16), 0, [0; 16], true);
        let mut frames = Frames::new(shape, 5);
        frames.variable = variable;
        for bits in 0..=36u32 {
            for number in [(1u64 << bits) - 1, (1u64 << bits).wrapping_sub(2), 1 << bits] {
                frames.number = number & ((1 << 36) - 1);
                file.extend(frames.next(16).0.bytes());
            }
        }
        let findings = comes_back(&file).flac.unwrap();
        assert_eq!(findings.exceptions, 0);
    }
}

#[test]
fn the_same_with_any_options() {
    let shape = Shape { channels: 2, bits: 16, rate: 44100 };
    let built = built(shape, &[4096, 4096, 9000, 4096, 100], 8);
    let melody = melody(20_000);
    for file in [&built.file, &melody] {
        let mut streams = Vec::new();
        for chunk_frames in [1000, 4096, 100_000, 37] {
            for threads in [1, 4] {
                for verify in [false, true] {
                    let options = EncodeOptions::default()
                        .with_preset(Preset::Light)
                        .with_chunk_frames(chunk_frames)
                        .with_threads(threads)
                        .with_verify(verify);
                    let pieces = Pieces(file, Random::new(chunk_frames));
                    let opened = SourceFile::open(pieces).unwrap();
                    let stream = opened.encode(Vec::new(), &options).unwrap().writer;
                    let decoding = DecodeOptions::default().with_threads(threads);
                    let pieces = Pieces(&stream, Random::new(9));
                    let decoder = Decoder::with_options(pieces, decoding).unwrap();
                    let mut restored = Restored::new(decoder);
                    let mut back: Vec<u8> = Vec::new();
                    let mut buffer = [0; 777];
                    loop {
                        match restored.read(&mut buffer).unwrap() {
                            0 => break,
                            length => back.extend(&buffer[..length]),
                        }
                    }
                    assert!(&back == file, "{chunk_frames} frames, {threads} threads");
                    streams.push(stream);
                }
            }
            // Threads and verification change nothing.
            assert!(streams.windows(2).all(|two| two[0] == two[1]));
            streams.clear();
        }
    }
}

#[test]
fn files_of_the_own_encoder() {
    for format in [SampleFormat::U8, SampleFormat::S16, SampleFormat::S24, SampleFormat::S32] {
        for channels in [1, 2, 3, 6, 8] {
            for signal in Signal::ALL {
                let spec = AudioSpec::new(format, channels, 44100);
                let pcm = pcm(&spec, 5000, signal, 3);
                let file = flac_of(spec, &pcm);
                let finished = comes_back(&file);
                assert!(audio(&finished.writer) == pcm, "{format:?} {channels} {signal:?}");
                let findings = finished.flac.unwrap();
                assert_eq!((findings.exceptions, findings.md5_matches), (0, Some(true)));
                assert_eq!(finished.info.declared_frames, Some(5000));
            }
        }
    }
}

#[test]
fn everything_around_the_frames_comes_back() {
    let file = melody(9000);
    let id3v2 = [b"ID3\x04\0\0\0\0\x02\x01", &[7; 257][..]].concat();
    let id3v1 = [b"TAG", &[b'a'; 125][..]].concat();
    for (before, behind) in [(&id3v2[..], &b""[..]), (b"", &id3v1), (&id3v2, &id3v1), (b"", b"\0")]
    {
        let finished = comes_back(&[before, &file, behind].concat());
        let findings = finished.flac.unwrap();
        assert_eq!((findings.exceptions, findings.md5_matches), (0, Some(true)));
        assert!(audio(&finished.writer) == audio(&comes_back(&file).writer));
    }
    // Metadata of any type and length.
    let shape = Shape { channels: 1, bits: 16, rate: 8000 };
    let frames = &built(shape, &[100, 100], 1).file[42..];
    for length in [0, 1, 1000, 300_000, (1 << 24) - 1] {
        let head = head(&shape, (100, 100), 200, [0; 16], false);
        let padding = metadata(1, &vec![0; length], false);
        let picture = metadata(6, &vec![9; length], true);
        let file = [&head[..], &padding, &picture, frames].concat();
        assert_eq!(comes_back(&file).flac.unwrap().exceptions, 0);
    }
}

#[test]
fn files_without_audio() {
    let shape = Shape { channels: 2, bits: 24, rate: 96000 };
    for frames in [0, 1000] {
        for behind in [&b""[..], b"TAG", &[0; 100_000]] {
            if frames > 0 && !behind.is_empty() {
                // That is a ruin.
                continue;
            }
            let head = head(&shape, (4096, 4096), frames, [0; 16], true);
            let finished = comes_back(&[&head, behind].concat());
            assert_eq!((finished.stats.frames, finished.flac.unwrap().exceptions), (0, 0));
        }
    }
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    comes_back(&flac_of(spec, &[]));
}

#[test]
fn md5_and_length_that_are_wrong_are_told() {
    let shape = Shape { channels: 2, bits: 12, rate: 44100 };
    let file = built(shape, &[4096, 4096, 50], 2).file;
    let finished = comes_back(&file);
    assert_eq!(finished.flac.unwrap().md5_matches, None);
    let mut right = file.clone();
    right[26..42].copy_from_slice(&finished.md5.unwrap());
    assert_eq!(comes_back(&right).flac.unwrap().md5_matches, Some(true));
    let mut wrong = right.clone();
    wrong[30] ^= 1;
    assert_eq!(comes_back(&wrong).flac.unwrap().md5_matches, Some(false));
    // Any total.
    for total in [0u32, 1, 4096, 8241, 8243, 1 << 20, u32::MAX] {
        let mut wrong = right.clone();
        wrong[22..26].copy_from_slice(&total.to_be_bytes());
        let finished = comes_back(&wrong);
        assert_eq!(finished.stats.frames, 8242);
        let findings = finished.flac.unwrap();
        assert_eq!((findings.exceptions, findings.md5_matches), (0, Some(true)));
    }
}

#[test]
fn audio_alone_and_parts_of_it() {
    let file = melody(9000);
    let stream = encode(&file, &options()).unwrap().writer;
    let pcm = audio(&stream);
    // Without the file.
    let alone = SourceFile::open(&file[..]).unwrap().audio_only();
    let alone = alone.encode(Vec::new(), &options()).unwrap();
    assert_eq!((alone.stats.decision_bytes, alone.info.source), (0, SourceKind::Samples));
    assert!(audio(&alone.writer) == pcm);

    let mut decoder = Decoder::new(Cursor::new(&stream)).unwrap();
    let mut inspector = Inspector::new(Cursor::new(&stream)).unwrap();
    assert_eq!(inspector.summary().unwrap().frames, 9000);
    assert_eq!(inspector.info().source, SourceKind::Flac);
    for frame in [8000, 3, 4097, 0] {
        decoder.seek(frame).unwrap();
        let mut part = [0; 400];
        decoder.read_exact(&mut part).unwrap();
        assert!(part == pcm[4 * frame as usize..][..400]);
    }
    decoder.seek(0).unwrap();
    let mut whole = Vec::new();
    decoder.read_to_end(&mut whole).unwrap();
    assert!(whole == pcm && matches!(decoder.verification(), Verification::Md5(_)));

    // Other files of the audio.
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut wav = Vec::new();
    let mut restored = Restored::converted(decoder, NewFile::Wav, None, Some(9000)).unwrap();
    restored.read_to_end(&mut wav).unwrap();
    assert!(wav.starts_with(b"RIFF") && wav.ends_with(&pcm) && wav.len() == 44 + pcm.len());
    let mut decoder = Decoder::new(Cursor::new(&stream)).unwrap();
    decoder.seek(30).unwrap();
    let mut part = Vec::new();
    Restored::audio(decoder, Some(50), None).read_to_end(&mut part).unwrap();
    assert!(part.ends_with(&pcm[120..320]) && part.len() == 44 + 200);
    assert!(try_restore(&stream).unwrap() == file);
}

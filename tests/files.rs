//! WAV and raw files come back byte for byte.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read};

use lmac::source::{self, RawLayout, Restored};
use lmac::{AudioSpec, Decoder, EncodeOptions, ErrorKind, Inspector, SampleFormat, SourceKind};
use lmac_support::{Random, Signal, pcm};
use proptest::prelude::*;

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

fn encode(wav: &[u8]) -> Vec<u8> {
    let options = EncodeOptions::default().with_chunk_frames(300).with_verify(true);
    source::encode_file(wav, Vec::new(), &options).expect("a WAV file").writer
}

fn restore(stream: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut restored = Restored::new(Decoder::new(stream).expect("header"));
    restored.read_to_end(&mut file).expect("stream");
    restored.decoder_mut().expect_end().expect("nothing behind the stream");
    file
}

/// Asserts that a WAV file comes back; returns its format, kind and frames from the stream.
fn comes_back(wav: &[u8]) -> (AudioSpec, SourceKind, u64) {
    let stream = encode(wav);
    assert!(restore(&stream) == wav);
    let most = wav.len() + wav.len() / 1000 + 1024;
    // The chunks of these tests are tiny.
    assert!(stream.len() <= most + wav.len() / 20, "{} of {}", stream.len(), wav.len());
    let mut inspector = Inspector::new(Cursor::new(&stream)).expect("header");
    let frames = inspector.summary().expect("trailer").frames;
    (inspector.info().spec, inspector.info().source, frames)
}

fn le(value: u32) -> [u8; 4] {
    value.to_le_bytes()
}

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = [&id[..], &le(data.len() as u32), data].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn fmt(tag: u16, channels: u16, rate: u32, frame_bytes: u16, bits: u16) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(tag.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(le(rate));
    body.extend(le(rate.wrapping_mul(u32::from(frame_bytes))));
    body.extend(frame_bytes.to_le_bytes());
    body.extend(bits.to_le_bytes());
    chunk(b"fmt ", &body)
}

fn riff(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [b"RIFF", &le(4 + body.len() as u32)[..], b"WAVE", &body].concat()
}

#[test]
fn hound_and_lmac_agree() {
    for (bits, float) in [(8, false), (16, false), (24, false), (32, false), (32, true)] {
        for channels in [1, 2, 6] {
            let sample_format =
                if float { hound::SampleFormat::Float } else { hound::SampleFormat::Int };
            let hound_spec = hound::WavSpec {
                channels,
                sample_rate: 48000,
                bits_per_sample: bits,
                sample_format,
            };
            let mut wav = Cursor::new(Vec::new());
            let mut writer = hound::WavWriter::new(&mut wav, hound_spec).unwrap();
            let mut random = Random::new(1);
            let samples: Vec<i32> = (0..700 * i32::from(channels))
                .map(|at| {
                    let value = (f64::from(at) * 0.01).sin() * 1e9 + random.below(99) as f64;
                    if float {
                        (value as f32 / 1e9).to_bits() as i32
                    } else {
                        value as i32 >> (32 - bits)
                    }
                })
                .collect();
            for &sample in &samples {
                if float {
                    writer.write_sample(f32::from_bits(sample as u32)).unwrap();
                } else {
                    writer.write_sample(sample).unwrap();
                }
            }
            writer.finalize().unwrap();
            let wav = wav.into_inner();

            let (spec, _, frames) = comes_back(&wav);
            assert_eq!((spec.channels, spec.rate, frames), (channels, 48000, 700));
            assert_eq!(spec.format.bits(), u32::from(bits));
            assert_eq!(spec.format.is_float(), float);
            assert_eq!(lmac::decode(&encode(&wav)).unwrap().1, samples);

            // And hound reads the head that we make.
            let stream = lmac::encode(&samples, &spec).unwrap();
            let mut reader = hound::WavReader::new(Cursor::new(restore(&stream))).unwrap();
            assert_eq!(reader.spec(), hound_spec);
            let back: Vec<i32> = if float {
                reader.samples::<f32>().map(|sample| sample.unwrap().to_bits() as i32).collect()
            } else {
                reader.samples::<i32>().map(Result::unwrap).collect()
            };
            assert_eq!(back, samples);
        }
    }
}

#[test]
fn the_usual_head_costs_nothing() {
    for &format in SampleFormat::ALL {
        let spec = AudioSpec::new(format, 1, 8000);
        for frames in [0, 1, 2, 999] {
            let audio = pcm(&spec, frames, Signal::Melody, 1);
            let mut wav = source::wav_head(&spec, Some(frames as u64));
            wav.extend(audio);
            wav.resize(wav.len().next_multiple_of(2), 0);
            assert_eq!(comes_back(&wav), (spec, SourceKind::CanonicalWav, frames as u64));
        }
    }
}

#[test]
fn heads_that_lmac_writes_are_read() {
    let mut specs = vec![spec(), spec().with_valid_bits(12), spec().with_channel_mask(3)];
    specs.push(AudioSpec::new(SampleFormat::S24, 1, 96000).with_valid_bits(20));
    specs.push(AudioSpec::new(SampleFormat::F64, 7, 1).with_channel_mask(0x7F));
    for spec in specs {
        let audio = pcm(&spec, 321, Signal::WastedBits, 1);
        for frames in [Some(321), None] {
            let wav = [source::wav_head(&spec, frames), audio.clone()].concat();
            let (mut back, _, frames) = comes_back(&wav);
            if spec.channels > 2 && spec.channel_mask.is_none() {
                back.channel_mask = None;
            }
            // The extensible head always has a mask.
            back.channel_mask = back.channel_mask.filter(|&mask| mask != 0);
            assert_eq!((back, frames), (spec, 321));
        }
    }
}

#[test]
fn everything_around_the_audio_comes_back() {
    let audio = pcm(&spec(), 100, Signal::Melody, 1);
    let fmt = fmt(1, 2, 44100, 4, 16);
    let list = chunk(b"LIST", b"INFOIART\x05\0\0\0Bach\0\0");
    let odd = chunk(b"junk", b"odd");
    let data = chunk(b"data", &audio);
    let canonical = riff(&[&fmt, &data]);
    let big = chunk(b"id3 ", &vec![42; 3_000_000]);

    let mut cases = vec![
        canonical.clone(),
        riff(&[&list, &fmt, &odd, &data]),
        riff(&[&fmt, &data, &list, &odd]),
        riff(&[&chunk(b"bext", &[7; 602]), &fmt, &data, &list]),
        riff(&[&big, &fmt, &data]),
        riff(&[&fmt, &data, &big]),
        // Without the padding of an odd chunk.
        riff(&[&fmt, &data, b"odd \x03\0\0\0abc"]),
        [&canonical[..], b"trailing bytes"].concat(),
        [&canonical[..], &[0]].concat(),
        [&canonical[..], &vec![1; 2_500_000]].concat(),
        // Cut short, in the middle of a frame and of a sample.
        canonical[..canonical.len() - 4].to_vec(),
        canonical[..canonical.len() - 5].to_vec(),
        canonical[..canonical.len() - 6].to_vec(),
        canonical[..44].to_vec(),
        canonical[..45].to_vec(),
    ];
    // Lengths that a program leaves when it writes to a pipe.
    for (riff_length, data_length) in [
        (0, 0),
        (u32::MAX, u32::MAX),
        (36, 0),
        (u32::MAX, u32::MAX - 36),
        (0x7FFF_F024, 0x7FFF_F000),
        (3, 400),
        (436, 0),
        (436, 398),
    ] {
        let mut wav = canonical.clone();
        wav[4..8].copy_from_slice(&le(riff_length));
        wav[40..44].copy_from_slice(&le(data_length));
        cases.push(wav);
    }
    for wav in cases {
        let (spec, ..) = comes_back(&wav);
        assert_eq!(spec, self::spec());
    }
}

#[test]
fn audio_of_unknown_length_is_audio() {
    let audio = pcm(&spec(), 1000, Signal::Melody, 1);
    for length in [0, u32::MAX] {
        let mut wav = riff(&[&fmt(1, 2, 44100, 4, 16), &chunk(b"data", &audio)]);
        wav[4..8].copy_from_slice(&le(length));
        wav[40..44].copy_from_slice(&le(length));
        let (_, source, frames) = comes_back(&wav);
        assert_eq!((source, frames), (SourceKind::Wav, 1000));
    }
}

#[test]
fn rf64_comes_back() {
    let audio = pcm(&spec(), 1000, Signal::Melody, 1);
    for magic in [b"RF64", b"BW64"] {
        let mut ds64 = Vec::new();
        ds64.extend((4072u64).to_le_bytes());
        ds64.extend((4000u64).to_le_bytes());
        ds64.extend((1000u64).to_le_bytes());
        ds64.extend(le(0));
        let mut wav = riff(&[
            &chunk(b"ds64", &ds64),
            &fmt(1, 2, 44100, 4, 16),
            &chunk(b"data", &audio),
            &chunk(b"LIST", b"tail"),
        ]);
        wav[..4].copy_from_slice(magic);
        wav[4..8].copy_from_slice(&le(u32::MAX));
        let at = wav.windows(4).position(|id| id == b"data").unwrap() + 4;
        wav[at..at + 4].copy_from_slice(&le(u32::MAX));
        assert_eq!(comes_back(&wav), (spec(), SourceKind::Wav, 1000));
    }
    // The head that lmac writes for audio beyond 4 GiB is RF64 too.
    let frames = 1u64 << 31;
    let head = source::wav_head(&spec(), Some(frames));
    assert_eq!(&head[..4], b"RF64");
    let finished =
        source::encode_file(head.as_slice(), Vec::new(), &EncodeOptions::default()).unwrap();
    let decoder = Decoder::new(finished.writer.as_slice()).unwrap();
    assert_eq!(decoder.info().declared_frames, Some(frames));
}

#[test]
fn an_unfinished_rf64_file_keeps_its_audio() {
    let audio = pcm(&spec(), 1000, Signal::Melody, 1);
    for length in [0, u64::MAX] {
        let ds64 = [length.to_le_bytes(), length.to_le_bytes(), [0; 8]].concat();
        let data = chunk(b"data", &audio);
        let mut wav = riff(&[&chunk(b"ds64", &ds64), &fmt(1, 2, 44100, 4, 16), &data]);
        wav[..8].copy_from_slice(b"RF64\xFF\xFF\xFF\xFF");
        let at = wav.len() - audio.len() - 4;
        wav[at..at + 4].copy_from_slice(&le(u32::MAX));
        assert_eq!(comes_back(&wav).2, 1000);
    }
}

#[test]
fn lengths_beyond_64_bits_make_a_head_without_length() {
    for frames in [1 << 62, u64::MAX / 4, u64::MAX] {
        assert_eq!(source::wav_head(&spec(), Some(frames)), source::wav_head(&spec(), None));
    }
}

#[test]
fn a_head_that_is_too_long_is_refused_at_once() {
    let full = 64 << 20;
    for (junk, fits) in [(full - 12 - 8 - 24 - 8, true), (full - 12 - 8 - 24 - 6, false)] {
        let parts =
            [&chunk(b"junk", &vec![0; junk]), &fmt(1, 2, 44100, 4, 16)[..], b"data\x04\0\0\0abcd"];
        let wav = riff(&parts);
        let options = EncodeOptions::default();
        match source::encode_file(wav.as_slice(), Vec::new(), &options) {
            Ok(finished) => assert!(fits && restore(&finished.writer) == wav),
            Err(error) => assert!(!fits && error.to_string().contains("64 MiB"), "{error}"),
        }
    }
}

#[test]
fn valid_bits_are_taken_from_the_head() {
    let fmt = fmt(1, 1, 8000, 2, 12);
    let wav = riff(&[&fmt, &chunk(b"data", &[0x10, 0x00, 0xF0, 0x7F])]);
    let (spec, ..) = comes_back(&wav);
    assert_eq!((spec.format, spec.valid_bits), (SampleFormat::S16, 12));
    // The MD5 is that of flac: of values without the four bits that are not valid.
    let md5 = source::encode_file(wav.as_slice(), Vec::new(), &EncodeOptions::default())
        .unwrap()
        .md5
        .unwrap();
    let samples = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let mut plain = lmac::Encoder::new(Vec::new(), samples).unwrap();
    plain.write_samples(&[1, 0x7FF]).unwrap();
    assert_eq!(plain.finish().unwrap().md5, Some(md5));
}

#[test]
fn audio_alone_gets_a_new_head() {
    let audio = pcm(&spec(), 100, Signal::Melody, 1);
    let data = chunk(b"data", &audio);
    let wav = riff(&[&chunk(b"LIST", b"head"), &fmt(1, 2, 44100, 4, 16), &data, &data]);
    let options = EncodeOptions::default();
    let stream = source::encode_file_audio(wav.as_slice(), Vec::new(), &options).unwrap().writer;
    assert!(restore(&stream) == [source::wav_head(&spec(), Some(100)), audio.clone()].concat());

    // So does a part of a stream.
    let mut decoder = Decoder::new(Cursor::new(encode(&wav))).unwrap();
    decoder.seek(30).unwrap();
    let mut part = Vec::new();
    Restored::audio(decoder, Some(50), None).read_to_end(&mut part).unwrap();
    assert!(part == [&source::wav_head(&spec(), Some(50)), &audio[120..320]].concat());
}

fn is_refused_input(error: &lmac::Error) -> bool {
    matches!(error.kind(), ErrorKind::Input(_) | ErrorKind::OtherFormat(_) | ErrorKind::NotPcm(_))
}

#[test]
fn unsupported_files_are_refused_with_the_reason() {
    let data = chunk(b"data", &[0; 8]);
    let w64 = *b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB";
    let mut extensible_adpcm = fmt(0xFFFE, 1, 8000, 2, 16);
    extensible_adpcm[4] = 40;
    extensible_adpcm.extend([22, 0, 16, 0, 0, 0, 0, 0, 2, 0]);
    extensible_adpcm.resize(48, 0);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "empty"),
        (b"some text, longer than a head".to_vec(), "not a known audio file"),
        (b"RIF".to_vec(), "not a known audio file"),
        (b"FORM\0\0\0\08SVXVHDR".to_vec(), "8SVX"),
        (w64.to_vec(), "Wave64"),
        (b"RIFX\0\0\0\0sfbkLIST".to_vec(), "sfbk"),
        (b"RIFF\0\0\0\0AVI LIST".to_vec(), "AVI"),
        (b"OggS\0\0\0\0\0\0\0\0".to_vec(), "Ogg"),
        (b"ID3\x04aaaaaaaaaa".to_vec(), "MP3"),
        (encode(&riff(&[&fmt(1, 1, 8000, 2, 16), &data])), "already"),
        (riff(&[&data]), "fmt chunk is missing"),
        (riff(&[&fmt(1, 1, 8000, 2, 16)]), "without a data chunk"),
        (riff(&[&chunk(b"fmt ", &[1; 10]), &data]), "10 bytes"),
        (riff(&[b"LIST\xF0\xFF\xFF\xFFabc"]), "LIST"),
        (riff(&[b"LIST\x00\x01\0\0abc"]), "ends within"),
        (riff(&[&fmt(2, 1, 8000, 256, 4), &data]), "ADPCM"),
        (riff(&[&fmt(0x55, 2, 44100, 1, 0), &data]), "MP3"),
        (riff(&[&fmt(6, 1, 8000, 1, 8), &data]), "A-law"),
        (riff(&[&fmt(0x1234, 1, 8000, 1, 8), &data]), "0x1234"),
        (riff(&[&extensible_adpcm, &data]), "ADPCM"),
        (riff(&[&fmt(1, 0, 8000, 2, 16), &data]), "0 channels"),
        (riff(&[&fmt(1, 2, 8000, 3, 16), &data]), "cannot be carried"),
        (riff(&[&fmt(1, 1, 8000, 2, 24), &data]), "cannot be carried"),
        (riff(&[&fmt(1, 1, 8000, 8, 64), &data]), "cannot be carried"),
        (riff(&[&fmt(1, 1, 8000, 2, 0), &data]), "cannot be carried"),
        (riff(&[&fmt(3, 1, 8000, 2, 16), &data]), "cannot be carried"),
        (riff(&[&fmt(3, 1, 8000, 4, 24), &data]), "cannot be carried"),
        (riff(&[&fmt(1, 1, 8000, 0, 16), &data]), "cannot be carried"),
    ];
    for (file, expected) in cases {
        let mut written = Vec::new();
        let error = source::encode_file(file.as_slice(), &mut written, &EncodeOptions::default())
            .expect_err(expected);
        assert!(is_refused_input(&error), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(written.is_empty());
    }
}

#[test]
fn raw_files_come_back() {
    for &format in SampleFormat::ALL {
        for (big_endian, flipped) in [(false, false), (true, false), (false, true), (true, true)] {
            let layout = RawLayout::new(AudioSpec::new(format, 3, 8000))
                .with_big_endian(big_endian)
                .with_flipped_sign(flipped);
            let options = EncodeOptions::default();
            let audio = pcm(&layout.spec, 100, Signal::Melody, 1);
            // As the file has it.
            let mut file = audio.clone();
            for sample in file.chunks_exact_mut(format.bytes()) {
                if flipped {
                    sample[format.bytes() - 1] ^= 0x80;
                }
                if big_endian {
                    sample.reverse();
                }
            }
            for cut in [0, 1, 5] {
                let file = &file[..file.len() - cut];
                let finished = source::encode_raw(file, &layout, Vec::new(), &options);
                if flipped && format.is_float() {
                    assert!(finished.is_err());
                    continue;
                }
                let stream = finished.unwrap().writer;
                assert!(restore(&stream) == file);
                let mut back = Vec::new();
                Decoder::new(stream.as_slice()).unwrap().read_to_end(&mut back).unwrap();
                assert!(audio.starts_with(&back), "inside it is PCM like any other");
            }
        }
    }
}

proptest! {
    #[test]
    fn mutated_wav_files_come_back_or_are_refused(seed: u64) {
        let mut random = Random::new(seed);
        let audio = pcm(&spec(), 50, Signal::Melody, seed);
        let mut wav = riff(&[
            &chunk(b"LIST", b"head"),
            &fmt(1, 2, 44100, 4, 16),
            &chunk(b"data", &audio),
            &chunk(b"LIST", b"tail"),
        ]);
        for _ in 0..1 + random.below(4) {
            let at = random.below(wav.len().min(80) as u64) as usize;
            match random.below(4) {
                0 => wav[at] = random.next_u64() as u8,
                1 => wav[at] = 0xFF,
                2 => wav.insert(at, random.next_u64() as u8),
                _ => drop(wav.remove(at)),
            }
        }
        let options = EncodeOptions::default().with_verify(true);
        match source::encode_file(wav.as_slice(), Vec::new(), &options) {
            Ok(finished) => prop_assert!(restore(&finished.writer) == wav),
            Err(error) => prop_assert!(is_refused_input(&error), "{}", error),
        }
    }
}

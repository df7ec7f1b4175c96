//! Writes the golden files of a new version of the format, which `tests/golden.rs` reads:
//!
//! ```sh
//! LMAC_WRITE_GOLDEN=1 cargo test -p lmac --features checkpoints --test golden_writer
//! ```
//!
//! A folder that exists is never written to.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use lmac::language::LanguageOptions;
use lmac::source::{NewFile, RawLayout, Restored, encode_file, encode_raw, wav_head};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, FORMAT_VERSION, Precision, Preset,
    SampleFormat,
};
use lmac_support::vector_models::MODELS;
use lmac_support::vectors::{self, restore};
use lmac_support::{Signal, pcm, recording};

#[test]
fn a_new_version_gets_golden_files() {
    let (major, minor) = FORMAT_VERSION;
    let folder = lmac_support::path("tests/golden").join(format!("{major}.{minor}"));
    if !folder.exists() && std::env::var_os("LMAC_WRITE_GOLDEN").is_some() {
        write(&folder);
    }
    assert!(folder.exists(), "LMAC_WRITE_GOLDEN=1 writes {}", folder.display());
}

/// Streams by name, and the files that they were made of.
type Golden = BTreeMap<String, (Vec<u8>, Vec<u8>)>;

fn write(folder: &Path) {
    let mut all = Golden::new();
    add_formats(&mut all);
    add_files(&mut all);
    add_language_models(&mut all);
    fs::create_dir_all(folder).unwrap();
    let mut table = String::new();
    for (name, (stream, file)) in all {
        table += &format!("{name} {} {:x}\n", file.len(), md5::compute(&file));
        fs::write(folder.join(format!("{name}.lmac")), stream).unwrap();
    }
    fs::write(folder.join("restored.txt"), table).unwrap();
}

fn add_wav(all: &mut Golden, name: &str, wav: Vec<u8>, options: &EncodeOptions) {
    let stream = encode_file(wav.as_slice(), Vec::new(), options).unwrap().writer;
    let back = restore(&stream, vectors::with_models().unwrap()).unwrap();
    assert!(back == wav, "{name}");
    assert!(all.insert(name.to_owned(), (stream, wav)).is_none(), "{name} stands twice");
}

fn add_raw(all: &mut Golden, name: &str, layout: RawLayout, audio: Vec<u8>) {
    let options = EncodeOptions::default();
    let stream = encode_raw(audio.as_slice(), &layout, Vec::new(), &options).unwrap().writer;
    let back = restore(&stream, DecodeOptions::default()).unwrap();
    assert!(back == audio, "{name}");
    assert!(all.insert(name.to_owned(), (stream, audio)).is_none(), "{name} stands twice");
}

/// A WAV file of this audio.
fn wav(spec: &AudioSpec, audio: &[u8]) -> Vec<u8> {
    let frames = (audio.len() / spec.frame_bytes()) as u64;
    let pad = vec![0; audio.len() % 2];
    [&wav_head(spec, Some(frames)), audio, &pad].concat()
}

/// A FLAC file of this audio.
fn flac_file(audio: &[u8], spec: AudioSpec) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), spec).unwrap();
    encoder.write_all(audio).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let decoder = Decoder::new(stream.as_slice()).unwrap();
    let mut file = Vec::new();
    Restored::converted(decoder, NewFile::Flac, None, None)
        .unwrap()
        .read_to_end(&mut file)
        .unwrap();
    file
}

/// Every format of samples with every preset, and several numbers of channels.
fn add_formats(all: &mut Golden) {
    for &preset in Preset::ALL {
        let name = |what: &str| format!("{}-{what}", preset.name());
        let options = EncodeOptions::default().with_preset(preset);
        add_wav(all, &name("recording"), recording(2500), &options);
        for (what, format, valid_bits) in [
            ("8-bit", SampleFormat::U8, 8),
            ("12-in-16-bit", SampleFormat::S16, 12),
            ("16-bit", SampleFormat::S16, 16),
            ("20-in-24-bit", SampleFormat::S24, 20),
            ("24-bit", SampleFormat::S24, 24),
            ("32-bit", SampleFormat::S32, 32),
            ("32-bit-float", SampleFormat::F32, 32),
            ("64-bit-float", SampleFormat::F64, 64),
        ] {
            let mut spec = AudioSpec::new(format, 2, 48000);
            let mut audio = pcm(&spec, 250, Signal::Melody, 7);
            if valid_bits < format.bits() as u8 {
                spec = spec.with_valid_bits(valid_bits);
                // The four lowest bits are not valid ones.
                audio.iter_mut().step_by(format.bytes()).for_each(|low| *low &= 0xF0);
            }
            add_wav(all, &name(what), wav(&spec, &audio), &options);
        }
        for (what, channels) in [("mono", 1), ("6-channels", 6)] {
            let spec = AudioSpec::new(SampleFormat::S16, channels, 44100);
            let audio = pcm(&spec, 300, Signal::Melody, 7);
            add_wav(all, &name(what), wav(&spec, &audio), &options);
        }
    }
}

/// Files of every kind, and streams of every shape.
fn add_files(all: &mut Golden) {
    let options = EncodeOptions::default;
    let many = options().with_chunk_frames(50);
    let stereo = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let audio = pcm(&stereo, 1000, Signal::Melody, 7);
    add_wav(all, "many-chunks", recording(3000), &many);
    add_wav(all, "no-md5", wav(&stereo, &audio), &many.clone().with_md5(false));
    add_wav(all, "empty", wav(&stereo, &[]), &options());
    add_wav(all, "silence", wav(&stereo, &[0; 40_000]), &many);
    let eight = AudioSpec::new(SampleFormat::U8, 1, 8000);
    add_wav(all, "padded", wav(&eight, &pcm(&eight, 301, Signal::Melody, 7)), &options());

    let plain = wav(&stereo, &audio);
    let before: &[u8] = b"bext\x06\0\0\0origin";
    let after: &[u8] = b"LIST\x10\0\0\0INFOIART\x04\0\0\0name";
    let mut rich = [&plain[..12], before, &plain[12..], after].concat();
    let length = rich.len() as u32 - 8;
    rich[4..8].copy_from_slice(&length.to_le_bytes());
    add_wav(all, "metadata", rich, &many);

    // RF64, as programs write it that do not know how long a file will be.
    let mut long = b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0".to_vec();
    long.extend((plain.len() as u64 + 28).to_le_bytes());
    long.extend((audio.len() as u64).to_le_bytes());
    long.extend(1000u64.to_le_bytes());
    long.extend([0; 4]);
    long.extend(&plain[12..40]);
    long.extend([0xFF; 4]);
    long.extend(&audio);
    add_wav(all, "rf64", long, &many);
    add_wav(all, "wav-of-a-pipe", [&wav_head(&stereo, None), &audio[..]].concat(), &options());
    add_wav(all, "wav-cut-short", plain[..3000].to_vec(), &options());

    add_wav(all, "flac", flac_file(&audio, stereo), &many);
    let au = b".snd\0\0\0\x18\xFF\xFF\xFF\xFF\0\0\0\x03\0\0\xAC\x44\0\0\0\x02";
    add_wav(all, "au", [au, &audio[..]].concat(), &many);

    add_raw(all, "raw", RawLayout::new(stereo), audio.clone());
    let swapped = RawLayout::new(stereo).with_big_endian(true).with_flipped_sign(true);
    add_raw(all, "raw-big-endian-unsigned", swapped, audio[..1999].to_vec());

    // Floats that integers became, samples of few values, and a stream without a file.
    let integers = pcm(&stereo, 400, Signal::Melody, 7);
    let samples = integers.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let floats = samples.clone().flat_map(|sample| (f32::from(sample) / 32768.0).to_le_bytes());
    let float = AudioSpec::new(SampleFormat::F32, 2, 44100);
    add_wav(all, "float-of-integers", wav(&float, &floats.collect::<Vec<_>>()), &options());
    let coarse = samples.clone().flat_map(|sample| (sample / 600 * 600).to_le_bytes());
    add_wav(all, "few-values", wav(&stereo, &coarse.collect::<Vec<_>>()), &options());
    let samples: Vec<i32> = samples.map(i32::from).collect();
    let stream = lmac::encode(&samples, &stereo).unwrap();
    all.insert("samples".into(), (stream, wav(&stereo, &integers)));
}

/// Every model of the vectors, in both precisions.
fn add_language_models(all: &mut Golden) {
    for (what, path) in ["llama", "llama-bf16", "bytes"].iter().zip(MODELS) {
        for &precision in Precision::ALL {
            let model = lmac::checkpoint::load(&vectors::folder().join(path), precision);
            let language = LanguageOptions::default().with_context(96).with_lockstep(2);
            let options = EncodeOptions::default()
                .with_chunk_frames(150)
                .with_preset(Preset::Store)
                .with_model(model.unwrap(), language);
            let name = format!("language-{what}-{}", precision.name());
            add_wav(all, &name, recording(400), &options);
        }
    }
}

//! Files that encoders of each version of the format wrote, and what they restore.
//!
//! `tests/golden/README.md` says what they are and what is promised of them. Where the
//! version of the format is new, `LMAC_WRITE_GOLDEN=1 cargo test --features checkpoints
//! --test golden this_version_has_golden_files` writes its folder, with no other test beside
//! it that would read half of it; a folder that exists is never written to.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use common::vectors::decode_options;
use common::{Signal, pcm};
use lmac::source::RawLayout;
use lmac::source::{Restored, encode_raw, encode_wav, wav_head};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, FORMAT_VERSION, Inspector, Preset,
    SampleFormat, Verification,
};

/// The table of a folder: what each file restores.
const TABLE: &str = "restored.txt";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn folder_of_this_version() -> PathBuf {
    let (major, minor) = FORMAT_VERSION;
    folder().join(format!("{major}.{minor}"))
}

/// The folders of all versions.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The length and the MD5 of a restored file.
type Restores = (usize, String);

fn restores(file: &[u8]) -> Restores {
    (file.len(), format!("{:x}", md5::compute(file)))
}

/// The lines of a table: a name, a length and an MD5.
fn table(folder: &Path) -> BTreeMap<String, Restores> {
    let text = fs::read_to_string(folder.join(TABLE)).unwrap();
    let line = |line: &str| {
        let [name, length, md5] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}: a name, a length and an MD5");
        };
        (name.to_owned(), (length.parse().unwrap(), md5.to_owned()))
    };
    text.lines().map(line).collect()
}

/// The streams of a folder: all, or those that this build has models for.
fn streams(folder: &Path) -> impl Iterator<Item = (String, Restores, Vec<u8>)> {
    let known = |name: &String| cfg!(feature = "checkpoints") || !name.starts_with("language-");
    let folder = folder.to_owned();
    table(&folder).into_iter().filter(move |(name, _)| known(name)).map(move |(name, restores)| {
        let stream = fs::read(folder.join(format!("{name}.lmac"))).unwrap();
        (name, restores, stream)
    })
}

#[test]
fn this_version_has_golden_files() {
    let folder = folder_of_this_version();
    if !folder.exists() && std::env::var_os("LMAC_WRITE_GOLDEN").is_some() {
        write(&folder);
    }
    assert!(folder.exists(), "LMAC_WRITE_GOLDEN=1 writes {}", folder.display());
    assert!(table(&folder).len() > 40);
}

#[test]
fn no_file_is_missing_and_none_is_new() {
    for folder in versions() {
        let files = fs::read_dir(&folder).unwrap();
        let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<_> = files.filter(|name| name != TABLE).collect();
        files.sort();
        let mut listed: Vec<_> = table(&folder).keys().map(|name| format!("{name}.lmac")).collect();
        listed.sort();
        assert_eq!(files, listed, "{}", folder.display());
    }
}

#[test]
fn every_file_is_restored() {
    for folder in versions() {
        for (name, expected, stream) in streams(&folder) {
            for threads in [1, 2] {
                let options = decode_options().with_threads(threads);
                let mut restored = Restored::new(Decoder::with_options(&*stream, options).unwrap());
                let mut file = Vec::new();
                restored.read_to_end(&mut file).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(restores(&file), expected, "{name}");
                restored.decoder_mut().expect_end().unwrap();
                let decoder = restored.decoder();
                let checked = match decoder.verification() {
                    Verification::Md5(_) => decoder.info().has_md5,
                    Verification::Chunks => !decoder.info().has_md5,
                    _ => false,
                };
                assert!(checked, "{name}: {:?}", decoder.verification());
            }
        }
    }
}

#[test]
fn every_file_can_be_entered_anywhere() {
    for folder in versions() {
        for (name, _, stream) in streams(&folder) {
            let open =
                || Decoder::with_options(Cursor::new(stream.clone()), decode_options()).unwrap();
            let mut pcm = Vec::new();
            open().read_to_end(&mut pcm).unwrap();
            let mut decoder = open();
            let summary = Inspector::new(Cursor::new(&stream)).unwrap().summary().unwrap();
            assert!(summary.complete, "{name}");
            assert_eq!(decoder.find_length().unwrap(), Some(summary.frames), "{name}");
            let frame_bytes = decoder.info().spec.frame_bytes();
            assert_eq!(summary.frames, (pcm.len() / frame_bytes) as u64, "{name}");
            for part in [2, 3, 1] {
                let frame = summary.frames * part / 3;
                decoder.seek(frame).unwrap();
                let mut rest = Vec::new();
                decoder.read_to_end(&mut rest).unwrap();
                assert!(rest == pcm[frame as usize * frame_bytes..], "{name} from {frame} on");
            }
        }
    }
}

#[test]
fn no_file_is_said_to_be_damaged() {
    for folder in versions() {
        for (name, _, stream) in streams(&folder) {
            let mut decoder = Decoder::recover(Cursor::new(stream), decode_options()).unwrap();
            decoder.read_to_end(&mut Vec::new()).unwrap();
            assert!(!decoder.damage().any(), "{name}: {:?}", decoder.damage());
        }
    }
}

// How the folder of a new version is made.

/// Streams by name, and the files that they were made of.
type Golden = BTreeMap<String, (Vec<u8>, Vec<u8>)>;

fn write(folder: &Path) {
    if !cfg!(feature = "checkpoints") {
        panic!("golden files are written with --features checkpoints");
    }
    let mut all = Golden::new();
    add_formats(&mut all);
    add_files(&mut all);
    #[cfg(feature = "checkpoints")]
    add_language_models(&mut all);
    fs::create_dir_all(folder).unwrap();
    let mut table = String::new();
    for (name, (stream, file)) in all {
        let (length, md5) = restores(&file);
        table += &format!("{name} {length} {md5}\n");
        fs::write(folder.join(format!("{name}.lmac")), stream).unwrap();
    }
    fs::write(folder.join(TABLE), table).unwrap();
}

fn add_wav(all: &mut Golden, name: &str, wav: Vec<u8>, options: &EncodeOptions) {
    let stream = encode_wav(wav.as_slice(), Vec::new(), options).unwrap().writer;
    let back = common::vectors::restore(&stream, decode_options()).unwrap();
    assert!(back == wav, "{name}");
    assert!(all.insert(name.to_owned(), (stream, wav)).is_none(), "{name} stands twice");
}

fn add_raw(all: &mut Golden, name: &str, layout: RawLayout, audio: Vec<u8>) {
    let options = EncodeOptions::default();
    let stream = encode_raw(audio.as_slice(), &layout, Vec::new(), &options).unwrap().writer;
    let back = common::vectors::restore(&stream, DecodeOptions::default()).unwrap();
    assert!(back == audio, "{name}");
    assert!(all.insert(name.to_owned(), (stream, audio)).is_none(), "{name} stands twice");
}

/// The first frames of the recording in `samples`, with the head that it has.
fn recording(frames: usize) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/speech.wav");
    let wav = fs::read(path).unwrap();
    let data = 8 + wav.windows(4).position(|bytes| bytes == b"data").unwrap();
    wav[..data + 2 * frames].to_vec()
}

/// A WAV file of this audio.
fn wav(spec: &AudioSpec, audio: &[u8]) -> Vec<u8> {
    let frames = (audio.len() / spec.frame_bytes()) as u64;
    let pad = vec![0; audio.len() % 2];
    [&wav_head(spec, Some(frames)), audio, &pad].concat()
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
#[cfg(feature = "checkpoints")]
fn add_language_models(all: &mut Golden) {
    use lmac::Precision;
    use lmac::language::LanguageOptions;

    for (what, path) in ["llama", "llama-bf16", "bytes"].iter().zip(common::vector_models::MODELS) {
        for &precision in Precision::ALL {
            let model = lmac::checkpoint::load(&common::vectors::folder().join(path), precision);
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

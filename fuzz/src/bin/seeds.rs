//! Writes the seeds that the targets begin with: `seeds FOLDER` makes a folder in it for each
//! target. They come from the test vectors, and from tiny checkpoints in every layout.

use std::fs;
use std::path::{Path, PathBuf};

use lmac::Inspector;
use lmac_fuzz::checkpoints::{self, Breakable};
use lmac_fuzz::streams::with_checksums;
use lmac_support::flac::{Frames, Shape, head};
use lmac_support::{mixed, vectors};

/// The longest seed: inputs that are mutated often have to be short.
const LONGEST: usize = 40_000;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("the folder for the seeds"));
    let seeds = Seeds { folder };
    seeds.of_streams();
    seeds.of_wav_files();
    seeds.of_flac_files();
    for (target, breakable) in [
        ("checkpoint_huggingface", checkpoints::in_huggingface_folders()),
        ("checkpoint_pickle", checkpoints::in_pickles()),
        ("checkpoint_gguf", checkpoints::in_gguf_files()),
        ("checkpoint_npz", checkpoints::in_numpy_files()),
        ("tokenizer_huggingface", checkpoints::in_tokenizer_json()),
        ("tokenizer_sentencepiece", checkpoints::in_sentencepiece_models()),
        ("tokenizer_tiktoken", checkpoints::in_tiktoken_ranks()),
    ] {
        seeds.of_files(target, &breakable);
    }
    for target in [
        "round_trip",
        "seek",
        "recover",
        "wav_of_chunks",
        "flac_mutated",
        "flac_restore",
        "range_coder",
        "kernels",
        "instruction_sets",
        "capi",
    ] {
        seeds.of_chance(target);
    }
}

struct Seeds {
    folder: PathBuf,
}

impl Seeds {
    fn add(&self, target: &str, name: &str, parts: &[&[u8]]) {
        let bytes = parts.concat();
        if bytes.len() <= LONGEST {
            let folder = self.folder.join(target);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("seed-{name}")), bytes).unwrap();
        }
    }

    fn of_streams(&self) {
        for path in with_ending(&vectors::folder(), "lmac") {
            let stream = fs::read(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            // Otherwise inputs would not get past their checksums.
            assert!(!name.starts_with("good-") || with_checksums(&stream) == stream, "{name}");
            if name.contains("-language-") {
                self.add("language", name, &[&stream]);
            }
            self.add("decode", name, &[&[1], &stream]);
            self.add("decode_in_pieces", name, &[&[129, 4, 30, 0, 200, 9], &stream]);
            self.add("packets", name, &[&[129, 9], &stream]);
            self.of_parts(name, &stream);
        }
    }

    /// Adds the header's body with the first item, and with the trailer.
    fn of_parts(&self, name: &str, stream: &[u8]) {
        let Ok(mut inspector) = Inspector::new(stream) else { return };
        // A short body has its length in one byte.
        let Some(&length) = stream.get(9).filter(|&&length| length < 128) else { return };
        let (body, items) = stream[10..].split_at(usize::from(length));
        let (body, items) = ([&[length], body].concat(), &items[4..]);
        self.add("container", &format!("{name}-item"), &[&[128], &body, items]);
        let mut end = 0;
        while let Ok(Some(chunk)) = inspector.next_chunk() {
            end = (chunk.offset + chunk.bytes) as usize;
        }
        let Some(trailer) = stream.get(end..).filter(|rest| end > 0 && !rest.is_empty()) else {
            return;
        };
        // Copy of the header, checksum, length and closing magic are made anew.
        let copy = if trailer[0] & 1 != 0 { 15 + usize::from(length) } else { 0 };
        let Some(rest) = trailer.get(1 + copy..trailer.len().saturating_sub(7)) else { return };
        self.add("container", &format!("{name}-trailer"), &[&[trailer[0] & 15], &body, rest]);
    }

    fn of_wav_files(&self) {
        for path in with_ending(&vectors::folder(), "restored") {
            let file = fs::read(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let short = &file[..file.len().min(2000)];
            if file.starts_with(b"R") {
                self.add("wav", name, &[short]);
            }
        }
        for format in lmac::SampleFormat::ALL {
            let spec = lmac::AudioSpec::new(*format, 2, 8000);
            for (name, spec) in [("plain", spec), ("masked", spec.with_channel_mask(3))] {
                let head = lmac::source::wav_head(&spec, Some(4));
                let audio = vec![5; 4 * spec.frame_bytes()];
                self.add(
                    "wav",
                    &format!("{name}-{format:?}"),
                    &[&head, &audio, b"LIST\x01\0\0\0x\0"],
                );
                let open = lmac::source::wav_head(&spec, None);
                self.add("wav", &format!("{name}-open-{format:?}"), &[&open, &audio]);
            }
            let long = lmac::source::wav_head(&spec, Some(1 << 40));
            self.add("wav", &format!("long-{format:?}"), &[&long, &[5; 64]]);
        }
    }

    fn of_flac_files(&self) {
        for bits in [4, 8, 12, 16, 20, 24, 32] {
            for channels in [1, 2, 3] {
                let shape = Shape { channels, bits, rate: 44100 };
                let mut file = head(&shape, (16, 64), 0, [0; 16], true);
                let mut frames = Frames::new(shape, bits.into());
                for size in [16, 64, 30, 1] {
                    file.extend(frames.next(size).0.bytes());
                }
                self.add("flac_file", &format!("{bits}-{channels}"), &[&file]);
            }
        }
    }

    fn of_files(&self, target: &str, all: &[Breakable]) {
        for (number, breakable) in all.iter().enumerate() {
            let bytes = breakable.bytes();
            for precision in [0, 128] {
                let which = (precision..).find(|which| which % all.len() == number).unwrap();
                self.add(target, &format!("{which}"), &[&[which as u8], &bytes]);
            }
        }
    }

    /// Adds random bytes, which targets make choices of.
    fn of_chance(&self, target: &str) {
        for number in 0..40u64 {
            let length = 64 << (number % 5);
            let bytes: Vec<u8> = (0..length).map(|at| mixed(number << 32 | at) as u8).collect();
            self.add(target, &format!("{number}"), &[&bytes]);
        }
    }
}

fn with_ending(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    paths.sort();
    paths
}

//! A folder to work in, the program, and files for it.

#![allow(dead_code, unused_imports, reason = "each test uses some of it")]

use std::io::Cursor;
use std::ops::Deref;

use lmac_support::Random;
use lmac_support::program;
pub(crate) use lmac_support::program::Ran;
use serde_json::Value;

/// A temporary folder in which `lmac` runs.
pub(crate) struct Folder(program::Folder);

impl Deref for Folder {
    type Target = program::Folder;

    fn deref(&self) -> &program::Folder {
        &self.0
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(program::Folder::new(env!("CARGO_BIN_EXE_lmac")))
    }

    /// Returns the chunks of a stream as `info` lists them.
    pub(crate) fn chunks(&self, name: &str) -> Vec<Value> {
        let info = self.run(&format!("info --json --chunks {name}")).expect(0).json();
        info["chunk_list"].as_array().unwrap().clone()
    }

    /// Changes a byte in the middle of a chunk.
    pub(crate) fn damage_chunk(&self, name: &str, number: usize) {
        let chunk = &self.chunks(name)[number];
        let at = chunk["offset"].as_u64().unwrap() + chunk["bytes"].as_u64().unwrap() / 2;
        let mut bytes = self.read(name);
        bytes[at as usize] ^= 0x10;
        self.write(name, &bytes);
    }
}

/// Something between a tone and noise: interleaved 16-bit samples.
pub(crate) fn samples(frames: usize, channels: u16) -> Vec<i16> {
    let mut random = Random::new(1);
    (0..frames * usize::from(channels))
        .map(|at| {
            let phase = (at / usize::from(channels) % 500) as i32;
            ((phase - 250) * 60 + random.below(128) as i32) as i16
        })
        .collect()
}

/// The samples as PCM.
pub(crate) fn pcm(frames: usize, channels: u16) -> Vec<u8> {
    samples(frames, channels).into_iter().flat_map(i16::to_le_bytes).collect()
}

/// A WAV file of 16-bit samples at 8000 Hz.
pub(crate) fn wav(frames: usize, channels: u16) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    samples(frames, channels).into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    file.into_inner()
}

/// A WAV file with more than audio in it.
pub(crate) fn rich_wav(frames: usize) -> Vec<u8> {
    let plain = wav(frames, 2);
    let mut rich = plain[..12].to_vec();
    rich.extend(b"junk\x04\0\0\0abcd");
    rich.extend(&plain[12..]);
    rich.extend(b"LIST\x08\0\0\0INFOwxyz");
    let length = rich.len() as u32 - 8;
    rich[4..8].copy_from_slice(&length.to_le_bytes());
    rich
}

/// What hound makes of a WAV file.
#[track_caller]
pub(crate) fn wav_samples(file: &[u8]) -> Vec<i16> {
    let reader = hound::WavReader::new(Cursor::new(file)).unwrap();
    reader.into_samples().map(Result::unwrap).collect()
}

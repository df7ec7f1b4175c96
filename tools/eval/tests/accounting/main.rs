//! A test for each mistake that has made published compression rates wrong.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod conversion;
mod headers;
mod language;
mod sums;

use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};
use lmac::AudioSpec;
use lmac_eval::{
    Arrangement, Clip, Codec, Contestant, Dataset, Headers, Interrupt, Job, Journal, Plan, Result,
    Results, Selection, run,
};

/// Numbers without any order, the same ones every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 24
    }
}

/// Writes a WAV file of one channel. Of 8 bits samples are given with a sign, too.
fn write(path: &Path, bits: u16, samples: impl IntoIterator<Item = i32>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: bits,
        sample_format: SampleFormat::Int,
    };
    let mut writer = WavWriter::create(path, spec).unwrap();
    samples.into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
}

fn job(chunk_bytes: usize, headers: Headers) -> Job {
    Job {
        arrangement: Arrangement::Chunks,
        chunk_bytes,
        headers,
        check: true,
        threads: 1,
        interrupt: Interrupt::default(),
    }
}

/// The results of a folder in chunks.
fn results(
    folder: &Path,
    selection: &Selection,
    headers: Headers,
    contestants: Vec<Box<dyn Contestant>>,
) -> Results {
    let plan = Plan {
        dataset: Dataset::folder(folder, selection).unwrap(),
        contestants,
        job: job(selection.chunk_bytes, headers),
        arrangements: vec![Arrangement::Chunks],
        settings: Vec::new(),
    };
    run(&plan, &mut Journal::none(), &mut ()).unwrap()
}

/// Clips of samples of 8 bits.
fn clip(pcm: Vec<u8>) -> Clip {
    let spec = AudioSpec::new(lmac::SampleFormat::U8, 1, 8000);
    Clip { name: "clip".into(), spec, pcm, file: None }
}

/// Ten bytes of header, and the audio as it is.
struct Plain;

const HEADER: usize = 10;

impl Codec for Plain {
    fn name(&self) -> &str {
        "plain"
    }

    fn description(&self) -> String {
        "ten bytes and the audio".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(pieces.iter().map(|piece| [&[0; HEADER], *piece].concat()).collect())
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(coded.iter().map(|coded| coded[HEADER..].to_vec()).collect())
    }
}

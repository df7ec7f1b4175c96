//! Folders and contestants for tests.

use std::fs;
use std::path::{Path, PathBuf};

use hound::{WavSpec, WavWriter};
use lmac::{AudioSpec, Preset, SampleFormat};

use crate::contestant::{Arrangement, Codec, Contestant, Headers, Interrupt, Job, Outcome};
use crate::dataset::Generator;
use crate::plan::Plan;
use crate::results::Setting;
use crate::{ByChunks, Clip, Dataset, Error, LmacPreset, Result, Selection};

/// Writes a WAV file of 8 kHz.
pub(crate) fn write(path: &Path, channels: u16, bits: u16, samples: &[i32]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sample_format = hound::SampleFormat::Int;
    let spec = WavSpec { channels, sample_rate: 8000, bits_per_sample: bits, sample_format };
    let mut writer = WavWriter::create(path, spec).unwrap();
    for &sample in samples {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
}

pub(crate) fn ramp(length: i32) -> Vec<i32> {
    (0..length).map(|at| at * 37 % 20_000 - 10_000).collect()
}

/// Three clips of 10, 7 and 4 frames of 16 bits, the second with two channels.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.wav"), 1, 16, &ramp(10));
    write(&folder.path().join("b/c.wav"), 2, 16, &ramp(14));
    write(&folder.path().join("d.wav"), 1, 16, &ramp(4));
    folder
}

/// Keeps half of each piece and decodes it wrongly.
struct Liar;

impl Codec for Liar {
    fn name(&self) -> &str {
        "liar"
    }

    fn description(&self) -> String {
        "half of everything".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(pieces.iter().map(|piece| piece[..piece.len() / 2].to_vec()).collect())
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(coded.iter().map(|half| [half.as_slice(), half].concat()).collect())
    }
}

/// Does not take more than one channel, fails at clips of a name, and stops the run at
/// others.
pub(crate) struct Whimsical {
    pub(crate) fails_at: &'static str,
    pub(crate) stops_at: &'static str,
}

impl Contestant for Whimsical {
    fn name(&self) -> &str {
        "whimsical"
    }

    fn description(&self) -> String {
        "does what it likes".into()
    }

    fn arrangements(&self) -> &[Arrangement] {
        &[Arrangement::Whole]
    }

    fn refuses(&self, spec: &AudioSpec) -> Option<String> {
        (spec.channels > 1).then(|| "too many channels".into())
    }

    fn measure(&self, clip: &Clip, job: &Job) -> Result<Outcome> {
        if clip.name == self.fails_at {
            return Err(Error::new("not today"));
        }
        if clip.name == self.stops_at {
            job.interrupt.stop();
            return Err(Error::new("what it asked was told to stop as well"));
        }
        LmacPreset::new(Preset::Store).measure(clip, job)
    }
}

/// All that there is for tests, on these files, in both arrangements.
pub(crate) fn plan(folder: &Path, whimsical: Whimsical) -> Plan {
    let selection = Selection { chunk_bytes: 8, ..Selection::default() };
    Plan {
        dataset: Dataset::folder(folder, &selection).unwrap(),
        contestants: vec![
            Box::new(LmacPreset::new(Preset::Light)),
            Box::new(ByChunks::new(Liar)),
            Box::new(whimsical),
        ],
        job: Job {
            arrangement: Arrangement::Whole,
            chunk_bytes: 8,
            headers: Headers::Once,
            check: true,
            threads: 1,
            interrupt: Interrupt::default(),
        },
        arrangements: vec![Arrangement::Chunks, Arrangement::Whole],
        settings: vec![Setting::new("audio", "some")],
    }
}

/// One that never fails.
pub(crate) const GOOD: Whimsical = Whimsical { fails_at: "", stops_at: "" };

/// Incompressible bytes, the same ones for the same seed.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut generator = Generator::new(seed);
    (0..length).map(|_| (generator.next() >> 56) as u8).collect()
}

/// A triangle wave whose period is not a whole number of bytes.
pub(crate) fn triangle(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| ((at * 37 / 8 % 512).abs_diff(256) * 255 / 256) as u8).collect()
}

/// Whether pieces of this audio come back: one frame, a prime number of them, many,
/// of silence, noise and something between.
pub(crate) fn come_back(codec: &dyn Codec, spec: &AudioSpec) {
    assert_eq!(codec.refuses(spec), None, "{}", codec.name());
    assert!(codec.decodes(), "{}", codec.name());
    let frame = spec.frame_bytes();
    let mut pieces = Vec::new();
    for frames in [1, 2, 7, 641, 2048] {
        pieces.push(vec![0; frames * frame]);
        pieces.push(noise(frames * frame, 5));
        pieces.push(triangle(frames * frame));
    }
    let borrowed: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let coded = codec.encode(&borrowed, spec).unwrap();
    assert_eq!(coded.len(), pieces.len());
    assert!(codec.decode(&coded, spec).unwrap() == pieces, "{}: {spec:?}", codec.name());
    assert!(codec.encode(&[], spec).unwrap().is_empty());
    assert!(codec.decode(&[], spec).unwrap().is_empty());
}

pub(crate) fn eight_bits() -> AudioSpec {
    AudioSpec::new(SampleFormat::U8, 1, 16000)
}

/// A checkpoint of those that test vectors are made with.
pub(crate) fn checkpoint_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/models").join(name)
}

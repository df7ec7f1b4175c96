//! A folder to work in, the program, and recordings.

use lmac_support::Random;
use lmac_support::program::Folder;

/// Makes a temporary folder in which `lmac-eval` runs.
pub(crate) fn empty_folder() -> Folder {
    Folder::new(env!("CARGO_BIN_EXE_lmac-eval"))
}

/// A WAV file at 8000 Hz with something between a tone and noise.
pub(crate) fn wav(frames: u32, channels: u16, bits: u16) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample: bits,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    let mut random = Random::new(1);
    for at in 0..frames * u32::from(channels) {
        let phase = (at / u32::from(channels) % 500) as i32;
        let sample = (phase - 250) * 60 + random.below(128) as i32;
        writer.write_sample(if bits == 8 { sample >> 8 } else { sample }).unwrap();
    }
    writer.finalize().unwrap();
    file.into_inner()
}

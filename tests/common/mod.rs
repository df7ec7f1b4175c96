//! Audio for tests: small, and of every kind that a codec meets.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

pub mod bytes;
#[cfg(feature = "language")]
pub mod models;
pub mod tokenizers;
pub mod vector_models;
pub mod vectors;

use lmac::{AudioSpec, EncodeOptions, Encoder, SampleFormat};

/// A small generator with a seed, so that tests are the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// What a signal looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Silence,
    Constant,
    Melody,
    Noise,
    FullScale,
    WastedBits,
    LateStart,
}

pub const SIGNALS: [Signal; 7] = [
    Signal::Silence,
    Signal::Constant,
    Signal::Melody,
    Signal::Noise,
    Signal::FullScale,
    Signal::WastedBits,
    Signal::LateStart,
];

/// PCM of this many frames.
pub fn pcm(spec: &AudioSpec, frames: usize, signal: Signal, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let size = spec.format.bytes();
    let channels = usize::from(spec.channels);
    let mut pcm = Vec::with_capacity(frames * spec.frame_bytes());
    let constant = random.next();
    for at in 0..frames * channels {
        let (frame, channel) = (at / channels, at % channels);
        let phase = frame as f64 * (0.03 + 0.001 * channel as f64);
        let tone = (phase.sin() + 0.4 * (phase * 3.1).sin()) * 0.3;
        let noise = (random.next() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        let bits = spec.format.bits();
        let sample = match signal {
            Signal::Silence => 0.0,
            Signal::LateStart if frame < frames / 2 => 0.0,
            Signal::Melody | Signal::LateStart | Signal::WastedBits => tone + noise * 0.001,
            Signal::Constant | Signal::Noise | Signal::FullScale => noise,
        };
        let value: u64 = match (signal, spec.format) {
            (Signal::Constant, _) => constant >> (channel % 3),
            (Signal::Noise, _) => random.next(),
            (Signal::FullScale, _) => {
                [1 << (bits - 1), u64::MAX >> (65 - bits), u64::MAX, 0][random.below(4) as usize]
            }
            (_, SampleFormat::F32) => u64::from((sample as f32).to_bits()),
            (_, SampleFormat::F64) => sample.to_bits(),
            _ => (sample * 2f64.powi(bits as i32 - 1)) as i64 as u64,
        };
        let value = match (signal, spec.format) {
            (Signal::WastedBits, _) => value >> (bits / 3) << (bits / 3),
            _ => value,
        };
        // Eight-bit samples are unsigned in PCM.
        let value = if spec.format == SampleFormat::U8 { value ^ 0x80 } else { value };
        pcm.extend_from_slice(&value.to_le_bytes()[..size]);
    }
    pcm
}

/// The stream of this PCM.
pub fn stream(pcm: &[u8], spec: &AudioSpec, options: EncodeOptions) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = Encoder::with_options(Vec::new(), *spec, options).expect("options");
    encoder.write_all(pcm).expect("audio");
    encoder.finish().expect("end").writer
}

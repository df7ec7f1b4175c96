//! Short audio of every kind that a codec meets.

use std::fs;
use std::io::Write;

use lmac::{AudioSpec, EncodeOptions, Encoder, SampleFormat};

use crate::Random;

/// A kind of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Zeros.
    Silence,
    /// One random value.
    Constant,
    /// Two tones and a little noise.
    Melody,
    /// Random bits.
    Noise,
    /// The least value, the largest one, -1 and 0, in random order.
    FullScale,
    /// A melody whose lowest third of bits is zero.
    WastedBits,
    /// Silence, then a melody.
    LateStart,
}

impl Signal {
    /// All signals.
    pub const ALL: [Signal; 7] = [
        Signal::Silence,
        Signal::Constant,
        Signal::Melody,
        Signal::Noise,
        Signal::FullScale,
        Signal::WastedBits,
        Signal::LateStart,
    ];
}

/// Returns PCM of this many frames.
pub fn pcm(spec: &AudioSpec, frames: usize, signal: Signal, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let size = spec.format.bytes();
    let channels = usize::from(spec.channels);
    let mut pcm = Vec::with_capacity(frames * spec.frame_bytes());
    let constant = random.next_u64();
    for at in 0..frames * channels {
        let (frame, channel) = (at / channels, at % channels);
        let phase = frame as f64 * (0.03 + 0.001 * channel as f64);
        let tone = (phase.sin() + 0.4 * (phase * 3.1).sin()) * 0.3;
        let noise = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        let bits = spec.format.bits();
        let sample = match signal {
            Signal::Silence => 0.0,
            Signal::LateStart if frame < frames / 2 => 0.0,
            Signal::Melody | Signal::LateStart | Signal::WastedBits => tone + noise * 0.001,
            Signal::Constant | Signal::Noise | Signal::FullScale => noise,
        };
        let value: u64 = match (signal, spec.format) {
            (Signal::Constant, _) => constant >> (channel % 3),
            (Signal::Noise, _) => random.next_u64(),
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

/// Returns the stream of this PCM.
pub fn stream(pcm: &[u8], spec: &AudioSpec, options: EncodeOptions) -> Vec<u8> {
    let mut encoder = Encoder::with_options(Vec::new(), *spec, options).expect("options");
    encoder.write_all(pcm).expect("audio");
    encoder.finish().expect("end").writer
}

/// Returns the beginning of `tests/samples/speech.wav`: its head, which says that there is
/// more, and this many frames.
pub fn recording(frames: usize) -> Vec<u8> {
    let mut wav = fs::read(crate::path("tests/samples/speech.wav")).expect("the recording");
    let data = 8 + wav.windows(4).position(|bytes| bytes == b"data").expect("a data chunk");
    wav.truncate(data + 2 * frames);
    wav
}

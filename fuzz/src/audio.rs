//! Arbitrary audio, short enough to be tried thousands of times.

use arbitrary::Arbitrary;
use lmac::{AudioSpec, SampleFormat};
use lmac_support::mixed;

/// Audio and its format.
#[derive(Debug, Clone, Arbitrary)]
pub struct Audio {
    format: u8,
    channels: u8,
    rate: Rate,
    mask: Option<u32>,
    spare_bits: u8,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Rate {
    Usual,
    Unknown,
    Any(u32),
}

/// Some frames of one kind.
#[derive(Debug, Clone, Arbitrary)]
struct Part {
    frames: u8,
    kind: Kind,
    /// Low bits that are zero.
    wasted: u8,
    /// Whether channels follow the first.
    alike: bool,
}

#[derive(Debug, Clone, Arbitrary)]
enum Kind {
    Silence,
    Constant(u64),
    Noise {
        seed: u32,
        bits: u8,
    },
    Melody {
        step: u16,
        bits: u8,
        noise: u8,
    },
    FullScale {
        seed: u32,
    },
    /// Few values, as in a file that was made louder.
    Scaled {
        seed: u32,
        factor: u16,
    },
    /// Floats that are special: infinite, NaN, denormal.
    Special {
        seed: u32,
    },
    Given(Vec<u8>),
}

impl Audio {
    /// Returns the format.
    pub fn spec(&self) -> AudioSpec {
        let format = SampleFormat::ALL[usize::from(self.format) % SampleFormat::ALL.len()];
        let channels = match self.channels {
            few @ 0..240 => 1 + u16::from(few) % 3,
            some @ 240..250 => u16::from(some) - 236,
            250 | 251 => 32,
            252 | 253 => 33,
            254 => 40,
            255 => 300,
        };
        let rate = match self.rate {
            Rate::Usual => 44_100,
            Rate::Unknown => 0,
            Rate::Any(rate) => rate,
        };
        let mut spec = AudioSpec::new(format, channels, rate);
        spec.channel_mask = self.mask;
        if !format.is_float() && self.spare_bits > 200 {
            let spare = self.spare_bits % format.bits() as u8;
            spec.valid_bits = format.bits() as u8 - spare;
        }
        spec
    }

    /// Returns interleaved PCM of at most this many samples.
    pub fn pcm(&self, most_samples: usize) -> Vec<u8> {
        let spec = self.spec();
        let (channels, bytes) = (usize::from(spec.channels), spec.format.bytes());
        let most = most_samples / channels * channels;
        let mut pcm = Vec::new();
        for part in &self.parts {
            let before = pcm.len() / bytes;
            let samples = (usize::from(part.frames) * channels).min(most - before);
            for at in 0..samples {
                let (frame, channel) = (at / channels, at % channels);
                let source = if part.alike { frame } else { at };
                let value = part.kind.value(spec.format, source, frame, channel as u64);
                let wasted = u32::from(part.wasted) % spec.format.bits();
                let wasted = if part.wasted > 128 { wasted } else { 0 };
                let value = value >> wasted << wasted;
                // Eight bits are unsigned in PCM.
                let value = if spec.format == SampleFormat::U8 { value ^ 0x80 } else { value };
                pcm.extend_from_slice(&value.to_le_bytes()[..bytes]);
            }
        }
        pcm
    }
}

impl Kind {
    fn value(&self, format: SampleFormat, source: usize, frame: usize, channel: u64) -> u64 {
        let bits = format.bits();
        let chance = |seed: u32| mixed(u64::from(seed) << 32 | source as u64);
        let narrow =
            |value: u64, width: u8| (value as i64 >> (63 - u32::from(width) % bits)) as u64;
        match *self {
            Kind::Silence => 0,
            Kind::Constant(value) => value >> (channel % 3),
            Kind::Noise { seed, bits } => narrow(chance(seed), bits),
            Kind::Melody { step, bits: loud, noise } => {
                let phase = frame as f64 * f64::from(step) / 10_000.0 + 0.1 * channel as f64;
                let sample = phase.sin() * 0.7;
                match format {
                    SampleFormat::F32 => u64::from((sample as f32).to_bits()),
                    SampleFormat::F64 => sample.to_bits(),
                    _ => {
                        let size = f64::from(1 << (u32::from(loud) % bits.min(31)));
                        let noise = narrow(chance(1), noise % 8);
                        ((sample * size) as i64 as u64).wrapping_add(noise)
                    }
                }
            }
            Kind::FullScale { seed } => {
                let most = u64::MAX >> (65 - bits);
                [!most, most, u64::MAX, 0][chance(seed) as usize % 4]
            }
            Kind::Scaled { seed, factor } => {
                let whole = (chance(seed) >> 54) as i64 - 512;
                match format {
                    SampleFormat::F32 => {
                        u64::from((whole as f32 / (1.0 + f32::from(factor))).to_bits())
                    }
                    SampleFormat::F64 => (whole as f64 / (1.0 + f64::from(factor))).to_bits(),
                    _ => whole.wrapping_mul(i64::from(factor)) as u64,
                }
            }
            Kind::Special { seed } => {
                let special = [
                    f32::NAN,
                    f32::INFINITY,
                    -0.0,
                    f32::MIN_POSITIVE / 3.0,
                    f32::MAX,
                    f32::from_bits(0x7F80_0001),
                    f32::from_bits(1),
                    1.0,
                ];
                let float = special[chance(seed) as usize % special.len()];
                match format {
                    SampleFormat::F64 => f64::from(float).to_bits(),
                    _ => u64::from(float.to_bits()),
                }
            }
            Kind::Given(ref bytes) => {
                let byte = |at: usize| bytes.get(at % bytes.len().max(1)).copied().unwrap_or(0);
                u64::from_le_bytes(std::array::from_fn(|i| byte(source * format.bytes() + i)))
            }
        }
    }
}

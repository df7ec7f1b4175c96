//! Audio made of integers, the same on every machine.

use lmac::{AudioSpec, SampleFormat};
use lmac_support::Random;

/// What a signal looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Two tones and a little noise.
    Melody,
    Noise,
    /// Zeros, and a single sample that is none.
    Silence,
    /// Tones that are cut off at the ends of their range.
    Clipped,
    /// Tones that die away until there is nothing for half of the time: what filters have
    /// learnt fades until it is denormal.
    Fading,
    /// Few and even numbers, for language models: planes that say nothing.
    Quiet,
    /// Floats too small to be normal ones.
    Denormal,
    /// Floats that are no integers times a power of two.
    Scaled,
}

impl Signal {
    pub(crate) const FOR_INTEGERS: [Signal; 5] =
        [Signal::Melody, Signal::Noise, Signal::Silence, Signal::Clipped, Signal::Fading];
    pub(crate) const FOR_FLOATS: [Signal; 7] = [
        Signal::Melody,
        Signal::Noise,
        Signal::Silence,
        Signal::Clipped,
        Signal::Fading,
        Signal::Denormal,
        Signal::Scaled,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Signal::Melody => "melody",
            Signal::Noise => "noise",
            Signal::Silence => "silence",
            Signal::Clipped => "clipped",
            Signal::Fading => "fading",
            Signal::Quiet => "quiet",
            Signal::Denormal => "denormal",
            Signal::Scaled => "scaled",
        }
    }

    /// The PCM of so many frames.
    pub(crate) fn pcm(self, spec: &AudioSpec, frames: usize) -> Vec<u8> {
        let channels = usize::from(spec.channels);
        let mut random = Random::new(frames as u64);
        let mut pcm = Vec::with_capacity(frames * spec.frame_bytes());
        for at in 0..frames * channels {
            let value = self.value(at / channels, at % channels, frames, &mut random);
            put(self, value, spec.format, &mut pcm);
        }
        pcm
    }

    /// A sample out of 32 bits.
    fn value(self, frame: usize, channel: usize, frames: usize, random: &mut Random) -> i32 {
        let noise = random.next_u64() as i32;
        match self {
            Signal::Noise | Signal::Denormal => noise,
            Signal::Silence => i32::from(frame == frames / 3) << 24,
            Signal::Quiet => (tones(frame, channel) + (noise >> 6)) >> 26 << 17,
            Signal::Clipped => (tones(frame, channel) + (noise >> 12)).saturating_mul(5),
            Signal::Fading if frame > frames / 2 => 0,
            Signal::Fading => tones(frame, channel) / (1 + frame as i32 / 8),
            Signal::Melody | Signal::Scaled => tones(frame, channel) + (noise >> 12),
        }
    }
}

/// Two tones, of half of the range together. A channel's are near those of the first.
fn tones(frame: usize, channel: usize) -> i32 {
    let phase = (frame as u32).wrapping_mul(40_000_000 + 500_000 * channel as u32);
    wave(phase) / 3 + wave(phase.wrapping_mul(3).wrapping_add(phase >> 3)) / 6
}

/// Two parabolas for a sine.
fn wave(phase: u32) -> i32 {
    let x = i64::from(phase as i32 >> 16);
    ((x * (32_768 - x.abs())) << 3).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// A sample out of 32 bits as this format has it.
fn put(signal: Signal, value: i32, format: SampleFormat, pcm: &mut Vec<u8>) {
    // Products with powers of two are exact; others are rounded once, to normal numbers.
    let unit = 1.0 / 32_768.0;
    match format {
        SampleFormat::U8 => pcm.push((value >> 24) as u8 ^ 0x80),
        SampleFormat::F32 if signal == Signal::Denormal => {
            pcm.extend((value as u32 & 0x807F_FFFF).to_le_bytes());
        }
        SampleFormat::F32 if signal == Signal::Scaled => {
            pcm.extend(((value >> 16) as f32 * 0.000_731).to_le_bytes());
        }
        SampleFormat::F32 => pcm.extend(((value >> 16) as f32 * unit).to_le_bytes()),
        SampleFormat::F64 => pcm.extend((f64::from(value >> 8) * f64::from(unit)).to_le_bytes()),
        _ => pcm.extend(&value.to_le_bytes()[4 - format.bytes()..]),
    }
}

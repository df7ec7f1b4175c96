//! Audio made of integers, the same on every machine.

use lmac::{AudioSpec, SampleFormat};
use lmac_support::Random;

/// The kind of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Two tones and a little noise.
    Melody,
    Noise,
    /// Zeros, but for a single sample.
    Silence,
    /// Tones that are clipped.
    Clipped,
    /// Tones that fade, and silence in the second half, in which filters fade until they would
    /// be denormal.
    Fading,
    /// Few, even values, for language models: their planes are constant.
    Quiet,
    /// Denormal floats.
    Denormal,
    /// Floats that are not integers times a power of two.
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

    /// Returns the PCM of this many frames.
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

    /// Returns a sample of 32 bits.
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

/// Returns two tones, with half of the range as their peak. Channels have similar tones.
fn tones(frame: usize, channel: usize) -> i32 {
    let phase = (frame as u32).wrapping_mul(40_000_000 + 500_000 * channel as u32);
    wave(phase) / 3 + wave(phase.wrapping_mul(3).wrapping_add(phase >> 3)) / 6
}

/// Approximates a sine by two parabolas.
fn wave(phase: u32) -> i32 {
    let x = i64::from(phase as i32 >> 16);
    ((x * (32_768 - x.abs())) << 3).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Appends a sample of 32 bits in this format.
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

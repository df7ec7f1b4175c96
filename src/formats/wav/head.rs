//! Writing the head of a WAV file, and the constants of its format chunk.

use crate::audio::AudioSpec;

pub(super) const TAG_PCM: u16 = 1;
pub(super) const TAG_FLOAT: u16 = 3;
pub(super) const TAG_EXTENSIBLE: u16 = 0xFFFE;

/// A length that stands for "not known" or "see ds64".
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Makes a WAV head for audio without one.
///
/// If the number of frames is not known, the lengths in the head are all ones; beyond four
/// GiB it is an RF64 head. Audio of an odd number of bytes must be followed by a zero.
pub fn wav_head(spec: &AudioSpec, frames: Option<u64>) -> Vec<u8> {
    let partly_valid = u32::from(spec.valid_bits) != spec.format.bits();
    write(spec, frames, spec.channels > 2 || spec.channel_mask.is_some() || partly_valid)
}

/// The bytes behind so many bytes of audio with a new head: chunks have an even number of bytes.
pub(crate) fn wav_tail(audio_bytes: u64) -> &'static [u8] {
    if audio_bytes % 2 == 1 { &[0] } else { &[] }
}

/// A head with a format chunk of 16 bytes, which has no speaker positions and valid bits.
pub(super) fn plain_head(spec: &AudioSpec, frames: Option<u64>) -> Vec<u8> {
    write(spec, frames, false)
}

fn write(spec: &AudioSpec, frames: Option<u64>, extensible: bool) -> Vec<u8> {
    let bits = spec.format.bits();
    let frame_bytes = spec.frame_bytes() as u64;
    let tag = if spec.format.is_float() { TAG_FLOAT } else { TAG_PCM };

    let mut format = Vec::new();
    format.extend(if extensible { TAG_EXTENSIBLE } else { tag }.to_le_bytes());
    format.extend(spec.channels.to_le_bytes());
    format.extend(spec.rate.to_le_bytes());
    let byte_rate = u64::from(spec.rate) * frame_bytes;
    format.extend(u32::try_from(byte_rate).unwrap_or(UNKNOWN).to_le_bytes());
    // No WAV head is right for frames wider than this; readers go by the channels.
    format.extend(u16::try_from(frame_bytes).unwrap_or(u16::MAX).to_le_bytes());
    format.extend((bits as u16).to_le_bytes());
    if extensible {
        format.extend(22u16.to_le_bytes());
        format.extend(u16::from(spec.valid_bits).to_le_bytes());
        format.extend(spec.channel_mask.unwrap_or(0).to_le_bytes());
        format.extend(tag.to_le_bytes());
        format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    }

    // A length that does not fit 64 bits is as good as none.
    let data = frames
        .and_then(|frames| frames.checked_mul(frame_bytes))
        .filter(|&data| data < u64::MAX - 256);
    // "WAVE", the fmt chunk, the data chunk's header, the audio and its padding.
    let riff = data.map(|data| 4 + 8 + format.len() as u64 + 8 + data + data % 2);
    let short = riff.is_none_or(|riff| u32::try_from(riff).is_ok());
    let length = |value: Option<u64>| match value {
        Some(value) if short => value as u32,
        _ => UNKNOWN,
    };

    let mut head = Vec::new();
    head.extend(if short { b"RIFF" } else { b"RF64" });
    head.extend(length(riff).to_le_bytes());
    head.extend(b"WAVE");
    if let (false, Some(riff), Some(data), Some(frames)) = (short, riff, data, frames) {
        head.extend(b"ds64");
        head.extend(28u32.to_le_bytes());
        head.extend((riff + 36).to_le_bytes());
        head.extend(data.to_le_bytes());
        head.extend(frames.to_le_bytes());
        head.extend(0u32.to_le_bytes());
    }
    head.extend(b"fmt ");
    head.extend((format.len() as u32).to_le_bytes());
    head.extend(format);
    head.extend(b"data");
    head.extend(length(data).to_le_bytes());
    head
}

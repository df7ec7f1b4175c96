//! Decoded samples as PCM in lmac's layout.

use lmac::{AudioSpec, SampleFormat};
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};

use crate::error::Error;

/// Appends a decoded packet, interleaved, in the format of `spec`; `order` has the plane of each
/// channel.
pub(crate) fn append(
    buffer: &GenericAudioBufferRef<'_>,
    spec: &AudioSpec,
    order: &[usize],
    pcm: &mut Vec<u8>,
) -> Result<(), Error> {
    use GenericAudioBufferRef as Buffer;
    let changed = || Error::file("the format of the audio changes in the middle of the file");
    if buffer.num_planes() != usize::from(spec.channels) || buffer.spec().rate() != spec.rate {
        return Err(changed());
    }
    match (spec.format, buffer) {
        (SampleFormat::U8, Buffer::U8(buffer)) => interleave(buffer, order, pcm, |value| [value]),
        (SampleFormat::U8, Buffer::S8(buffer)) => {
            interleave(buffer, order, pcm, |value| [value as u8 ^ 0x80]);
        }
        (SampleFormat::S16, Buffer::S16(buffer)) => {
            interleave(buffer, order, pcm, i16::to_le_bytes)
        }
        (SampleFormat::S16, Buffer::U16(buffer)) => {
            interleave(buffer, order, pcm, |value| (value ^ 0x8000).to_le_bytes());
        }
        (SampleFormat::S24, Buffer::S24(buffer)) => {
            interleave(buffer, order, pcm, |value| low_three(value.inner() as u32));
        }
        (SampleFormat::S24, Buffer::U24(buffer)) => {
            interleave(buffer, order, pcm, |value| low_three(value.inner() ^ 0x80_0000));
        }
        (SampleFormat::S32, Buffer::U32(buffer)) => {
            interleave(buffer, order, pcm, |value| (value ^ 0x8000_0000).to_le_bytes());
        }
        (SampleFormat::F32, Buffer::F32(buffer)) => {
            interleave(buffer, order, pcm, f32::to_le_bytes)
        }
        (SampleFormat::F64, Buffer::F64(buffer)) => {
            interleave(buffer, order, pcm, f64::to_le_bytes)
        }
        // The decoders of FLAC and ALAC shift all samples up to 32 bits.
        (format, Buffer::S32(buffer)) if !format.is_float() => {
            let low_bits = u32::MAX.checked_shr(spec.valid_bits.into()).unwrap_or(0);
            let mut planes = (0..buffer.num_planes()).filter_map(|channel| buffer.plane(channel));
            if planes.any(|plane| plane.iter().any(|&sample| sample as u32 & low_bits != 0)) {
                return Err(Error::File(format!(
                    "the samples have more bits than the {} that the file announces",
                    spec.valid_bits
                )));
            }
            match format {
                SampleFormat::U8 => {
                    interleave(buffer, order, pcm, |value| [(value >> 24) as u8 ^ 0x80])
                }
                SampleFormat::S16 => {
                    interleave(buffer, order, pcm, |value| ((value >> 16) as i16).to_le_bytes());
                }
                SampleFormat::S24 => {
                    interleave(buffer, order, pcm, |value| low_three((value >> 8) as u32));
                }
                _ => interleave(buffer, order, pcm, i32::to_le_bytes),
            }
        }
        _ => return Err(changed()),
    }
    Ok(())
}

fn low_three(value: u32) -> [u8; 3] {
    let [first, second, third, _] = value.to_le_bytes();
    [first, second, third]
}

/// Appends the samples of all channels, frame by frame.
fn interleave<S: Sample, const BYTES: usize>(
    buffer: &AudioBuffer<S>,
    order: &[usize],
    pcm: &mut Vec<u8>,
    to_bytes: impl Fn(S) -> [u8; BYTES],
) {
    let start = pcm.len();
    pcm.resize(start + buffer.frames() * order.len() * BYTES, 0);
    for (channel, &plane) in order.iter().enumerate() {
        let places = pcm[start..].chunks_exact_mut(BYTES).skip(channel).step_by(order.len());
        for (place, &sample) in places.zip(buffer.plane(plane).unwrap_or_default()) {
            place.copy_from_slice(&to_bytes(sample));
        }
    }
}

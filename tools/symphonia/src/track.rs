//! The track of a stream, in Symphonia's terms.

use lmac::{AudioSpec, SampleFormat};
use symphonia::core::audio::sample::SampleFormat as Sample;
use symphonia::core::audio::{Channels, Position, layouts};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F64LE, CODEC_ID_PCM_S16LE, CODEC_ID_PCM_S24LE,
    CODEC_ID_PCM_S32LE, CODEC_ID_PCM_U8,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::errors::{Result, unsupported_error};
use symphonia::core::formats::{Track, TrackFlags};
use symphonia::core::units::Duration;

/// The number of the only track.
pub(crate) const ID: u32 = 0;

/// Returns the track of a stream with this many frames, if that is known, and packets of at most
/// `packet_frames`.
pub(crate) fn track(spec: &AudioSpec, frames: Option<u64>, packet_frames: u64) -> Result<Track> {
    let (codec, format) = coding(spec.format)?;
    let mut parameters = AudioCodecParameters::new();
    parameters
        .for_codec(codec)
        .with_sample_format(format)
        .with_bits_per_sample(spec.valid_bits.into())
        .with_channels(channels(spec))
        .with_max_frames_per_packet(packet_frames);
    if spec.rate > 0 {
        parameters.with_sample_rate(spec.rate);
    }
    let mut track = Track::new(ID);
    track.with_codec_params(CodecParameters::Audio(parameters)).with_flags(TrackFlags::DEFAULT);
    if let Some(frames) = frames {
        track.with_num_frames(frames).with_duration(Duration::new(frames));
    }
    Ok(track)
}

/// Returns the codec that decodes the PCM of a format, and its samples.
fn coding(format: SampleFormat) -> Result<(AudioCodecId, Sample)> {
    Ok(match format {
        SampleFormat::U8 => (CODEC_ID_PCM_U8, Sample::U8),
        SampleFormat::S16 => (CODEC_ID_PCM_S16LE, Sample::S16),
        SampleFormat::S24 => (CODEC_ID_PCM_S24LE, Sample::S24),
        SampleFormat::S32 => (CODEC_ID_PCM_S32LE, Sample::S32),
        SampleFormat::F32 => (CODEC_ID_PCM_F32LE, Sample::F32),
        SampleFormat::F64 => (CODEC_ID_PCM_F64LE, Sample::F64),
        _ => return unsupported_error("this format of samples"),
    })
}

/// Returns the positions of the channels: those of the mask, or the usual ones without a mask.
fn channels(spec: &AudioSpec) -> Channels {
    let of_mask = spec.channel_mask.and_then(Position::from_wave_channel_mask);
    let count = u32::from(spec.channels);
    if let Some(positions) = of_mask.filter(|mask| mask.bits().count_ones() == count) {
        return Channels::Positioned(positions);
    }
    match (spec.channel_mask, spec.channels) {
        (_, 1) => layouts::CHANNEL_LAYOUT_MONO,
        (None, 2) => layouts::CHANNEL_LAYOUT_STEREO,
        (None, 3) => layouts::CHANNEL_LAYOUT_3P0,
        (None, 4) => layouts::CHANNEL_LAYOUT_4P0_QUAD,
        (None, 5) => layouts::CHANNEL_LAYOUT_5P0,
        (None, 6) => layouts::CHANNEL_LAYOUT_5P1,
        (None, 7) => layouts::CHANNEL_LAYOUT_6P1,
        (None, 8) => layouts::CHANNEL_LAYOUT_7P1,
        (_, count) => Channels::Discrete(count),
    }
}

//! Sample formats, and the description of raw audio.

use gst::glib;
use gst_audio::{AudioFormat, AudioInfo};
use lmac::{AudioSpec, SampleFormat};

use crate::channels::{self, Reordering};

/// The sample formats, by both names.
pub(crate) const FORMATS: [(SampleFormat, AudioFormat); 6] = [
    (SampleFormat::U8, AudioFormat::U8),
    (SampleFormat::S16, AudioFormat::S16le),
    (SampleFormat::S24, AudioFormat::S24le),
    (SampleFormat::S32, AudioFormat::S32le),
    (SampleFormat::F32, AudioFormat::F32le),
    (SampleFormat::F64, AudioFormat::F64le),
];

/// Returns the caps of all raw audio that a stream can hold.
pub(crate) fn raw_caps() -> gst::Caps {
    gst_audio::AudioCapsBuilder::new_interleaved()
        .format_list(FORMATS.map(|(_, format)| format))
        .channels_range(1..=i32::from(u16::MAX))
        .build()
}

/// Returns the format of GStreamer that has the same samples.
pub(crate) fn of_stream(format: SampleFormat) -> Option<AudioFormat> {
    FORMATS.iter().find(|(own, _)| *own == format).map(|&(_, other)| other)
}

/// Returns the description of a stream's audio, and how to put its channels into the order that
/// GStreamer wants.
pub(crate) fn info(spec: &AudioSpec) -> Result<(AudioInfo, Option<Reordering>), glib::BoolError> {
    let format = of_stream(spec.format)
        .ok_or_else(|| glib::bool_error!("GStreamer has no {:?} samples", spec.format))?;
    let builder = AudioInfo::builder(format, spec.rate, u32::from(spec.channels));
    let positions = channels::of_stream(spec.channels, spec.channel_mask);
    let ordered = positions.as_deref().and_then(channels::in_order_of_gstreamer);
    let (Some(positions), Some(ordered)) = (positions, ordered) else {
        return Ok((builder.build()?, None));
    };
    let reordering = Reordering::new(&positions, &ordered, spec.format.bytes());
    Ok((builder.positions(&ordered).build()?, reordering))
}

/// Returns the description of the stream of raw audio, and how to put its channels into the order
/// of WAV files. `None` if no stream can hold the audio.
pub(crate) fn spec(info: &AudioInfo) -> Option<(AudioSpec, Option<Reordering>)> {
    let (format, _) = FORMATS.into_iter().find(|(_, other)| *other == info.format())?;
    let channels = u16::try_from(info.channels()).ok()?;
    let spec = AudioSpec::new(format, channels, info.rate());
    // The usual positions of one and two channels need no mask.
    let Some(positions) = info.positions().filter(|_| channels > 2) else {
        return Some((spec, None));
    };
    Some(match channels::in_order_of_wav(positions) {
        None => (spec, None),
        Some((ordered, mask)) => {
            let reordering = Reordering::new(positions, &ordered, format.bytes());
            (spec.with_channel_mask(mask), reordering)
        }
    })
}

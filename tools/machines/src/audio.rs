//! Streams of the methods without a language model.

use lmac::{AudioSpec, DecodeOptions, EncodeOptions, Preset, SampleFormat};

use crate::Work;
use crate::signals::Signal;

/// Lengths around the changes of the models' schedules and of their longest filters, and one
/// frame.
const BORDERS: [usize; 10] = [1, 2, 63, 64, 65, 511, 512, 513, 2047, 2100];
const SHORT_BORDERS: [usize; 4] = [1, 65, 513, 2100];

pub(crate) fn run(work: &mut Work<'_>) {
    formats(work);
    borders(work);
    long(work);
}

fn name(format: SampleFormat) -> String {
    let kind = if format.is_float() { "float" } else { "bit" };
    format!("{}-{kind}", format.bits())
}

/// Encodes every preset with every format and every signal, in three chunks.
fn formats(work: &mut Work<'_>) {
    for &preset in Preset::ALL {
        let slow = matches!(preset, Preset::Standard | Preset::Max);
        let chunk = if slow { 200 } else { 500 };
        for &format in SampleFormat::ALL {
            let signals: &[Signal] =
                if format.is_float() { &Signal::FOR_FLOATS } else { &Signal::FOR_INTEGERS };
            for (at, &signal) in signals.iter().enumerate() {
                for channels in [1, 2] {
                    // The short work has a part of the signals for each format.
                    let place = at + format as usize + preset as usize + usize::from(channels);
                    if work.options.short && !place.is_multiple_of(4) {
                        continue;
                    }
                    let spec = AudioSpec::new(format, channels, 44_100);
                    let pcm = signal.pcm(&spec, 5 * chunk / 2);
                    let options = EncodeOptions::default()
                        .with_preset(preset)
                        .with_chunk_frames(chunk as u64);
                    work.there_and_back(
                        format_args!(
                            "{}/{}/{channels}/{}",
                            preset.name(),
                            name(format),
                            signal.name()
                        ),
                        &spec,
                        &pcm,
                        options,
                        DecodeOptions::default(),
                    );
                }
            }
        }
    }
}

const ADAPTIVE: [Preset; 3] = [Preset::Fast, Preset::Standard, Preset::Max];

/// Encodes chunks that end around the changes of a model's schedules.
fn borders(work: &mut Work<'_>) {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44_100);
    let borders: &[usize] = if work.options.short { &SHORT_BORDERS } else { &BORDERS };
    for preset in ADAPTIVE {
        for &frames in borders {
            let pcm = Signal::Melody.pcm(&spec, frames);
            let options = EncodeOptions::default().with_preset(preset);
            let name = format!("{}/{frames}-frames", preset.name());
            work.there_and_back(name, &spec, &pcm, options, DecodeOptions::default());
        }
    }
}

/// Encodes longer chunks, in which filters converge and fade, and one whose two channels are
/// tried in both orders.
fn long(work: &mut Work<'_>) {
    for (preset, frames) in ADAPTIVE.into_iter().zip([20_000, 5_000, 3_000]) {
        for format in [SampleFormat::S16, SampleFormat::F32] {
            if work.options.short {
                continue;
            }
            let spec = AudioSpec::new(format, 2, 44_100);
            let pcm = Signal::Fading.pcm(&spec, frames);
            let options = EncodeOptions::default().with_preset(preset);
            let name = format!("{}/{}/{frames}-frames-fading", preset.name(), name(format));
            work.there_and_back(name, &spec, &pcm, options, DecodeOptions::default());
        }
    }
    if !work.options.short {
        let spec = AudioSpec::new(SampleFormat::S16, 2, 44_100);
        let pcm = Signal::Melody.pcm(&spec, 66_000);
        let options = EncodeOptions::default().with_chunk_frames(66_000);
        let decode = DecodeOptions::default();
        work.there_and_back("standard/both-orders", &spec, &pcm, options, decode);
    }
}

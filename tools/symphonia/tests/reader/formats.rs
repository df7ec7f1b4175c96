//! Formats of audio.

use lmac_support::{Random, vectors};
use symphonia::core::audio::{Channels, Position, layouts};

use super::*;

#[test]
fn every_preset_format_and_number_of_channels_gives_the_same_samples() {
    let mut random = Random::new(1);
    for &preset in Preset::ALL {
        // Max tries many settings for each chunk.
        let frames = if preset == Preset::Max { 60 } else { 400 };
        for &format in SampleFormat::ALL {
            for channels in [1, 2, 3, 6, 8, 19] {
                let spec = AudioSpec::new(format, channels, 48_000);
                let signal = Signal::ALL[random.below(Signal::ALL.len() as u64) as usize];
                let pcm = pcm(&spec, frames, signal, random.next_u64());
                let options = EncodeOptions::default()
                    .with_preset(preset)
                    .with_chunk_frames(frames as u64 * 2 / 5);
                let stream = stream(&pcm, &spec, options);
                let what = format!("{preset:?} {spec:?} {signal:?}");

                let mut reader = open(&stream);
                let found = parameters(&reader);
                assert_eq!(found.sample_rate, Some(48_000));
                assert_eq!(found.bits_per_sample, Some(format.bits()));
                assert_eq!(found.channels.as_ref().unwrap().count(), usize::from(channels));
                assert_eq!(track(&reader).num_frames, Some(frames as u64));
                assert!(rest(&mut reader, 0) == pcm, "{what}");
                for _ in 0..3 {
                    let frame = random.below(frames as u64 + 1);
                    seek(&mut reader, frame as i64).unwrap();
                    let found = rest(&mut reader, frame as i64);
                    assert!(found == pcm[frame as usize * spec.frame_bytes()..], "{what} {frame}");
                }
                assert!(rest(&mut open_pipe(&stream), 0) == pcm, "{what}, from a pipe");
            }
        }
    }
}

#[test]
fn every_vector_gives_the_same_samples() {
    for name in vectors::names("good-", false) {
        let stream = vectors::stream(&name);
        let mut reader = open(&stream);
        if parameters(&reader).sample_rate.is_none() {
            // Symphonia's codecs want a rate.
            assert!(matches!(codec(&reader), Err(Error::Unsupported(_))), "{name}");
            continue;
        }
        let expected = expected(&stream);
        assert!(rest(&mut reader, 0) == expected, "{name}");
        assert!(rest(&mut open_pipe(&stream), 0) == expected, "{name}");
    }
}

#[test]
fn valid_bits_are_told_and_samples_stay_as_they_are() {
    for (format, bits) in [
        (SampleFormat::U8, 5),
        (SampleFormat::S16, 12),
        (SampleFormat::S24, 20),
        (SampleFormat::S32, 31),
    ] {
        let spec = AudioSpec::new(format, 2, 8000).with_valid_bits(bits);
        let pcm = pcm(&spec, 500, Signal::Noise, 1);
        let stream = stream(&pcm, &spec, EncodeOptions::default());
        let mut reader = open(&stream);
        assert_eq!(parameters(&reader).bits_per_sample, Some(bits.into()));
        assert!(rest(&mut reader, 0) == pcm, "{format:?}");
    }
}

#[test]
fn channels_have_the_positions_of_the_mask() {
    let side = Position::SIDE_LEFT | Position::SIDE_RIGHT;
    for (channels, mask, found) in [
        (1, None, layouts::CHANNEL_LAYOUT_MONO),
        (1, Some(1), Channels::Positioned(Position::FRONT_LEFT)),
        (2, None, layouts::CHANNEL_LAYOUT_STEREO),
        (2, Some(0x600), Channels::Positioned(side)),
        (6, None, layouts::CHANNEL_LAYOUT_5P1),
        (6, Some(0x60F), layouts::CHANNEL_LAYOUT_5P1_SIDE),
        (8, None, layouts::CHANNEL_LAYOUT_7P1),
        // A mask that does not fit, or with a bit that has no position.
        (3, Some(0x3), Channels::Discrete(3)),
        (2, Some(0x8000_0001), Channels::Discrete(2)),
        (9, None, Channels::Discrete(9)),
        (u16::MAX, None, Channels::Discrete(u16::MAX)),
    ] {
        let mut spec = AudioSpec::new(SampleFormat::S16, channels, 8000);
        spec.channel_mask = mask;
        let pcm = pcm(&spec, 3, Signal::Noise, 1);
        let options = EncodeOptions::default().with_preset(Preset::Store);
        let stream = stream(&pcm, &spec, options);
        let mut reader = open(&stream);
        assert_eq!(parameters(&reader).channels, Some(found), "{channels} {mask:?}");
        assert!(rest(&mut reader, 0) == pcm, "{channels} {mask:?}");
    }
}

#[test]
fn the_reader_says_what_it_reads() {
    let (stream, _) = melody();
    let reader = open(&stream);
    assert_eq!(reader.format_info().short_name, "lmac");
    let media = reader.media_info();
    assert_eq!(media.duration.unwrap().get(), FRAMES as u64);
    let seconds = media.time_base.unwrap().calc_duration(media.duration.unwrap()).unwrap();
    assert_eq!(seconds.as_millis(), 1000 * i128::from(FRAMES) / 44_100);
}

#[test]
fn an_empty_stream_ends_at_once() {
    let spec = AudioSpec::new(SampleFormat::S24, 2, 44100);
    let stream = stream(&[], &spec, EncodeOptions::default());
    let mut reader = open(&stream);
    assert_eq!(track(&reader).num_frames, Some(0));
    assert!(rest(&mut reader, 0).is_empty());
    seek(&mut reader, 0).unwrap();
    assert!(rest(&mut reader, 0).is_empty());
}

//! Streams are recognised and decoded to the bit, however their bytes come.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Access, Player, chunks, joined, music};
use gst::ClockTime;
use gst::prelude::*;
use gst_audio::{AudioFormat, AudioInfo};
use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Signal, pcm, stream};

/// Plays a stream, compares the audio, and returns its description.
fn check(bytes: &[u8], expected: &[u8], access: Access, what: &str) -> AudioInfo {
    let player = Player::new(bytes, access);
    player.pause();
    let caps = player.sink.static_pad("sink").unwrap().current_caps().unwrap();
    let (pieces, messages) = player.play();
    assert!(messages.errors.is_empty(), "{what}: {messages:?}");
    assert!(messages.warnings.is_empty(), "{what}: {messages:?}");
    assert!(joined(&pieces) == expected, "{what}: the audio differs");
    AudioInfo::from_caps(&caps).unwrap()
}

fn format_name(format: SampleFormat) -> AudioFormat {
    match format {
        SampleFormat::U8 => AudioFormat::U8,
        SampleFormat::S16 => AudioFormat::S16le,
        SampleFormat::S24 => AudioFormat::S24le,
        SampleFormat::S32 => AudioFormat::S32le,
        SampleFormat::F32 => AudioFormat::F32le,
        _ => AudioFormat::F64le,
    }
}

#[test]
fn every_format_comes_out_as_it_went_in() {
    for &preset in Preset::ALL {
        let frames = if preset == Preset::Max { 700 } else { 2500 };
        for &format in SampleFormat::ALL {
            for channels in [1, 2, 6, 8] {
                let spec = AudioSpec::new(format, channels, 48_000);
                let pcm = pcm(&spec, frames, Signal::Melody, u64::from(channels));
                let options = EncodeOptions::default().with_preset(preset);
                let bytes = stream(&pcm, &spec, options.with_chunk_frames(1100));
                let what = format!("{format:?}, {channels} channels, {preset:?}");
                let info = check(&bytes, &pcm, Access::Pull, &what);
                assert_eq!(info.format(), format_name(format), "{what}");
                assert_eq!(info.channels(), u32::from(channels), "{what}");
                assert_eq!(info.rate(), 48_000, "{what}");
            }
        }
    }
}

#[test]
fn pipes_and_networks_give_the_same_audio() {
    let (bytes, expected) = music(30_000);
    for access in Access::ALL {
        check(&bytes, &expected, access, &format!("{access:?}"));
    }
}

#[test]
fn every_kind_of_audio_plays() {
    for signal in Signal::ALL {
        for format in [SampleFormat::U8, SampleFormat::S24, SampleFormat::F32] {
            let spec = AudioSpec::new(format, 2, 8000);
            let pcm = pcm(&spec, 3000, signal, 5);
            let options = EncodeOptions::default().with_chunk_frames(1000);
            let bytes = stream(&pcm, &spec, options);
            check(&bytes, &pcm, Access::Pull, &format!("{signal:?}, {format:?}"));
        }
    }
}

#[test]
fn pieces_have_the_times_of_their_frames() {
    let (bytes, _) = music(30_000);
    let (pieces, _) = Player::new(&bytes, Access::Pull).play();
    // Several of each chunk.
    assert!(pieces.len() > chunks(&bytes).len(), "{} pieces", pieces.len());
    let mut frames = 0;
    for piece in &pieces {
        let time = |frames: u64| frames * 1_000_000_000 / 44_100;
        let late = |time: Option<ClockTime>, of: u64| time.unwrap().nseconds().abs_diff(of);
        assert!(late(piece.pts, time(frames)) <= 1, "{:?} at {frames}", piece.pts);
        let duration = time(piece.pcm.len() as u64 / 4);
        assert!(late(piece.duration, duration) <= 1, "{:?} at {frames}", piece.duration);
        frames += piece.pcm.len() as u64 / 4;
    }
    assert_eq!(frames, 30_000);
}

#[test]
fn the_length_is_known_at_once() {
    let (bytes, _) = music(30_001);
    let player = Player::new(&bytes, Access::Pull);
    player.pause();
    let duration: ClockTime = player.pipeline.query_duration().unwrap();
    assert_eq!(duration.nseconds(), 30_001 * 1_000_000_000 / 44_100);
    let mut seeking = gst::query::Seeking::new(gst::Format::Time);
    assert!(player.pipeline.query(&mut seeking) && seeking.result().0);

    // A pipe has what was announced.
    let spec = AudioSpec::new(SampleFormat::S16, 1, 1000);
    let options = EncodeOptions::default().with_declared_frames(2000);
    let bytes = stream(&pcm(&spec, 2000, Signal::Melody, 1), &spec, options);
    let player = Player::new(&bytes, Access::Pipe);
    player.pause();
    let duration: ClockTime = player.pipeline.query_duration().unwrap();
    assert_eq!(duration, ClockTime::from_seconds(2));
}

#[test]
fn channels_have_their_places() {
    use gst_audio::AudioChannelPosition::*;
    let play = |channels, mask: u32| {
        let spec = AudioSpec::new(SampleFormat::S16, channels, 8000).with_channel_mask(mask);
        let pcm = pcm(&spec, 500, Signal::Noise, 3);
        let bytes = stream(&pcm, &spec, EncodeOptions::default());
        let player = Player::new(&bytes, Access::Pull);
        player.pause();
        let caps = player.sink.static_pad("sink").unwrap().current_caps().unwrap();
        let (pieces, _) = player.play();
        (AudioInfo::from_caps(&caps).unwrap(), pcm, joined(&pieces))
    };
    let (info, expected, found) = play(6, 0x60F);
    let side = [FrontLeft, FrontRight, FrontCenter, Lfe1, SideLeft, SideRight];
    assert_eq!(info.positions(), Some(&side[..]));
    assert!(found == expected);

    // GStreamer has the positions above in another order than WAV files.
    let (info, expected, found) = play(4, 0x3 | 1 << 13 | 1 << 14);
    let order = [FrontLeft, FrontRight, TopFrontRight, TopFrontCenter];
    assert_eq!(info.positions(), Some(&order[..]));
    let swapped: Vec<u8> = expected
        .chunks_exact(8)
        .flat_map(|frame| [&frame[..4], &frame[6..], &frame[4..6]].concat())
        .collect();
    assert!(found == swapped);
}

#[test]
fn many_channels_play_without_places() {
    let spec = AudioSpec::new(SampleFormat::S16, 70, 8000);
    let pcm = pcm(&spec, 300, Signal::Melody, 3);
    let bytes = stream(&pcm, &spec, EncodeOptions::default());
    let info = check(&bytes, &pcm, Access::Pull, "70 channels");
    assert_eq!(info.channels(), 70);
}

#[test]
fn bytes_of_other_programs_behind_the_stream_are_left_out() {
    let (mut bytes, expected) = music(10_000);
    bytes.extend(b"TAG");
    bytes.extend([0; 125]);
    for access in Access::ALL {
        check(&bytes, &expected, access, &format!("{access:?}"));
    }
}

#[test]
fn other_files_are_not_taken_for_streams() {
    common::init();
    let (bytes, _) = music(1000);
    let mut other = bytes.clone();
    other[1] ^= 1;
    let (pieces, messages) = Player::new(&other, Access::Pull).play();
    assert!(pieces.is_empty());
    assert!(!messages.errors.is_empty());
}

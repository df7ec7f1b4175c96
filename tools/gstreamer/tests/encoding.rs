//! What `lmacenc` writes decodes to what went in.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::io::Read;

use common::{Access, Player, init, joined};
use gst::ClockTime;
use gst::prelude::*;
use gst_audio::{AudioChannelPosition, AudioFormat, AudioInfo};
use gst_check::Harness;
use lmac::{AudioSpec, Decoder, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Signal, pcm, stream};

fn info(spec: &AudioSpec) -> AudioInfo {
    init();
    let format = match spec.format {
        SampleFormat::U8 => AudioFormat::U8,
        SampleFormat::S16 => AudioFormat::S16le,
        SampleFormat::S24 => AudioFormat::S24le,
        SampleFormat::S32 => AudioFormat::S32le,
        SampleFormat::F32 => AudioFormat::F32le,
        _ => AudioFormat::F64le,
    };
    AudioInfo::builder(format, spec.rate, u32::from(spec.channels)).build().unwrap()
}

fn encoder(properties: &str, info: &AudioInfo) -> Harness {
    let mut harness = Harness::new_parse(&format!("lmacenc {properties}"));
    harness.set_src_caps(info.to_caps().unwrap());
    harness.play();
    harness
}

/// Encodes PCM that comes in buffers of any length.
fn encode(properties: &str, info: &AudioInfo, pcm: &[u8]) -> Vec<u8> {
    let mut harness = encoder(properties, info);
    let frame = info.bpf() as usize;
    for (number, part) in pcm.chunks(777 * frame).enumerate() {
        let mut buffer = gst::Buffer::from_mut_slice(part.to_vec());
        let time = |frames: usize| frames as u64 * 1_000_000_000 / u64::from(info.rate());
        let pts = ClockTime::from_nseconds(time(777 * number));
        buffer.make_mut().set_pts(pts);
        harness.push(buffer).unwrap();
    }
    assert!(harness.push_event(gst::event::Eos::new()));
    harness.take_all_data_as_bytes().unwrap().to_vec()
}

#[test]
fn every_format_comes_back() {
    for &preset in Preset::ALL {
        let frames = if preset == Preset::Max { 900 } else { 3000 };
        for &format in SampleFormat::ALL {
            for channels in [1, 2] {
                let spec = AudioSpec::new(format, channels, 44_100);
                let pcm = pcm(&spec, frames, Signal::Melody, 7);
                let name = preset.name();
                let properties = format!("preset={name} chunk-frames=1000 threads=2");
                let found = encode(&properties, &info(&spec), &pcm);
                // The same bytes as the library writes.
                let options = EncodeOptions::default().with_preset(preset).with_chunk_frames(1000);
                let expected = stream(&pcm, &spec, options);
                assert!(found == expected, "{format:?}, {channels} channels, {name}");
                let mut decoder = Decoder::new(found.as_slice()).unwrap();
                let mut decoded = Vec::new();
                decoder.read_to_end(&mut decoded).unwrap();
                assert!(decoded == pcm, "{format:?}, {channels} channels, {name}");
            }
        }
    }
}

#[test]
fn channels_keep_their_places() {
    init();
    use AudioChannelPosition::{
        FrontCenter, FrontLeft, FrontRight, Lfe1, SideLeft, SideRight, TopFrontCenter,
        TopFrontRight,
    };
    let encode = |positions: &[AudioChannelPosition]| {
        let channels = positions.len() as u16;
        let spec = AudioSpec::new(SampleFormat::S16, channels, 8000);
        let pcm = pcm(&spec, 500, Signal::Noise, 3);
        let builder = AudioInfo::builder(AudioFormat::S16le, 8000, u32::from(channels));
        let info = builder.positions(positions).build().unwrap();
        let bytes = encode("", &info, &pcm);
        let spec = Decoder::new(bytes.as_slice()).unwrap().info().spec;
        let player = Player::new(&bytes, Access::Pull);
        player.pause();
        let caps = player.sink.static_pad("sink").unwrap().current_caps().unwrap();
        assert_eq!(AudioInfo::from_caps(&caps).unwrap().positions(), Some(positions));
        let (pieces, _) = player.play();
        assert!(joined(&pieces) == pcm, "{positions:?}");
        spec.channel_mask
    };
    assert_eq!(encode(&[FrontLeft, FrontRight]), None);
    assert_eq!(
        encode(&[FrontLeft, FrontRight, FrontCenter, Lfe1, SideLeft, SideRight]),
        Some(0x60F)
    );
    let above = [FrontLeft, FrontRight, TopFrontRight, TopFrontCenter];
    assert_eq!(encode(&above), Some(0x3 | 1 << 13 | 1 << 14));
}

#[test]
fn each_chunk_is_a_buffer_with_its_time() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 1000);
    let pcm = pcm(&spec, 2500, Signal::Melody, 7);
    let mut harness = encoder("chunk-frames=1000 preset=fast", &info(&spec));
    let mut buffer = gst::Buffer::from_mut_slice(pcm);
    buffer.make_mut().set_pts(ClockTime::from_seconds(5));
    harness.push(buffer).unwrap();
    harness.push_event(gst::event::Eos::new());
    let mut times = Vec::new();
    while let Some(buffer) = harness.try_pull() {
        let header = buffer.flags().contains(gst::BufferFlags::HEADER);
        times.push((
            header,
            buffer.pts().unwrap().mseconds(),
            buffer.duration().unwrap().mseconds(),
        ));
    }
    let expected = [
        (true, 5000, 0),
        (false, 5000, 1000),
        (false, 6000, 1000),
        (false, 7000, 500),
        (false, 7500, 0),
    ];
    assert_eq!(times, expected);
}

#[test]
fn a_live_stream_comes_out_while_it_is_made() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 1000);
    let mut harness = encoder("chunk-frames=1000 preset=fast", &info(&spec));
    harness.push(gst::Buffer::from_mut_slice(pcm(&spec, 1500, Signal::Melody, 7))).unwrap();
    // The header and the first chunk.
    assert_eq!(harness.buffers_received(), 2);
}

#[test]
fn no_audio_makes_an_empty_stream() {
    let spec = AudioSpec::new(SampleFormat::S24, 2, 48_000);
    let bytes = encode("", &info(&spec), &[]);
    let mut decoder = Decoder::new(bytes.as_slice()).unwrap();
    assert_eq!(decoder.info().spec, spec);
    assert_eq!(decoder.read_to_end(&mut Vec::new()).unwrap(), 0);
}

#[test]
fn audio_that_changes_its_format_is_refused() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 1000);
    let mut harness = encoder("", &info(&spec));
    harness.push(gst::Buffer::from_mut_slice(vec![0; 200])).unwrap();
    let other = info(&AudioSpec::new(SampleFormat::S16, 2, 1000));
    harness.set_src_caps(other.to_caps().unwrap());
    assert!(harness.push(gst::Buffer::from_mut_slice(vec![0; 200])).is_err());
}

#[test]
fn chunks_that_are_too_long_end_in_an_error() {
    init();
    let launch = "audiotestsrc num-buffers=3 ! lmacenc chunk-frames=4000000000 ! fakesink";
    let pipeline = gst::parse::launch(launch).unwrap().downcast::<gst::Pipeline>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let wanted = [gst::MessageType::Error, gst::MessageType::Eos];
    let message = pipeline.bus().unwrap().timed_pop_filtered(ClockTime::from_seconds(20), &wanted);
    let message = message.unwrap();
    let gst::MessageView::Error(error) = message.view() else { panic!("{message:?}") };
    assert!(error.debug().unwrap().contains("a chunk of 4000000000 frames"), "{error:?}");
    pipeline.set_state(gst::State::Null).unwrap();
}

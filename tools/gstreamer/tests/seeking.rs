//! Seeks are exact to the frame, and read little.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Access, Player, chunks, joined, music};
use gst::ClockTime;
use gst::prelude::*;
use lmac::{AudioSpec, EncodeOptions, Preset, SampleFormat};
use lmac_support::{Random, Signal, pcm, stream};

const RATE: u64 = 44_100;
const SECOND: u64 = 1_000_000_000;

/// Returns the time of a frame, rounded down or to the nearest nanosecond.
fn time(frame: u64, nearest: bool) -> ClockTime {
    let half = if nearest { RATE / 2 } else { 0 };
    ClockTime::from_nseconds((frame * SECOND + half) / RATE)
}

/// Seeks to random frames and compares what comes from there on.
fn seek_around(player: &Player, expected: &[u8], times: usize, seed: u64) {
    let frames = (expected.len() / 4) as u64;
    let mut random = Random::new(seed);
    for number in 0..times {
        let frame = random.below(frames);
        let target = match random.below(3) {
            0 => time(frame, false),
            1 => time(frame, true),
            // The frame sounds until the next one begins.
            _ => time(frame, true) + ClockTime::from_nseconds(random.below(SECOND / RATE - 2)),
        };
        let stop = frame + 1 + random.below(frames - frame);
        let until_stop = random.below(4) == 0;
        player.seek(target, until_stop.then(|| time(stop, random.below(2) == 0)));
        let wanted = &expected[4 * frame as usize..];
        let what = format!("seek {number} to frame {frame} at {target}");
        if until_stop || number % 20 == 0 {
            let stop = if until_stop { stop } else { frames };
            let wanted = &wanted[..4 * (stop - frame) as usize];
            let found = joined(&player.rest());
            assert_eq!(found.len(), wanted.len(), "{what}, to frame {stop}");
            assert!(found == wanted, "{what}, to frame {stop}: the audio differs");
            continue;
        }
        let piece = player.next().unwrap();
        let late = piece.pts.unwrap().nseconds().abs_diff(target.nseconds());
        assert!(late <= 1, "{what}: {:?}", piece.pts);
        assert!(piece.pcm == wanted[..piece.pcm.len()], "{what}: the audio differs");
        if let Some(next) = player.next() {
            let wanted = &wanted[piece.pcm.len()..][..next.pcm.len()];
            assert!(next.pcm == wanted, "{what}: the second piece differs");
        }
    }
    assert!(player.messages().errors.is_empty());
}

#[test]
fn a_hundred_seeks_are_exact() {
    let (bytes, expected) = music(60_000);
    let player = Player::new(&bytes, Access::Pull);
    player.start();
    seek_around(&player, &expected, 100, 1);
    player.seek(ClockTime::ZERO, None);
    assert!(joined(&player.rest()) == expected);
}

#[test]
fn seeks_of_a_paused_player_are_exact() {
    let (bytes, expected) = music(60_000);
    let player = Player::new(&bytes, Access::Pull);
    player.pause();
    let mut random = Random::new(2);
    for _ in 0..100 {
        let frame = random.below(60_000);
        player.seek(time(frame, true), None);
        let piece = player.waiting();
        assert_eq!(piece.pts, Some(time(frame, true)));
        let wanted = &expected[4 * frame as usize..][..piece.pcm.len()];
        assert!(piece.pcm == wanted, "frame {frame}: the audio differs");
    }
}

#[test]
fn seeks_are_exact_where_the_source_pushes() {
    let (bytes, expected) = music(60_000);
    let player = Player::new(&bytes, Access::Seekable);
    player.start();
    seek_around(&player, &expected, 50, 3);
}

#[test]
fn seeks_that_need_not_be_accurate_find_a_chunk() {
    // Chunks of half a minute: GStreamer would guess a place from the bit rate.
    let spec = AudioSpec::new(SampleFormat::S16, 1, 1000);
    let expected = pcm(&spec, 200_000, Signal::Melody, 1);
    let options = EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(30_000);
    let bytes = stream(&expected, &spec, options);
    let player = Player::new(&bytes, Access::Pull);
    player.start();
    for flags in [gst::SeekFlags::FLUSH, gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT] {
        for second in [29, 31, 145, 59, 3, 199] {
            player.pipeline.seek_simple(flags, ClockTime::from_seconds(second)).unwrap();
            let piece = player.next().unwrap();
            let first = piece.pts.unwrap().nseconds() as usize * 1000 / SECOND as usize;
            assert!(piece.pcm == expected[2 * first..][..piece.pcm.len()], "second {second}");
        }
    }
}

#[test]
fn audio_plays_backwards() {
    let (bytes, expected) = music(20_000);
    let player = Player::new(&bytes, Access::Pull);
    player.start();
    let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
    let (start, stop) = (time(0, false), time(20_000, false));
    player.pipeline.seek(-1.0, flags, gst::SeekType::Set, start, gst::SeekType::Set, stop).unwrap();
    let mut pieces = player.rest();
    pieces.reverse();
    assert!(pieces.is_sorted_by_key(|piece| piece.pts));
    assert!(joined(&pieces) == expected);
}

/// The most bytes that the base class of parsers reads at a time, beside what it is asked for.
const BLOCK: u64 = 64 << 10;

#[test]
fn opening_and_seeking_read_little() {
    // Noise: chunks of 400 kB.
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44_100);
    let pcm = pcm(&spec, 2_000_000, Signal::Noise, 1);
    let options = EncodeOptions::default().with_preset(Preset::Store).with_chunk_frames(100_000);
    let bytes = stream(&pcm, &spec, options);
    let longest = chunks(&bytes).iter().map(|chunk| chunk.len() as u64).max().unwrap();

    let launch = "lmacparse name=parse ! lmacdec name=dec";
    let player = Player::with_elements(&bytes, Access::Pull, launch);
    // What was read when the parser told the format: all that it knows of a stream before it reads
    // the first chunk.
    let parse = player.pipeline.by_name("parse").unwrap();
    let reads = player.reads.clone();
    let at_opening = std::sync::Arc::new(std::sync::Mutex::new(None));
    let noted = at_opening.clone();
    parse.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let read: u64 = reads.lock().unwrap().iter().map(|range| range.end - range.start).sum();
        noted.lock().unwrap().get_or_insert(read);
        gst::PadProbeReturn::Ok
    });
    player.pause();
    let opening = at_opening.lock().unwrap().unwrap();
    // The header and the index, besides one chunk.
    assert!(opening <= longest + BLOCK + 4096, "{opening} bytes to open, {longest} in a chunk");

    for frame in [1_234_567, 99_999, 0, 100_000, 1_999_999] {
        player.reads.lock().unwrap().clear();
        let chunk_read = std::sync::Arc::new(std::sync::Mutex::new(None));
        let (noted, reads) = (chunk_read.clone(), player.reads.clone());
        let probe =
            parse.static_pad("src").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                let read = reads.lock().unwrap().iter().map(|range| range.end - range.start).sum();
                noted.lock().unwrap().get_or_insert(read);
                gst::PadProbeReturn::Ok
            });
        player.seek(time(frame, true), None);
        player.waiting();
        parse.static_pad("src").unwrap().remove_probe(probe.unwrap());
        let read: u64 = chunk_read.lock().unwrap().unwrap();
        assert!(read <= longest + BLOCK, "{read} bytes for frame {frame}, {longest} in a chunk");
    }
}

//! A long stream takes no more memory than a short one. One test alone: the peak is that of the
//! process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use gst::ClockTime;
use gst::prelude::*;
use lmac::{AudioSpec, EncodeOptions, Encoder, Preset, SampleFormat};
use lmac_support::{Signal, pcm};

/// Runs a pipeline to its end.
fn run(launch: &str) {
    let pipeline = gst::parse::launch(launch).unwrap().downcast::<gst::Pipeline>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let wanted = [gst::MessageType::Error, gst::MessageType::Eos];
    let message = pipeline.bus().unwrap().timed_pop_filtered(ClockTime::from_seconds(300), &wanted);
    assert_eq!(message.unwrap().type_(), gst::MessageType::Eos, "{launch}");
    pipeline.set_state(gst::State::Null).unwrap();
}

/// Returns the largest memory that the process has had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
}

/// Writes a stream of 8 kHz audio in stored chunks of ten seconds, as large as can be.
fn write_long(path: &Path, minutes: usize) {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let minute = pcm(&spec, 60 * 8000, Signal::Noise, 1);
    let options = EncodeOptions::default().with_preset(Preset::Store).with_md5(false);
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = Encoder::with_options(file, spec, options).unwrap();
    for _ in 0..minutes {
        encoder.write_all(&minute).unwrap();
    }
    encoder.finish().unwrap().writer.flush().unwrap();
}

#[test]
fn two_hours_take_the_memory_of_some_minutes() {
    common::init();
    let folder = tempfile::tempdir().unwrap();
    let decode = |minutes| {
        let path = folder.path().join("long.lmac");
        write_long(&path, minutes);
        let path = path.display();
        run(&format!("filesrc location={path} ! decodebin ! fakesink"));
        run(&format!("filesrc location={path} ! queue ! lmacparse ! lmacdec ! fakesink"));
    };
    let encode = |minutes: usize| {
        let buffers = minutes * 60 * 8000 / 4000;
        run(&format!(
            "audiotestsrc wave=ticks num-buffers={buffers} samplesperbuffer=4000 ! \
             audio/x-raw,format=S16LE,rate=8000,channels=1 ! lmacenc preset=light verify=false ! \
             lmacparse ! lmacdec ! fakesink"
        ));
    };
    decode(6);
    encode(6);
    let short = peak();
    decode(120);
    encode(120);
    let long = peak();
    println!("{} KiB after six minutes, {} KiB after two hours", short >> 10, long >> 10);
    // A stream of two hours has 115 MB.
    assert!(long < short + (4 << 20), "{short} bytes grew to {long}");
}

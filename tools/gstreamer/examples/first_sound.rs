//! Measures how long a listener waits for the first sound of a recording, and after a seek.
//!
//! `cargo run --release --example first_sound FILE.wav` takes a recording of a minute or so, in
//! lmac with several presets and lengths of chunks, and in FLAC through `flacenc`, `flacparse` and
//! `flacdec`. Needs the elements `wavparse`, `flacenc`, `flacparse` and `flacdec` of
//! gst-plugins-good.
#![allow(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gst::ClockTime;
use gst::prelude::*;
use gst_app::AppSink;

/// Seeks of each measurement, after as many starts.
const TIMES: u64 = 15;

fn main() {
    gst::init().unwrap();
    gstlmac::register().unwrap();
    let Some(wav) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: first_sound FILE.wav");
        std::process::exit(2);
    };
    let folder = tempfile::tempdir().unwrap();
    println!("| format | first sound, ms | after a seek, ms, median | worst |");
    println!("|:--|--:|--:|--:|");
    let rate = rate(&wav);
    for preset in ["light", "fast", "standard", "max"] {
        for (name, frames) in [("default chunks", 0), ("chunks of 1 s", rate)] {
            let file = folder.path().join("a.lmac");
            encode(&wav, &format!("lmacenc preset={preset} chunk-frames={frames}"), &file);
            report(&format!("{preset}, {name}"), &file, "lmacparse ! lmacdec");
        }
    }
    let file = folder.path().join("a.flac");
    encode(&wav, "flacenc", &file);
    report("FLAC", &file, "flacparse ! flacdec");
}

/// Waits until a pipeline ends.
fn finish(pipeline: &gst::Element) {
    pipeline.set_state(gst::State::Playing).unwrap();
    let wanted = [gst::MessageType::Error, gst::MessageType::Eos];
    let message = pipeline.bus().unwrap().timed_pop_filtered(None, &wanted).unwrap();
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
    pipeline.set_state(gst::State::Null).unwrap();
}

fn rate(wav: &Path) -> u32 {
    let wav = wav.display();
    let launch = format!("filesrc location={wav} ! wavparse name=parse ! fakesink name=sink");
    let pipeline = gst::parse::launch(&launch).unwrap();
    pipeline.set_state(gst::State::Paused).unwrap();
    pipeline.state(ClockTime::from_seconds(10)).0.unwrap();
    let sink = pipeline.downcast_ref::<gst::Bin>().unwrap().by_name("sink").unwrap();
    let caps = sink.static_pad("sink").unwrap().current_caps().unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    caps.structure(0).unwrap().get::<i32>("rate").unwrap() as u32
}

fn encode(wav: &Path, encoder: &str, to: &Path) {
    let (wav, to) = (wav.display(), to.display());
    let launch = format!("filesrc location={wav} ! wavparse ! {encoder} ! filesink location={to}");
    finish(&gst::parse::launch(&launch).unwrap());
}

fn report(name: &str, file: &Path, elements: &str) {
    let file = file.display();
    let launch = format!(
        "filesrc location={file} ! {elements} ! appsink name=sink sync=false max-buffers=1"
    );
    let mut starts = Vec::new();
    let mut seeks = Vec::new();
    for _ in 0..TIMES {
        let pipeline = gst::parse::launch(&launch).unwrap();
        let sink = pipeline.downcast_ref::<gst::Bin>().unwrap().by_name("sink").unwrap();
        let sink = sink.downcast::<AppSink>().unwrap();
        let begin = Instant::now();
        pipeline.set_state(gst::State::Playing).unwrap();
        sink.pull_sample().unwrap();
        starts.push(begin.elapsed());

        let length: ClockTime = pipeline.query_duration().unwrap();
        // Places all over the recording, in no order.
        let place = starts.len() as u64 * 7 % TIMES;
        let to = length.nseconds() / TIMES * place + length.nseconds() / (3 * TIMES);
        let begin = Instant::now();
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        pipeline.seek_simple(flags, ClockTime::from_nseconds(to)).unwrap();
        sink.pull_sample().unwrap();
        seeks.push(begin.elapsed());
        pipeline.set_state(gst::State::Null).unwrap();
    }
    starts.sort();
    seeks.sort();
    let (start, median) = (starts[starts.len() / 2], seeks[seeks.len() / 2]);
    let worst = seeks[seeks.len() - 1];
    let ms = |time: Duration| format!("{:.1}", 1000.0 * time.as_secs_f64());
    println!("| {name} | {} | {} | {} |", ms(start), ms(median), ms(worst));
}

//! Writes the streams that the tests in C decode: `streams FOLDER`. Beside each is the PCM that the
//! decoder in Rust makes of it, and `streams.txt` has a line for each.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use lmac::{AudioSpec, Decoder, EncodeOptions, Picture, Preset, SampleFormat, Tags};
use lmac_support::{Signal, pcm, stream};

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("the folder for the streams"));
    every_format(&folder, 600, 100);
    // A player takes a twentieth of a second at a time.
    every_format(&folder.join("player"), 5000, 3000);

    let mut tags = Tags::new();
    tags.add("TITLE", "Aria").unwrap();
    tags.add("ARTIST", "Ada").unwrap();
    tags.add("artist", "Gr\u{e4}fin").unwrap();
    tags.add("COMMENT", "zero\0byte").unwrap();
    let mut picture = Picture::new(b"not a picture".to_vec());
    picture.mime = "image/x-test".into();
    picture.description = "a test".into();
    picture.width = 5;
    tags.pictures.push(picture);
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let options = EncodeOptions::default().with_tags(tags);
    let tagged = stream(&pcm(&spec, 100, Signal::Melody, 1), &spec, options);
    fs::write(folder.join("tagged.lmac"), tagged).unwrap();

    // Three seconds for a player.
    let mut tags = Tags::new();
    tags.add("TITLE", "Gr\u{e4}fin").unwrap();
    tags.add("ARTIST", "Ada").unwrap();
    let spec = AudioSpec::new(SampleFormat::S16, 2, 44100);
    let options = EncodeOptions::default().with_preset(Preset::Light).with_tags(tags);
    let audio = pcm(&spec, 3 * 44100, Signal::Melody, 2);
    let long = stream(&audio, &spec, options.with_chunk_frames(10_000));
    fs::write(folder.join("long.lmac"), long).unwrap();
    fs::write(folder.join("long.pcm"), audio).unwrap();
}

/// Writes streams of every format, and their list.
fn every_format(folder: &Path, frames: usize, chunk_frames: u64) {
    fs::create_dir_all(folder).unwrap();
    let mut list = String::new();
    for (number, &format) in SampleFormat::ALL.iter().enumerate() {
        for channels in [1, 2, 6] {
            let spec = AudioSpec::new(format, channels, 44100);
            let spec = if channels == 6 { spec.with_channel_mask(0x3F) } else { spec };
            let signal = [Signal::Melody, Signal::Noise, Signal::LateStart][number % 3];
            let preset = if channels == 2 { Preset::Fast } else { Preset::Light };
            let options = EncodeOptions::default().with_preset(preset);
            let audio = pcm(&spec, frames, signal, 7);
            let stream = stream(&audio, &spec, options.with_chunk_frames(chunk_frames));
            let name = format!("{number}-{channels}");
            let mut decoded = Vec::new();
            Decoder::new(stream.as_slice()).unwrap().read_to_end(&mut decoded).unwrap();
            fs::write(folder.join(format!("{name}.lmac")), stream).unwrap();
            fs::write(folder.join(format!("{name}.pcm")), decoded).unwrap();
            // The numbers of lmac_sample_format begin with 1.
            writeln!(list, "{name} {} {channels} {frames}", number + 1).unwrap();
        }
    }
    fs::write(folder.join("streams.txt"), list).unwrap();
}

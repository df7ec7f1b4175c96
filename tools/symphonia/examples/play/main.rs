//! Plays an `.lmac` stream with rodio: to the default device, to a WAV file, or to nothing.
//!
//! ```sh
//! cargo run --release --example play --features device song.lmac
//! cargo run --release --example play song.lmac song.wav
//! cargo run --release --example play song.lmac null 90     # from 1:30 on
//! ```
//!
//! `null` prints the number of samples, and the MD5 of them as floats.

mod source;

use std::error::Error;
use std::fs::File;
use std::time::Duration;

use rodio::Source;
use source::LmacSource;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (path, output, start) = match *words {
        [path] => (path, "device", "0"),
        [path, output] => (path, output, "0"),
        [path, output, start] => (path, output, start),
        _ => return Err("usage: play FILE [device|null|WAV-FILE [SECONDS]]".into()),
    };
    let seconds = start.parse().ok().and_then(|start| Duration::try_from_secs_f64(start).ok());
    let start = seconds.ok_or_else(|| format!("{start:?} is not a number of seconds"))?;
    let mut source = LmacSource::new(File::open(path)?)?;
    if let Some(duration) = source.total_duration() {
        eprintln!("{path}: {:.3} s", duration.as_secs_f64());
    }
    source.try_seek(start)?;
    let failure = source.failure();
    match output {
        "device" => play(source)?,
        "null" => {
            let mut md5 = md5::Context::new();
            let mut samples: u64 = 0;
            for sample in source {
                md5.consume(sample.to_le_bytes());
                samples += 1;
            }
            println!("{samples} {:x}", md5.finalize());
        }
        path => rodio::wav_to_file(source, path)?,
    }
    match failure.get() {
        None => Ok(()),
        Some(failure) => Err(failure.as_str().into()),
    }
}

#[cfg(feature = "device")]
fn play(source: LmacSource<File>) -> Result<(), Box<dyn Error>> {
    // At the rate of the stream, if the device has it.
    let device = rodio::DeviceSinkBuilder::from_default_device()?;
    let mut device = device.with_sample_rate(source.sample_rate()).open_sink_or_fallback()?;
    device.log_on_drop(false);
    let (player, output) = rodio::Player::new();
    player.append(source);
    device.mixer().add(output);
    player.sleep_until_end();
    Ok(())
}

#[cfg(not(feature = "device"))]
fn play(_: LmacSource<File>) -> Result<(), Box<dyn Error>> {
    Err("this build has no devices: build it with --features device, or name a WAV file".into())
}

//! The example programs. `cargo test` builds them, and `cargo test --test examples` alone does
//! not.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "../examples/play/source.rs"]
mod source;

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use lmac::{AudioSpec, EncodeOptions, SampleFormat};
use lmac_support::{Signal, pcm, stream};
use rodio::Source;
use source::LmacSource;
use tempfile::TempDir;

/// A folder with a stream, and its PCM.
fn folder(format: SampleFormat) -> (TempDir, AudioSpec, Vec<u8>) {
    let spec = AudioSpec::new(format, 2, 44100);
    let pcm = pcm(&spec, 10_000, Signal::Melody, 1);
    let stream = stream(&pcm, &spec, EncodeOptions::default().with_chunk_frames(3000));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("song.lmac"), stream).unwrap();
    (folder, spec, pcm)
}

fn run(folder: &TempDir, program: &str, arguments: &[&str], input: &str) -> Output {
    let here = std::env::current_exe().unwrap();
    let path = here.ancestors().nth(2).unwrap().join("examples").join(program);
    assert!(path.with_extension(std::env::consts::EXE_EXTENSION).exists(), "{path:?} is not built");
    let mut command = Command::new(path);
    command.current_dir(folder).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that fails early closes the pipe.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn md5(bytes: &[u8]) -> String {
    format!("{:x}", md5::compute(bytes))
}

#[test]
fn frames_prints_the_md5_of_frames() {
    let (folder, spec, pcm) = folder(SampleFormat::S24);
    let lines = "5000 1\n0 10000\n9990 500\n2999 2\n10000 1\n";
    let text = printed(run(&folder, "frames", &["song.lmac"], lines));
    let part =
        |from: usize, to: usize| md5(&pcm[from * spec.frame_bytes()..to * spec.frame_bytes()]);
    let expected =
        [part(5000, 5001), part(0, 10_000), part(9990, 10_000), part(2999, 3001), md5(&[])];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    let raw = run(&folder, "frames", &["--raw", "song.lmac"], "4 2\n").stdout;
    assert!(raw == pcm[4 * spec.frame_bytes()..6 * spec.frame_bytes()]);

    let wrong = run(&folder, "frames", &["song.lmac"], "x 1\n");
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("not two numbers"), "{wrong:?}");
}

#[test]
fn first_sound_prints_a_row_for_each_file() {
    let (folder, ..) = folder(SampleFormat::S16);
    let text = printed(run(&folder, "first_sound", &["song.lmac", "song.lmac"], ""));
    assert_eq!(text.matches("\n| song.lmac |").count(), 2, "{text}");
}

/// The samples of PCM as rodio has them.
fn floats(format: SampleFormat, pcm: &[u8]) -> Vec<f32> {
    let value = |bytes: &[u8]| match *bytes {
        [one] => (f32::from(one) - 128.0) / 128.0,
        [a, b] => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        [a, b, c] => (f64::from(i32::from_le_bytes([0, a, b, c])) / f64::from(1u32 << 31)) as f32,
        [a, b, c, d] if format == SampleFormat::F32 => f32::from_le_bytes([a, b, c, d]),
        [a, b, c, d] => {
            (f64::from(i32::from_le_bytes([a, b, c, d])) / f64::from(1u32 << 31)) as f32
        }
        _ => f64::from_le_bytes(bytes.try_into().unwrap()) as f32,
    };
    pcm.chunks_exact(format.bytes()).map(value).collect()
}

fn bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[test]
fn play_plays_to_a_file_and_to_nothing() {
    for &format in SampleFormat::ALL {
        let (folder, spec, pcm) = folder(format);
        let samples = floats(format, &pcm);
        let text = printed(run(&folder, "play", &["song.lmac", "null"], ""));
        assert_eq!(text, format!("20000 {}\n", md5(&bytes(&samples))), "{format:?}");

        // From frame 8820 on.
        let text = printed(run(&folder, "play", &["song.lmac", "null", "0.2"], ""));
        let rest = floats(format, &pcm[8820 * spec.frame_bytes()..]);
        assert_eq!(text, format!("{} {}\n", rest.len(), md5(&bytes(&rest))), "{format:?}");

        printed(run(&folder, "play", &["song.lmac", "song.wav"], ""));
        let wav = fs::read(folder.path().join("song.wav")).unwrap();
        assert!(wav.ends_with(&bytes(&samples)), "{format:?}");
    }
}

#[test]
fn play_says_what_is_wrong() {
    let (folder, ..) = folder(SampleFormat::S16);
    let song = folder.path().join("song.lmac");
    let mut stream = fs::read(&song).unwrap();
    let middle = stream.len() / 2;
    stream[middle] ^= 1;
    fs::write(&song, stream).unwrap();
    for (arguments, sentence) in [
        (&["song.lmac", "null"][..], "checksum mismatch"),
        (&["song.lmac", "song.wav"], "checksum mismatch"),
        (&["song.lmac", "null", "soon"], "is not a number of seconds"),
        (&["song.lmac", "null", "-1"], "is not a number of seconds"),
        (&["nothing.lmac", "null"], "No such file"),
        (&[], "usage"),
    ] {
        let output = run(&folder, "play", arguments, "");
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(sentence), "{said}");
    }
}

#[test]
fn a_seek_keeps_the_turn_of_the_channels() {
    let spec = AudioSpec::new(SampleFormat::S16, 2, 1000);
    let samples: Vec<i32> = (0..4000).collect();
    let stream = lmac::encode(&samples, &spec).unwrap();
    let mut source = LmacSource::new(std::io::Cursor::new(stream)).unwrap();
    assert_eq!(source.total_duration(), Some(Duration::from_secs(2)));
    let sample = |number: i32| Some(number as f32 / 32_768.0);
    assert_eq!(source.next(), sample(0));
    for (milliseconds, frame) in [(1500, 1500), (3, 3), (0, 0), (99_999, 2000)] {
        source.try_seek(Duration::from_millis(milliseconds)).unwrap();
        // One sample was played, so that the second channel is next.
        let expected = (frame < 2000).then_some(2 * frame + 1).and_then(sample);
        assert_eq!(source.next(), expected, "{milliseconds}");
        // The first channel of the next frame.
        source.next();
    }
    assert_eq!(source.failure().get(), None);
}

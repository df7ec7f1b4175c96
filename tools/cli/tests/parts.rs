//! `decode --start` and `--end`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Folder, samples, wav, wav_samples};

const FRAMES: usize = 80_000;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("song.wav", &wav(FRAMES, 2));
    folder.run("encode song.wav --chunk-frames 3000").expect(0);
    folder
}

#[test]
fn every_notation_on_files_and_pipes() {
    let folder = folder();
    let stream = folder.read("song.lmac");
    let all = samples(FRAMES, 2);
    for (options, start, end) in [
        ("--start 0 --end 1", 0, 1),
        ("--start 2999 --end 3001", 2999, 3001),
        ("--start 12345 --end 54321", 12345, 54321),
        ("--start 1s", 8000, FRAMES),
        ("--end 1.5s", 0, 12_000),
        ("--start 250ms --end 0.75s", 2000, 6000),
        ("--start 0:01.5 --end 0:02", 12_000, 16_000),
        ("--start 0:00:03 --end 0:00:03.0001", 24_000, 24_000),
        ("--start 0:00:03 --end 0:00:03.00013", 24_000, 24_001),
        ("--start 9s --end 10s", 72_000, 80_000),
        ("--start 80000", 80_000, 80_000),
        ("--start 5000 --end 5000", 5000, 5000),
    ] {
        let expected = &all[2 * start..2 * end];
        for threads in [1, 2] {
            let decode = format!("decode -f -T {threads} {options}");
            folder.run(&format!("{decode} song.lmac part.wav")).expect(0);
            let part = folder.read("part.wav");
            assert!(wav_samples(&part) == expected, "{options}");
            assert_eq!(part[44..].len(), expected.len() * 2);

            folder.pipe(&format!("{decode} - piped.wav"), &stream).expect(0);
            assert_eq!(folder.read("piped.wav"), part, "{options}");
            let piped = folder.pipe(&format!("{decode} -"), &stream).expect(0);
            assert!(piped.stdout == part, "{options}");
        }
    }
}

#[test]
fn the_report_of_a_part() {
    let folder = folder();
    let json = folder.run("decode --json --start 1s --end 2s song.lmac part.wav").expect(0).json();
    assert_eq!(json["first_frame"], 8000);
    assert_eq!(json["frames"], 8000);
    assert_eq!(json["seconds"], 1.0);
    assert_eq!(json["verification"], "partial");
    assert!(json["md5"].is_null() && json["damage"].is_null());
}

#[test]
fn beyond_the_end() {
    let folder = folder();
    let stream = folder.read("song.lmac");
    let part = "decode --start 79999 --end 1:00:00";
    folder.run(&format!("{part} song.lmac part.wav")).expect(0).says("behind the end");
    assert_eq!(wav_samples(&folder.read("part.wav")), samples(FRAMES, 2)[2 * 79_999..]);
    // A pipe's end is not known before it is there; the head of a file is put right.
    folder.pipe(&format!("{part} - piped.wav"), &stream).expect(0);
    assert_eq!(folder.read("piped.wav"), folder.read("part.wav"));
    folder.pipe(&format!("{part} -"), &stream).expect(0).says("its head says");

    folder.run("decode --start 80001 song.lmac no.wav").expect(1).says("80001");
    folder.pipe("decode --start 80001 - no.wav", &stream).expect(1).says("80001");
    folder.run("decode --start 2s --end 1s song.lmac no.wav").expect(1).says("before");
    folder.run("decode --start 1.5 song.lmac no.wav").expect(2).says("1:23.5");
    assert_eq!(folder.files(), ["part.wav", "piped.wav", "song.lmac", "song.wav"]);
}

#[test]
fn raw_parts_have_no_head() {
    let folder = Folder::new();
    let pcm = common::pcm(10_000, 1);
    folder.write("a.raw", &pcm);
    folder.run("encode --raw --rate 0 --channels 1 --bits 16 --big-endian a.raw").expect(0);
    folder.run("decode --start 100 --end 200 a.lmac part.raw").expect(0);
    assert_eq!(folder.read("part.raw"), pcm[200..400]);
    folder.run("decode --start 1s a.lmac -f part.raw").expect(1).says("rate");
}

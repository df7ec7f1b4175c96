//! Several inputs, folders, and inputs that are refused.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::path::Path;

use common::{Folder, wav};
use serde_json::Value;

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let folder = Folder::new();
    for name in ["a.wav", "c.wav"] {
        folder.write(name, &wav(2000, 1));
    }
    folder.write("b.wav", b"no audio at all");
    let ran = folder.run("encode a.wav b.wav missing.wav c.wav").expect(1);
    let ran = ran.says("lmac: b.wav: not a known audio file").says("lmac: missing.wav: ");
    assert_eq!(ran.stderr.lines().count(), 2);
    assert_eq!(folder.files(), ["a.lmac", "a.wav", "b.wav", "c.lmac", "c.wav"]);

    let ran = folder.run("verify a.lmac b.wav c.lmac").expect(1);
    assert_eq!(ran.text().lines().count(), 2);

    let ran = folder.run("encode --json -f a.wav b.wav c.wav").expect(1);
    let lines: Vec<Value> =
        ran.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let files: Vec<_> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["a.wav", "b.wav", "c.wav"]);
    assert!(
        lines[1]["error"]
            .as_str()
            .unwrap()
            .contains("not a known audio file; for raw PCM pass --raw")
    );
}

#[test]
fn the_worst_status_wins() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(20_000, 1));
    folder.run("encode a.wav --chunk-frames 5000").expect(0);
    std::fs::copy(folder.path("a.lmac"), folder.path("b.lmac")).unwrap();
    folder.damage_chunk("b.lmac", 1);
    folder.run("decode -f --recover a.lmac b.lmac --output-dir out").expect(3);
    folder.run("decode -f --recover b.lmac a.lmac --output-dir out").expect(3);
    folder.run("decode -f --recover b.lmac a.wav a.lmac --output-dir out").expect(1);
    assert_eq!(folder.read("out/a.wav"), folder.read("a.wav"));
}

#[test]
fn folders() {
    let folder = Folder::new();
    for name in ["music/a.wav", "music/x/b.WAV", "music/x/y/c.Wave"] {
        folder.write(name, &wav(500, 1));
    }
    folder.write("music/cover.jpg", b"jpg");
    folder.write("music/x/d.raw", &[0; 64]);

    folder.run("encode music").expect(1).says("lmac: music: is a folder; -r");
    folder.run("verify music").expect(1).says("-r");
    folder.run("info music").expect(1).says("-r");
    folder.run("encode -r music --output-dir archive").expect(0);
    let archive: Vec<_> =
        folder.files().into_iter().filter(|name| name.starts_with("archive")).collect();
    assert_eq!(archive, ["archive/a.lmac", "archive/x/b.lmac", "archive/x/y/c.lmac"]);

    let ran = folder.run("verify -r archive").expect(0);
    assert_eq!(ran.text().lines().count(), 3);
    assert_eq!(folder.run("info --json -r archive").expect(0).text().lines().count(), 3);

    folder.run("decode -r archive --output-dir back").expect(0);
    for (back, original) in [
        ("back/a.wav", "music/a.wav"),
        ("back/x/b.wav", "music/x/b.WAV"),
        ("back/x/y/c.wav", "music/x/y/c.Wave"),
    ] {
        assert_eq!(folder.read(back), folder.read(original));
    }

    // Without a folder for them, results lie beside their sources.
    folder.run("encode -r music").expect(0);
    assert!(folder.has("music/x/y/c.lmac"));
    let raw = "encode --raw --rate 8000 --channels 1 --bits 16 -r music --output-dir raw";
    folder.run(raw).expect(0);
    assert!(folder.has("raw/x/d.lmac") && !folder.has("raw/a.lmac"));
    folder.run("encode -r music -o one.lmac").expect(1).says("folder");
}

#[test]
fn results_that_would_be_one_file() {
    let folder = Folder::new();
    for name in ["x/a.wav", "y/a.wav"] {
        folder.write(name, &wav(500, 1));
    }
    for force in ["", "-f"] {
        let ran = folder.run(&format!("encode {force} x/a.wav y/a.wav --output-dir out"));
        let result = Path::new("out").join("a.lmac");
        ran.expect(1)
            .says(&format!("lmac: {}: was written already, from another input", result.display()));
    }
}

#[test]
fn folders_without_anything() {
    let folder = Folder::new();
    folder.write("x/cover.jpg", b"jpg");
    for arguments in ["encode -r x", "decode -r x", "verify -r x", "info -r x"] {
        folder.run(arguments).expect(0).says("lmac: no files were found");
    }
    assert_eq!(folder.run("verify -q -r x").expect(0).stderr, "");
}

#[test]
fn wrong_usage() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(10, 1));
    for arguments in [
        "encode",
        "encode a.wav b.wav -o c.lmac",
        "encode a.wav b.lmac --output-dir d",
        "encode a.wav -o b.lmac --output-dir d",
        "encode - a.wav",
        "encode - --output-dir d",
        "encode --rm - b.lmac",
        "encode --rm a.wav -",
        "encode --rm --audio-only a.wav",
        "decode --rm --start 1 a.lmac",
        "decode --rm --end 1 a.lmac",
        "decode --rm --recover a.lmac",
        "decode --rm --audio-only a.lmac",
        "decode --memory lots a.lmac",
        "verify - -",
        "info",
        "nonsense",
        "-d a.wav",
    ] {
        let ran = folder.run(arguments).expect(2);
        assert!(ran.stderr.starts_with("error: ") || arguments == "encode", "{}", ran.stderr);
    }
    assert_eq!(folder.files(), ["a.wav"]);
}

#[test]
fn inputs_that_are_refused() {
    let folder = Folder::new();
    let fmt = |tag: u16| {
        let mut file = wav(100, 1);
        file[20..22].copy_from_slice(&tag.to_le_bytes());
        file
    };
    for (name, bytes, sentence) in [
        (
            "a.flac",
            b"fLaC\0\0\0\x22some more".to_vec(),
            "this FLAC file is broken: it ends within its metadata",
        ),
        ("a.aiff", b"FORM\0\0\0\x20AIFFCOMM".to_vec(), "this AIFF file"),
        ("mp3.wav", fmt(0x55), "is MP3, not PCM"),
        ("adpcm.wav", fmt(2), "is Microsoft ADPCM, not PCM"),
        ("a.w64", b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB".to_vec(), "a Wave64 file without audio"),
        ("empty.wav", Vec::new(), "the file is empty"),
        ("text.wav", b"There was a time when".to_vec(), "not a known audio file"),
    ] {
        folder.write(name, &bytes);
        let ran = folder.run(&format!("encode {name} out.lmac")).expect(1);
        assert!(ran.stderr.starts_with(&format!("lmac: {name}: ")), "{}", ran.stderr);
        ran.says(sentence);
        folder.pipe("encode - out.lmac", &bytes).expect(1).says(sentence);
        assert!(!folder.has("out.lmac"));
    }
    folder.write("song.wav", &wav(10, 1));
    folder.run("encode song.wav").expect(0);
    folder.run("encode song.lmac x.lmac").expect(1).says("an lmac stream already");
    assert!(folder.files().iter().all(|name| !name.contains("part")));
}

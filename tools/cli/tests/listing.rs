//! `info`, `verify`, JSON, and what the program says of itself.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Folder, rich_wav, wav};
use serde_json::Value;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("song.wav", &rich_wav(20_000));
    folder.run("encode song.wav --preset light --chunk-frames 8000").expect(0);
    folder
}

#[test]
fn info_for_people() {
    let folder = folder();
    let size = folder.read("song.lmac").len();
    let text = folder.run("info song.lmac").expect(0).text();
    for part in [
        "song.lmac\n",
        "16-bit PCM, 2 channels, 8000 Hz",
        "20000 frames, 0:00:02.500",
        &format!("{size} bytes, "),
        "% of 80000 bytes of PCM",
        "3, of at most 8000 frames, 0:00:01.000",
        "wav, head of 56 bytes, tail of 16 bytes",
        "complete     yes",
    ] {
        assert!(text.contains(part), "{text} lacks {part:?}");
    }
    // A pipe tells the same.
    let piped = folder.pipe("info -", &folder.read("song.lmac")).expect(0).text();
    assert_eq!(piped, text.replacen("song.lmac", "-", 1));

    let listed = folder.run("info --chunks song.lmac").expect(0).text();
    assert!(listed.starts_with(&text));
    let rows: Vec<&str> = listed.lines().skip(text.lines().count()).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows[3].contains(" 16000 ") && rows[3].contains(" 4000 ") && rows[3].contains("light"));
    assert!(rows[4].starts_with("  sum: light 3 chunks, "), "{}", rows[4]);

    let canonical = wav(10, 1);
    folder.write("c.wav", &canonical);
    folder.run("encode c.wav --preset store --no-md5").expect(0);
    let text = folder.run("info c.lmac").expect(0).text();
    assert!(text.contains("16-bit PCM, 1 channel, 8000 Hz"), "{text}");
    assert!(text.contains("wav, canonical head, tail of 0 bytes"), "{text}");
    assert!(text.contains("MD5          none"), "{text}");
}

#[test]
fn info_for_programs() {
    let folder = folder();
    let info = folder.run("info --json --chunks song.lmac").expect(0).json();
    assert_eq!(info["file"], "song.lmac");
    assert_eq!(info["sample_format"], "s16");
    assert_eq!(info["channels"], 2);
    assert_eq!(info["rate"], 8000);
    assert_eq!(info["frames"], 20_000);
    assert_eq!(info["seconds"], 2.5);
    assert_eq!(info["pcm_bytes"], 80_000);
    assert_eq!(info["stream_bytes"], folder.read("song.lmac").len());
    assert_eq!(info["chunk_frames"], 8000);
    assert_eq!(info["head_bytes"], 56);
    assert_eq!(info["tail_bytes"], 16);
    assert_eq!(info["complete"], true);
    assert_eq!(info["md5"].as_str().unwrap().len(), 32);
    let ratio = info["stream_bytes"].as_f64().unwrap() / 80_000.0;
    assert!((info["ratio"].as_f64().unwrap() - ratio).abs() < 1e-9);
    let chunks = info["chunk_list"].as_array().unwrap();
    assert_eq!(chunks.len(), 3);
    let mut offset = chunks[0]["offset"].as_u64().unwrap();
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk["number"], at);
        assert_eq!(chunk["offset"], offset);
        assert_eq!(chunk["first_frame"], 8000 * at);
        offset += chunk["bytes"].as_u64().unwrap();
        let parts = chunk["token_bytes"].as_u64().unwrap() + chunk["plane_bytes"].as_u64().unwrap();
        assert!(parts <= chunk["payload_bytes"].as_u64().unwrap());
        assert_eq!(chunk["planes"].as_str().unwrap().len(), 2);
    }

    // A pipe tells the same but for the name.
    let stream = folder.read("song.lmac");
    let mut piped = folder.pipe("info --json --chunks -", &stream).expect(0).json();
    assert_eq!(piped["file"], "-");
    piped["file"] = Value::from("song.lmac");
    assert_eq!(piped, info);
    let plain = folder.run("info --json song.lmac").expect(0).json();
    assert!(plain.get("chunk_list").is_none());
}

#[test]
fn info_on_anything_else() {
    let folder = folder();
    folder.run("info song.wav").expect(1).says("lmac: song.wav: not an lmac stream");
    let ran = folder.run("info --json song.wav song.lmac").expect(1);
    let lines: Vec<Value> =
        ran.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["file"], "song.wav");
    assert_eq!(lines[0]["error"], "not an lmac stream");
    assert_eq!(lines[1]["frames"], 20_000);
    ran.says("lmac: song.wav: not an lmac stream");
    folder.pipe("info -", b"").expect(1).says("lmac: -: ");
}

#[test]
fn verify() {
    let folder = folder();
    let text = folder.run("verify song.lmac").expect(0).text();
    assert_eq!(text, "song.lmac: ok, 20000 frames, MD5 matches\n");
    assert_eq!(folder.run("verify -q song.lmac").expect(0).text(), "");
    let piped = folder.pipe("verify -", &folder.read("song.lmac")).expect(0);
    assert_eq!(piped.text(), "-: ok, 20000 frames, MD5 matches\n");
    let json = folder.run("verify --json song.lmac").expect(0).json();
    assert_eq!(json["verification"], "md5");
    assert_eq!(json["frames"], 20_000);
    assert_eq!(json["md5"], folder.run("info --json song.lmac").json()["md5"]);

    folder.run("encode -f --no-md5 song.wav").expect(0);
    let text = folder.run("verify song.lmac").expect(0).text();
    assert!(text.contains("ok, 20000 frames, all checksums match"), "{text}");
    assert_eq!(folder.files(), ["song.lmac", "song.wav"]);
    folder.run("verify --memory 4K song.lmac").expect(1).says("memory");
    folder.run("decode --memory 4K song.lmac x.wav").expect(1).says("memory");
    folder.run("decode --memory 64M song.lmac x.wav").expect(0);
}

#[test]
fn json_goes_where_the_audio_does_not() {
    let folder = folder();
    let encoded = folder.run("encode --json -f song.wav").expect(0);
    assert_eq!(encoded.stderr, "");
    let json = encoded.json();
    assert_eq!((&json["file"], &json["output"]), (&"song.wav".into(), &"song.lmac".into()));
    assert_eq!(json["frames"], 20_000);
    assert_eq!(json["rate"], 8000);
    assert_eq!(json["source_bytes"], folder.read("song.wav").len());
    assert_eq!(json["stream_bytes"], folder.read("song.lmac").len());
    assert_eq!(json["adaptive_chunks"], 1);
    assert_eq!(json["verified"], true);

    let streamed = folder.run("encode --json song.wav -").expect(0);
    let json: Value = serde_json::from_str(&streamed.stderr).unwrap();
    assert_eq!(json["output"], "-");
    assert!(streamed.stdout == folder.read("song.lmac"));

    let decoded = folder.run("decode --json song.lmac -").expect(0);
    let json: Value = serde_json::from_str(&decoded.stderr).unwrap();
    assert_eq!(json["verification"], "md5");
    assert_eq!(json["output_bytes"], decoded.stdout.len());

    let failed = folder.run("decode --json song.wav out.wav").expect(1);
    assert_eq!(failed.json()["error"], "not an lmac stream");
    failed.says("lmac: song.wav: not an lmac stream");
}

#[test]
fn help_and_version() {
    let folder = Folder::new();
    assert_eq!(folder.run("--version").expect(0).text(), "lmac 0.1.0 (format 0.6)\n");
    let mount = cfg!(all(feature = "mount", target_os = "linux")).then_some("mount");
    let all = ["encode", "decode", "verify", "info", "tag", "serve", "completions", "man"];
    for command in all.into_iter().chain(mount) {
        let text = folder.run(&format!("{command} --help")).expect(0).text();
        assert!(text.contains("Examples:"), "{text}");
        let man = folder.run(&format!("man {command}")).expect(0).text();
        assert!(man.contains(".TH") && man.contains(&format!("lmac\\-{command}")), "{man}");
    }
    for command in ["encode", "decode", "verify", "info", "tag"] {
        let text = folder.run(&format!("{command} --help")).text();
        assert!(text.contains("JSON, on standard output"));
        let short = folder.run(&format!("{command} -h")).text();
        assert!(short.contains("Examples:") && !short.contains("JSON, on"));
    }
    assert!(folder.run("--help").expect(0).text().contains("Exit status:"));
    assert!(folder.run("man").expect(0).text().contains(".TH lmac 1"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.run(&format!("completions {shell}")).expect(0).text();
        assert!(script.contains("chunk-frames"), "{shell}");
    }
    folder.run("").expect(2);
    folder.run("completions tcsh").expect(2);
}

/// The names in the help text are those in the output.
#[test]
fn the_help_names_every_field() {
    let folder = folder();
    for (help, run) in [
        ("encode", "encode --json -f song.wav --chunk-frames 8000"),
        ("decode", "decode --json song.lmac -f"),
        ("verify", "verify --json song.lmac"),
        ("info", "info --json --chunks song.lmac"),
        ("tag", "tag --json song.lmac"),
    ] {
        let text = folder.run(&format!("{help} --help")).text();
        let json = folder.run(run).expect(0).json();
        for field in json.as_object().unwrap().keys() {
            assert!(text.contains(field.as_str()), "{help}: {field}");
        }
    }
    let text = folder.run("info --help").text();
    for field in folder.chunks("song.lmac")[0].as_object().unwrap().keys() {
        assert!(text.contains(field.as_str()), "{field}");
    }
    let text = folder.run("decode --help").text();
    folder.damage_chunk("song.lmac", 1);
    let json = folder.run("decode --json --recover song.lmac -f").expect(3).json();
    for field in json["damage"].as_object().unwrap().keys() {
        assert!(text.contains(field.as_str()), "{field}");
    }
}

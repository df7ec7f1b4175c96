//! The program `lmac-eval` on folders and on random samples.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{empty_folder, wav};
use lmac_support::models::{Tiny, huggingface};
use lmac_support::program::{Folder, Ran};
use serde_json::Value;

/// Contestants that are built in and quick.
const QUICK: &str = "--presets light,fast --baselines gzip,lzma,png,zstd";

/// Two recordings, and a model.
fn folder() -> Folder {
    let folder = empty_folder();
    folder.write("music/a/one.wav", &wav(3_000, 2, 16));
    folder.write("music/two.wav", &wav(2_000, 1, 16));
    huggingface::single(&folder.path("tiny"), &Tiny::default());
    folder
}

/// All sizes, without times.
fn sizes(results: &Value) -> Vec<(String, String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let size = |one: &Value| {
        let (clip, name) = (text(&one["clip_name"]), text(&one["contestant_name"]));
        assert_eq!(one["status"], "done", "{one}");
        assert_eq!(one["check"], "passed", "{one}");
        (clip, name, text(&one["arrangement"]), one["bytes"].as_u64().unwrap())
    };
    results["results"].as_array().unwrap().iter().map(size).collect()
}

#[test]
fn all_contestants_are_measured_and_the_numbers_stay() {
    let folder = folder();
    let eval = format!("--audio-dir music --model tiny --chunk-size 400 {QUICK}");
    let files = "-o out/results.json --markdown out/results.md --csv out/results.csv \
                 --pictures out/pictures --times";
    let ran = folder.run(&format!("{eval} {files}")).expect(0);
    for name in ["lmac light", "lmac fast", "tiny f32", "gzip", "lzma", "png", "zstd"] {
        assert!(ran.text().contains(name), "{name}: {}", ran.text());
    }
    assert!(ran.text().contains("Where the time went"));

    let results: Value = serde_json::from_slice(&folder.read("out/results.json")).unwrap();
    assert_eq!(results["complete"], true);
    let first = sizes(&results);
    // Six contestants in two arrangements, and the model in one, with two clips.
    assert_eq!(first.len(), 2 * (6 * 2 + 1));
    let lines = String::from_utf8(folder.read("out/results.csv")).unwrap();
    assert_eq!(lines.lines().count(), first.len() + 1);
    assert!(folder.read("out/results.md").starts_with(b"#"));
    let mut pictures = folder.files();
    pictures.retain(|file| file.starts_with("out/pictures/"));
    assert_eq!(pictures.len(), 10, "{pictures:?}");
    assert!(!folder.has("out/results.json.partial"));

    let again = folder.run(&format!("{eval} -T 3 --json")).expect(0);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(sizes(&again), first);
}

#[test]
fn step_by_step_gives_the_same_bytes_and_entropy_about_the_same() {
    let folder = folder();
    let eval = "--audio-dir music --model tiny --presets none --baselines none --json \
                --arrangement chunks --top-k 20 --num-chunks 3 --chunk-size 300";
    let json = |more: &str| -> Value {
        serde_json::from_slice(&folder.run(&format!("{eval} {more}")).expect(0).stdout).unwrap()
    };
    let bytes = |results: &Value| results["results"][0]["bytes"].as_f64().unwrap();
    let real = json("");
    assert_eq!(bytes(&json("--stepping")), bytes(&real));
    let estimate = json("--rate entropy");
    assert_eq!(estimate["results"][0]["estimated"], true);
    assert!((bytes(&estimate) - bytes(&real)).abs() < 8.0, "{estimate} {real}");
}

#[test]
fn random_samples_follow_from_their_seed() {
    let folder = empty_folder();
    let run = |seed: u32| -> Value {
        let eval = format!("--dataset random --num-chunks 4 --seed {seed} --json {QUICK}");
        serde_json::from_slice(&folder.run(&eval).expect(0).stdout).unwrap()
    };
    let results = run(1);
    assert_eq!(results["clips"][0]["pcm_bytes"], 4 * 2048);
    assert_eq!(sizes(&results), sizes(&run(1)));
    assert_eq!(run(2)["clips"][0]["bits"], 8);
}

#[test]
fn files_that_are_no_audio_are_named() {
    let folder = folder();
    folder.write("music/broken.wav", b"RIFF what");
    let ran = folder.run(&format!("--audio-dir music --arrangement whole {QUICK}")).expect(1);
    assert!(ran.text().contains("broken.wav"), "{}", ran.text());
    assert!(ran.text().contains("2 of 2"), "{}", ran.text());

    folder.write("none/readme.txt", b"");
    folder.run("--audio-dir none").expect(1).says("there are no .wav files");
    folder.run("--audio-dir nowhere").expect(1).says("nowhere");
}

#[test]
fn errors_come_before_measuring() {
    let folder = folder();
    folder.write("results.json", b"mine");
    let eval = "--audio-dir music";
    for (options, message) in [
        ("-o results.json", "results.json: it exists"),
        ("--baselines gzip,rar", "rar"),
        ("--external mac", "mac"),
        ("--external m=mac~{in}", "{out}"),
        ("--model nothing", "nothing"),
        ("--presets none --baselines none", "nothing to evaluate: pass --presets"),
        ("--presets none --baselines none --model tiny --arrangement whole", "no contestant has"),
        ("--presets fast,fast", "lmac fast"),
        ("--csv music", "music: it is a folder"),
        ("--csv a.csv --markdown a.csv", "a.csv: two results"),
        ("--csv results.json/a.csv", "results.json: it is not a folder"),
        ("--pictures none --picture-of three.wav", "three.wav"),
        ("-o results.json --resume", "results.json: it exists, and there is no interrupted run"),
    ] {
        let arguments: Vec<String> = [eval, options]
            .iter()
            .flat_map(|part| part.split(' '))
            .map(|word| word.replace('~', " "))
            .collect();
        let ran: Ran = folder.command(&arguments).output().unwrap().into();
        assert_eq!(ran.code, Some(1), "{options}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{options}: {}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
    assert_eq!(folder.read("results.json"), b"mine");
    assert!(folder.files().iter().all(|file| !file.ends_with(".partial")));
    for usage in [
        "",
        "--audio-dir music --dataset random",
        "--audio-dir music --stepping",
        "--audio-dir music --rate entropy",
        "--dataset sine",
    ] {
        folder.run(usage).expect(2);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    let folder = folder();
    // It waits until a file is there.
    let script = "#!/bin/sh\nprintf x >> calls\nuntil [ -e go ]; do sleep 0.1; done\n\
                  cp \"$1\" \"$2\"\n";
    let path = folder.write("waits", script.as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let eval = [
        "--audio-dir",
        "music",
        "--presets",
        "light",
        "--baselines",
        "gzip",
        "--arrangement",
        "whole",
        "--external",
        "waits=./waits {in} {out}",
        "-o",
        "results.json",
    ];
    let run = folder.command(eval).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let calls = || fs::read(folder.path("calls")).unwrap_or_default().len();
    while calls() == 0 {
        sleep(Duration::from_millis(20));
    }
    let signal = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(signal.success());
    sleep(Duration::from_millis(300));
    folder.write("go", b"");
    let ended: Ran = run.wait_with_output().unwrap().into();
    ended.expect(130).says("--resume");
    assert!(folder.has("results.json.partial"));

    let ran: Ran = folder.command(eval).output().unwrap().into();
    ran.expect(1).says("--resume continues");
    let changed = [&eval[..], &["--resume", "--chunk-size", "100"]].concat();
    let ran: Ran = folder.command(changed).output().unwrap().into();
    ran.expect(1).says("chunk-size");
    let resumed = [&eval[..], &["--resume"]].concat();
    let ran: Ran = folder.command(resumed).output().unwrap().into();
    ran.expect(0);
    let results: Value = serde_json::from_slice(&folder.read("results.json")).unwrap();
    assert_eq!(results["complete"], true);
    assert_eq!(results["results"].as_array().unwrap().len(), 6);
    assert!(!folder.has("results.json.partial"));
    // The first clip was not done again.
    assert_eq!(calls(), 2);
}

#[test]
fn latency_is_a_table_of_presets_and_chunks() {
    let folder = folder();
    let ran = folder.run("latency music --presets light,fast --chunk-seconds 0.01 --seeks 2");
    let text = ran.expect(0).text();
    for line in ["| light | 0.01 s | +", "| light | default | +0.00 % |", "| fast | 0.01 s | +"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    folder.run("latency music --chunk-seconds 0").expect(2).says("0.001 to 3600");
}

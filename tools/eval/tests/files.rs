//! `lmac-eval files`: presets and other programs on whole files.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs;

use common::{empty_folder, wav};
use lmac_support::program::{Folder, Ran};
use serde_json::Value;

/// Two kinds of recordings.
fn recordings() -> Folder {
    let folder = empty_folder();
    folder.write("wavs/speech/a.wav", &wav(3000, 1, 16));
    folder.write("wavs/deep/music/b.wav", &wav(3000, 2, 24));
    folder.write("wavs/deep/music/C.WAV", &wav(3000, 1, 8));
    folder
}

fn total<'a>(results: &'a Value, name: &str) -> &'a Value {
    let totals = results["totals"][0]["comparisons"][0]["totals"].as_array().unwrap();
    totals.iter().find(|total| total["contestant_name"] == name).unwrap_or(&Value::Null)
}

#[test]
fn presets_in_tables_pictures_and_json() {
    let folder = recordings();
    folder.write("peers.csv", b"file,wav,one\nspeech/a.wav,6044,3022\n");
    let ran = folder
        .run(
            "files wavs --programs none --rounds 2 --peers peers.csv --markdown t.md -o t.json \
             --pictures out",
        )
        .expect(0);
    let tables = String::from_utf8(folder.read("t.md")).unwrap();
    assert!(tables.contains("| contestant | music (2) | speech (1) | all (3) |\n"), "{tables}");
    assert!(tables.contains("| one (stored) |  | 50.00 % | 50.00 %\\* |\n"), "{tables}");
    assert!(folder.has("out/rate-against-speed.png") && folder.has("out/rate-by-file.svg"));
    assert!(!folder.has("out/cost-along-time.svg"));

    let results: Value = serde_json::from_slice(&folder.read("t.json")).unwrap();
    assert_eq!(total(&results, "one (stored)")["bytes"], 3022);
    let picture = String::from_utf8(folder.read("out/rate-against-speed.svg")).unwrap();
    for preset in lmac::Preset::ALL.iter().filter(|&&preset| preset != lmac::Preset::Store) {
        let name = format!("lmac {}", preset.name());
        assert!(ran.text().contains(&name) && tables.contains(&name), "{tables}");
        assert!(picture.contains(&format!(">{name}</text>")), "{picture}");
        let total = total(&results, &name);
        assert_eq!(total["passed"], 3, "{total}");
        for way in ["encoding", "decoding"] {
            assert!(total[way]["times_real_time"].as_f64().unwrap() > 0.0);
            if cfg!(unix) {
                let peak = total[format!("{way}_peak_bytes")].as_u64().unwrap();
                assert!((500_000..1 << 36).contains(&peak), "{name}: {peak}");
            }
        }
    }
    let sizes: u64 = ["speech/a.wav", "deep/music/b.wav", "deep/music/C.WAV"]
        .iter()
        .map(|name| fs::metadata(folder.path("wavs").join(name)).unwrap().len())
        .sum();
    assert_eq!(total(&results, "lmac fast")["pcm_bytes"], sizes);
}

#[test]
fn errors_come_before_measuring() {
    let folder = recordings();
    folder.write("empty/readme.txt", b"");
    folder.write("damaged/x.wav", b"no WAV file");
    for (arguments, expected) in [
        ("no-such-folder", "no-such-folder: "),
        ("empty", "there are no .wav files"),
        ("damaged", "x.wav: "),
        ("wavs --programs no-such-codec", "known are flac -8, "),
        ("wavs --programs none --presets none", "nothing to evaluate: pass --presets, --programs"),
        ("wavs --peers no-such-file", "no-such-file: "),
    ] {
        let ran = folder.run(&format!("files {arguments}")).expect(1);
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
    folder.run("files").expect(2);
    folder.run("files wavs --rounds 0").expect(2);
    folder.run("--audio-dir wavs files wavs").expect(2);
}

/// Scripts in place of programs.
#[cfg(unix)]
#[test]
fn other_programs_are_checked() {
    use std::os::unix::fs::PermissionsExt;

    let folder = recordings();
    let program = |name: &str, script: &str| {
        let path =
            folder.write(&format!("path/{name}"), format!("#!/bin/sh\n{script}\n").as_bytes());
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let version = "[ \"$1\" = --version ] && { echo \"codec v7.5\"; exit; }";
    // Copies: `flac ... IN -o OUT`.
    let copy = "while [ $# -gt 3 ]; do shift; done; /bin/cp \"$1\" \"$3\"";
    program("flac", &format!("{version}\n{copy}"));
    // Changes a byte of the audio when it decodes.
    program("wavpack", copy);
    program(
        "wvunpack",
        &format!("{copy}; /bin/dd if=/dev/zero of=\"$3\" bs=1 seek=100 count=1 conv=notrunc"),
    );
    // Takes files of 8 bits only: `mac IN OUT ...`.
    program(
        "mac",
        "case \"$1\" in *.WAV|*.ape) /bin/cp \"$1\" \"$2\";; *) echo too wide; exit 3;; esac",
    );
    // Writes to standard output.
    program("xz", "for last; do :; done; /bin/cat \"$last\"");
    // Says that all is well and does nothing.
    program("ofr", "exit 0");

    let arguments = ["files", "wavs", "--presets", "fast", "-o", "t.json", "--external"];
    let mut command = folder.command(arguments);
    command.args(["own=/bin/cp {in} {out}.x", "--external-decode", "own=/bin/cp {in} {out}"]);
    let ran: Ran = command.env("PATH", folder.path("path")).output().unwrap().into();
    // wavpack decodes to other audio.
    let tables = ran.expect(1).text();
    assert!(tables.contains("encoding / flac -8"), "{tables}");
    assert!(tables.contains("exit status: 3: too wide"), "{tables}");
    assert!(tables.contains("the audio differs"), "{tables}");

    let results: Value = serde_json::from_slice(&folder.read("t.json")).unwrap();
    let flac = total(&results, "flac -8");
    assert_eq!((&flac["rate_percent"], &flac["passed"]), (&100.0.into(), &3.into()));
    assert_eq!(flac["times_flac"]["encoding"], 1.0);
    let descriptions = results["contestants"].to_string();
    assert!(descriptions.contains("version 7.5; command: flac -8"), "{descriptions}");
    for (name, passed, refused, failed) in [
        ("xz -9e", 3, 0, 0),
        ("own", 3, 0, 0),
        ("wavpack -hhx", 0, 0, 3),
        ("Monkey's Audio insane", 1, 2, 0),
        ("OptimFROG preset 2", 0, 3, 0),
    ] {
        let total = total(&results, name);
        let fates = [&total["passed"], &total["refused"], &total["failed"]];
        assert_eq!(fates, [passed, refused, failed], "{name}");
    }
    assert!(tables.contains("it made no file"), "{tables}");
    assert!(total(&results, "Sac --normal").is_null(), "it is not installed");
    let names =
        results["totals"].as_array().unwrap().iter().filter_map(|one| one["folder"].as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["music", "speech"]);
}

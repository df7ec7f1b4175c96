//! The whole program on a small folder.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A folder with two kinds of recordings.
fn recordings() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bits, channels) in
        [("speech/a.wav", 16, 1), ("music/b.wav", 24, 2), ("music/C.WAV", 8, 1)]
    {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec = hound::WavSpec {
            channels,
            sample_rate: 8000,
            bits_per_sample: bits,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for at in 0..3000 * i32::from(channels) {
            writer.write_sample((at * at / 7) % 100 - 50).unwrap();
        }
        writer.finalize().unwrap();
    }
    folder
}

fn bench(path: Option<&Path>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmac-bench"));
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.args(arguments).output().unwrap()
}

fn succeeded(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn presets_in_tables_and_a_picture() {
    let folder = recordings();
    let out = tempfile::tempdir().unwrap();
    let file = |name: &str| out.path().join(name).to_str().unwrap().to_string();
    fs::write(out.path().join("peers.csv"), "file,wav,one\nspeech/a.wav,6044,3022\n").unwrap();
    let output = bench(
        None,
        &[
            folder.path().to_str().unwrap(),
            "--only=lmac",
            "--rounds=2",
            &format!("--peers={}", file("peers.csv")),
            &format!("--markdown={}", file("t.md")),
            &format!("--json={}", file("t.json")),
            &format!("--picture={}", file("t.svg")),
        ],
    );
    let tables = succeeded(&output);
    assert_eq!(tables, fs::read_to_string(file("t.md")).unwrap());
    assert!(tables.starts_with("| codec | music (2) | speech (1) | total (3) |\n"), "{tables}");
    assert!(tables.contains("| one (stored) |  | 0.5000 |  |\n"), "{tables}");

    let json: Value = serde_json::from_str(&fs::read_to_string(file("t.json")).unwrap()).unwrap();
    let picture = fs::read_to_string(file("t.svg")).unwrap();
    let presets = lmac::Preset::ALL.iter().filter(|&&preset| preset != lmac::Preset::Store);
    for preset in presets {
        let name = format!("lmac {}", preset.name());
        assert!(tables.contains(&format!("| **{name}** |")), "{tables}");
        assert!(picture.contains(&format!(">{name}</text>")), "{picture}");
        let codecs = json["codecs"].as_array().unwrap();
        let codec = codecs.iter().find(|codec| codec["name"] == name.as_str()).unwrap();
        assert_eq!(codec["files"], 3);
        for way in ["encoding", "decoding"] {
            assert!(codec[way]["times_real_time"].as_f64().unwrap() > 0.0);
            if cfg!(unix) {
                let peak = codec[way]["peak_bytes"].as_u64().unwrap();
                assert!((500_000..1 << 36).contains(&peak), "{name}: {peak}");
            }
        }
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = recordings();
    let path = folder.path().to_str().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let damaged = tempfile::tempdir().unwrap();
    fs::write(damaged.path().join("x.wav"), "no WAV file").unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["no such folder"], "no such folder: "),
        (&[empty.path().to_str().unwrap()], "there are no WAV files"),
        (&[damaged.path().to_str().unwrap()], "x.wav: "),
        (&[path, "--only=no such codec"], "--only: no codec"),
        (&[path, "--picture=x.pdf"], "ends in .svg or .png"),
        (&[path, "--peers=no such file"], "no such file: "),
    ];
    for (arguments, expected) in cases {
        let output = bench(None, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}

/// Programs that stand in for others: what they do is known.
#[cfg(unix)]
#[test]
fn other_programs_are_checked() {
    use std::os::unix::fs::PermissionsExt;

    let folder = recordings();
    let programs = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        let path = programs.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
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

    let json = programs.path().join("t.json");
    let json = json.to_str().unwrap();
    let folder = folder.path().to_str().unwrap();
    let picture = programs.path().join("t.PNG");
    let arguments = [folder, "--json", json, "--picture", picture.to_str().unwrap()];
    let tables = succeeded(&bench(Some(programs.path()), &arguments));
    assert!(fs::read(picture).unwrap().starts_with(b"\x89PNG"));
    assert!(tables.contains("encoding / flac -8"), "{tables}");
    assert!(
        tables.contains("Monkey's Audio insane took 1 of 3 files: 1.0000 on these"),
        "{tables}"
    );
    assert!(tables.contains("too wide"), "{tables}");

    let json: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let codec = |name: &str| {
        let codecs = json["codecs"].as_array().unwrap();
        codecs.iter().find(|codec| codec["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(codec("flac -8")["version"], "7.5");
    assert_eq!(codec("flac -8")["ratio"], 1.0);
    assert_eq!(codec("flac -8")["encoding"]["times_flac"], 1.0);
    assert_eq!(codec("xz -9e")["files"], 3);
    let wavpack = codec("wavpack -hhx");
    assert_eq!(wavpack["files"], 0);
    let refused: Vec<_> = wavpack["refused"].as_object().unwrap().values().collect();
    assert_eq!(refused, ["the audio does not come back"; 3]);
    let reason = codec("OptimFROG preset 2")["refused"]["music/b.wav"].clone();
    assert_eq!(reason, "encoding: it wrote no file");
    assert_eq!(codec("Sac --normal"), Value::Null, "it is not installed");
}

//! `lmac eval`, which is a program of its own.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use common::{Folder, Ran};

/// A copy of `lmac` that has nothing beside it.
fn alone(folder: &Folder) -> PathBuf {
    let program = folder.path("bin/lmac");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_lmac"), &program).unwrap();
    program
}

fn script(folder: &Folder, name: &str, text: &str) {
    let path = folder.write(name, format!("#!/bin/sh\n{text}\n").as_bytes());
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn arguments_and_exit_status_are_passed_on() {
    let folder = Folder::new();
    let lmac = alone(&folder);
    let run = |path: &str, arguments: &[&str]| -> Ran {
        let mut command = Command::new(&lmac);
        command.env("PATH", folder.path(path)).args(arguments).output().unwrap().into()
    };
    let missing = run("none", &["eval"]).expect(1);
    assert!(missing.stderr.contains("lmac-eval is not installed; cargo install lmac-eval"));

    script(&folder, "path/lmac-eval", "echo path \"$@\"; exit 7");
    let hyphens = ["eval", "--audio-dir", "x", "-T", "2", "--", "-q"];
    assert_eq!(run("path", &hyphens).expect(7).text(), "path --audio-dir x -T 2 -- -q\n");
    script(&folder, "bin/lmac-eval", "echo beside \"$@\"; kill -TERM $$");
    for (arguments, expected) in [
        (&["eval", "--help"][..], "beside --help\n"),
        (&["help", "eval"], "beside --help\n"),
        (&["man", "eval"], "beside man\n"),
        (&["eval", "files", "--version"], "beside files --version\n"),
    ] {
        let ran = run("path", arguments);
        assert_eq!((ran.code, ran.text().as_str()), (None, expected), "{arguments:?}");
    }
}

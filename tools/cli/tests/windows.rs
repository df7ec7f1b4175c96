//! What differs on Windows. `sh tools/windows/test.sh` runs this.

#![cfg(windows)]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs::{self, File};
use std::io::Read;

use common::{Folder, Ran, wav};

#[test]
fn patterns_stand_for_files() {
    let folder = Folder::new();
    for name in ["a.wav", "B.WAV", ".c.wav", "x/d.wav"] {
        folder.write(name, &wav(500, 1));
    }
    folder.run("encode *.wav x\\?.wav").expect(0);
    let all = [".c.wav", "B.WAV", "B.lmac", "a.lmac", "a.wav", "x/d.lmac", "x/d.wav"];
    assert_eq!(folder.files(), all);
    folder.run("encode -f *.wav -o c.lmac").expect(2).says("several inputs");
    assert_eq!(folder.run("verify *.lmac").expect(0).text().lines().count(), 2);
    folder.run("tag --set TITLE=Aria ?.lmac").expect(0);
    assert!(folder.run("tag b.lmac").expect(0).text().contains("TITLE=Aria"));
    folder.run("verify *.flac").expect(1).says("lmac: *.flac: ");
}

#[test]
fn the_null_device() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    for device in ["NUL", "nul", r"\\.\NUL"] {
        folder.run(&format!("encode a.wav {device}")).expect(0);
        folder.run(&format!("encode --rm a.wav -o {device}")).expect(1).says("the source is kept");
    }
    folder.run("encode - -").expect(1).says("lmac: -: the file is empty");
    assert_eq!(folder.files(), ["a.wav"]);
}

#[test]
fn standard_output_that_is_the_input() {
    let folder = Folder::new();
    let path = folder.write("a.wav", &wav(3000, 1));
    let mut command = folder.command(["encode", "a.wav", "-"]);
    command.stdout(File::options().append(true).open(&path).unwrap());
    Ran::from(command.output().unwrap()).expect(1).says("input and output are the same file");
    assert_eq!(folder.read("a.wav"), wav(3000, 1));
}

#[test]
fn a_reader_that_leaves() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(200_000, 1));
    folder.run("encode --preset store a.wav").expect(0);
    let mut child = folder.command(["decode", "a.lmac", "-"]).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 9]).unwrap();
    Ran::from(child.wait_with_output().unwrap()).expect(0);
}

#[test]
fn targets_that_are_read_only() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    let target = folder.write("a.lmac", b"precious");
    let mut permissions = fs::metadata(&target).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&target, permissions).unwrap();
    let code = folder.run("encode -f a.wav").code;
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
    assert_eq!(folder.files(), ["a.lmac", "a.wav"]);
    assert!(code == Some(0) || folder.read("a.lmac") == b"precious");
}

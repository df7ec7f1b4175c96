//! Links, pipes and devices, and standard output that takes no more.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;

use crate::common::{Folder, wav};

#[test]
fn a_source_stays_where_its_result_cannot_be_read_back() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    folder.run("encode --rm a.wav -o /dev/null").expect(1).says("the source is kept");
    assert_eq!(folder.files(), ["a.wav"]);
    folder.run("encode a.wav -o /dev/null").expect(0);
}

#[test]
fn links_stay() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    folder.write("real/b.lmac", b"old");
    std::os::unix::fs::symlink("real/b.lmac", folder.path("b.lmac")).unwrap();
    folder.run("encode a.wav b.lmac").expect(1).says("exists");
    folder.run("encode -f a.wav b.lmac").expect(0);
    assert!(folder.path("b.lmac").is_symlink());
    folder.run("verify real/b.lmac").expect(0);
    assert_eq!(folder.files(), ["a.wav", "b.lmac", "real/b.lmac"]);
}

#[test]
fn named_pipes() {
    let folder = Folder::new();
    let original = wav(3000, 1);
    folder.write("a.wav", &original);
    folder.run("encode a.wav").expect(0);
    let pipe = folder.path("pipe.wav");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = folder.command(["decode", "a.lmac", "pipe.wav"]).spawn().unwrap();
    let mut back = Vec::new();
    File::open(&pipe).unwrap().read_to_end(&mut back).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(back, original);

    let mut child = folder.command(["encode", "pipe.wav", "b.lmac"]).spawn().unwrap();
    File::options().write(true).open(&pipe).unwrap().write_all(&original).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(folder.read("b.lmac"), folder.read("a.lmac"));
}

#[test]
fn nowhere() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    folder.run("encode a.wav /dev/null").expect(0);
    folder.run("encode a.wav").expect(0);
    folder.run("decode a.lmac /dev/null").expect(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    folder.run("encode a.wav -o /dev/full").expect(1).says("lmac: /dev/full: cannot be written");
    let full = || File::options().write(true).open("/dev/full").unwrap();
    folder.run("encode a.wav").expect(0);
    for arguments in [
        &["encode", "a.wav", "-"][..],
        &["decode", "a.lmac", "-"],
        &["info", "a.lmac"],
        &["verify", "a.lmac"],
        &["man"],
        &["completions", "zsh"],
    ] {
        let output = folder.command(arguments).stdout(full()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("lmac: -: cannot be written: "), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    assert_eq!(folder.files(), ["a.lmac", "a.wav"]);
}

#[test]
fn a_reader_that_has_enough() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(200_000, 1));
    folder.run("encode a.wav --chunk-frames 100 --preset store").expect(0);
    for arguments in [
        &["decode", "a.lmac", "-"][..],
        &["decode", "--recover", "a.lmac", "-"],
        &["encode", "--preset", "store", "a.wav", "-"],
        &["info", "--chunks", "a.lmac"],
        &["completions", "zsh"],
        &["verify", "a.lmac", "a.lmac", "a.lmac"],
    ] {
        let mut child = folder.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

//! Sources that change while they are read, and sources that cannot be read on.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::sent::send;
use crate::common::{Folder, wav};

/// Starts to encode `a.wav` and stops in the middle: its result has begun. `None` where it was
/// done before, and its result is gone again.
fn encode_half(folder: &Folder) -> Option<Child> {
    let arguments = ["encode", "--threads", "1", "--chunk-frames", "2000", "a.wav", "b.lmac"];
    let mut child = folder.command(arguments).spawn().unwrap();
    let part = folder.path(&format!(".b.lmac.{}.lmac-part", child.id()));
    let begun = Instant::now();
    while fs::metadata(&part).map_or(0, |part| part.len()) == 0 {
        if child.try_wait().unwrap().is_some() {
            return too_late(folder, child);
        }
        if begun.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("nothing is written: {:?}", child.wait_with_output());
        }
        sleep(Duration::from_millis(1));
    }
    // Until it is waited for, it can be sent signals, whether it is done or not.
    send(&child, "-STOP");
    sleep(Duration::from_millis(20));
    match part.exists() {
        true => Some(child),
        false => {
            send(&child, "-CONT");
            too_late(folder, child)
        }
    }
}

fn too_late(folder: &Folder, child: Child) -> Option<Child> {
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    fs::remove_file(folder.path("b.lmac")).unwrap();
    None
}

/// Encodes while this happens to the source, which nothing may come of but a message.
#[track_caller]
fn assert_noticed(what: &str, change: impl Fn(&Path)) {
    let folder = Folder::new();
    let original = wav(600_000, 1);
    for _ in 0..5 {
        let source = folder.write("a.wav", &original);
        let Some(child) = encode_half(&folder) else { continue };
        change(&source);
        let changed = fs::read(&source).unwrap();
        send(&child, "-CONT");
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{what}: {message}");
        assert!(message.starts_with("lmac: a.wav: changed while it was read"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert_eq!(folder.files(), ["a.wav"], "{what}");
        assert!(folder.read("a.wav") == changed, "{what}");
        return;
    }
    panic!("{what}: encoding was always over too soon");
}

#[test]
fn a_source_that_changes_while_it_is_read() {
    let open = |path: &Path| File::options().read(true).write(true).open(path).unwrap();
    assert_noticed("growing", |path| {
        File::options().append(true).open(path).unwrap().write_all(&[1; 100_000]).unwrap();
    });
    assert_noticed("shrinking", |path| open(path).set_len(700_000).unwrap());
    assert_noticed("emptied", |path| open(path).set_len(0).unwrap());
    assert_noticed("written over", |path| {
        let mut file = open(path);
        file.seek(SeekFrom::Start(900_000)).unwrap();
        file.write_all(&[5; 1000]).unwrap();
    });
    assert_noticed("replaced", |path| {
        let other = path.with_extension("other");
        fs::write(&other, wav(1000, 2)).unwrap();
        fs::rename(&other, path).unwrap();
    });
}

#[test]
fn a_source_that_is_deleted_while_it_is_read_is_not_lost() {
    let folder = Folder::new();
    let original = wav(600_000, 1);
    for _ in 0..5 {
        let source = folder.write("a.wav", &original);
        let Some(child) = encode_half(&folder) else { continue };
        fs::remove_file(&source).unwrap();
        send(&child, "-CONT");
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
        folder.run("decode b.lmac a.wav").expect(0);
        assert!(folder.read("a.wav") == original);
        return;
    }
    panic!("encoding was always over too soon");
}

#[cfg(target_os = "linux")]
#[test]
fn a_source_that_cannot_be_read() {
    let folder = Folder::new();
    let raw = "--raw --rate 8000 --channels 1 --bits 16";
    for arguments in [
        format!("encode {raw} /proc/self/mem a.lmac"),
        "encode /proc/self/mem a.lmac".into(),
        "decode /proc/self/mem a.wav".into(),
        "verify /proc/self/mem".into(),
        "info /proc/self/mem".into(),
    ] {
        let ran = folder.run(&arguments).expect(1);
        let ran = ran.says("lmac: /proc/self/mem: Input/output error");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    folder.write("folder/a.wav", b"");
    folder.run("encode folder a.lmac").expect(1).says("is a folder");
    assert_eq!(folder.files(), ["folder/a.wav"]);
}

/// A pipe whose writer goes away at any point.
#[test]
fn a_pipe_that_ends_early() {
    let folder = Folder::new();
    let original = wav(3000, 1);
    folder.write("a.wav", &original);
    folder.run("encode a.wav --chunk-frames 500").expect(0);
    let stream = folder.read("a.lmac");
    let mut count = 0;
    for end in (0..stream.len()).step_by(stream.len() / 40) {
        folder.pipe("decode - b.wav", &stream[..end]).expect(1).says("cut off");
        assert_eq!(folder.files(), ["a.lmac", "a.wav"]);
        count += 1;
    }
    for end in (0..original.len()).step_by(original.len() / 40) {
        let ran = folder.pipe("encode - b.lmac", &original[..end]);
        if end < 46 {
            ran.expect(1);
            assert_eq!(folder.files(), ["a.lmac", "a.wav"]);
            continue;
        }
        ran.expect(0);
        assert!(folder.run("decode b.lmac -").expect(0).stdout == original[..end]);
        fs::remove_file(folder.path("b.lmac")).unwrap();
        count += 1;
    }
    println!("pipes that end early: {count} faults injected");
}

/// A reader of standard output that goes away at any point.
#[test]
fn a_reader_that_goes_away_early() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(300_000, 1));
    folder.run("encode a.wav --preset light --chunk-frames 5000").expect(0);
    let mut count = 0;
    for arguments in [
        &["decode", "a.lmac", "-"][..],
        &["decode", "--threads", "1", "--recover", "a.lmac", "-"],
        &["encode", "--preset", "light", "--chunk-frames", "5000", "a.wav", "-"],
    ] {
        for bytes in [0, 1, 43, 44, 1000, 65_536, 65_537, 200_000] {
            let mut child = folder.command(arguments).spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.by_ref().take(bytes).read_to_end(&mut Vec::new()).unwrap();
            drop(stdout);
            let output = child.wait_with_output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), &*message), (Some(0), ""), "{arguments:?}");
            count += 1;
        }
    }
    assert_eq!(folder.files(), ["a.lmac", "a.wav"]);
    println!("readers that go away: {count} faults injected");
}

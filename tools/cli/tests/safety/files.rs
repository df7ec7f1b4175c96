//! Nothing is overwritten, lost or left half-written.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use common::{Folder, wav};

#[test]
fn files_that_exist() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(3000, 1));
    folder.write("a.lmac", b"precious");
    folder.run("encode a.wav").expect(1).says("lmac: a.lmac: exists already");
    folder.run("encode a.wav -o a.lmac").expect(1);
    assert_eq!(folder.read("a.lmac"), b"precious");
    folder.run("encode -f a.wav").expect(0);
    folder.run("decode a.lmac").expect(1).says("lmac: a.wav: exists already");
    folder.run("decode --force a.lmac").expect(0);
    assert_eq!(folder.read("a.wav"), wav(3000, 1));

    // What fails does not harm what was there, even with -f.
    folder.write("bad.wav", b"nothing");
    let before = folder.read("a.lmac");
    folder.run("encode -f bad.wav a.lmac").expect(1);
    assert_eq!(folder.read("a.lmac"), before);
    fs::create_dir(folder.path("folder.lmac")).unwrap();
    folder.run("encode -f a.wav folder.lmac").expect(1).says("is a folder");
    folder.run("encode a.wav -o missing/folder/a.lmac").expect(0);
    folder.run("encode a.wav -o a.wav/b.lmac").expect(1).says("cannot be created");
    assert_eq!(folder.files(), ["a.lmac", "a.wav", "bad.wav", "missing/folder/a.lmac"]);
}

#[test]
fn the_same_file() {
    let folder = Folder::new();
    let original = wav(3000, 1);
    folder.write("a.wav", &original);
    fs::hard_link(folder.path("a.wav"), folder.path("hard.lmac")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.wav", folder.path("soft.lmac")).unwrap();
    let outputs = ["a.wav", "./a.wav", "hard.lmac"].into_iter();
    #[cfg(unix)]
    let outputs = outputs.chain(["soft.lmac"]);
    for output in outputs {
        for force in ["", "-f"] {
            let ran = folder.run(&format!("encode {force} a.wav -o {output}")).expect(1);
            ran.says("input and output are the same file");
        }
    }
    assert_eq!(folder.read("a.wav"), original);
}

#[test]
fn what_is_kept_of_the_source() {
    let folder = Folder::new();
    let source = folder.write("a.wav", &wav(3000, 1));
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().write(true).open(&source).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    #[cfg(unix)]
    set_mode(&source, 0o640);
    folder.run("encode a.wav").expect(0);
    folder.run("decode a.lmac b.wav").expect(0);
    for name in ["a.lmac", "b.wav"] {
        let metadata = fs::metadata(folder.path(name)).unwrap();
        assert_eq!(metadata.modified().unwrap(), time);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o640);
    }
    #[cfg(unix)]
    {
        // A source that cannot be written to is no obstacle.
        set_mode(&source, 0o444);
        folder.run("encode -f a.wav").expect(0);
        folder.run("encode -f a.wav").expect(0);
    }
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn deleting_sources() {
    let folder = Folder::new();
    let original = common::rich_wav(9000);
    folder.write("a.wav", &original);
    let json = folder.run("encode --rm --json a.wav").expect(0).json();
    assert_eq!(json["source_removed"], true);
    assert_eq!(folder.files(), ["a.lmac"]);
    folder.run("decode --rm a.lmac").expect(0);
    assert_eq!(folder.files(), ["a.wav"]);
    assert_eq!(folder.read("a.wav"), original);

    // Streams without a source file get a head; it is compared as well.
    folder.run("encode --audio-only a.wav b.lmac").expect(0);
    folder.run("decode --rm b.lmac").expect(0);
    assert_eq!(folder.files(), ["a.wav", "b.wav"]);

    folder.write("b.lmac", b"precious");
    folder.run("encode --rm b.wav").expect(1);
    folder.write("c.wav", b"nothing");
    folder.run("encode --rm c.wav").expect(1);
    assert_eq!(folder.files(), ["a.wav", "b.lmac", "b.wav", "c.wav"]);

    folder.write("x/a.raw", &common::pcm(999, 1));
    let raw = "encode --rm -r x --raw --rate 8000 --channels 1 --bits 16 --big-endian --unsigned";
    folder.run(raw).expect(0);
    assert!(folder.has("x/a.lmac") && !folder.has("x/a.raw"));
    folder.run("decode --rm x/a.lmac").expect(0);
    assert_eq!(folder.read("x/a.raw"), common::pcm(999, 1));
}

#[cfg(unix)]
mod unix {
    use std::io::{Read, Write};
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::*;

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
        folder
            .run("encode a.wav -o /dev/full")
            .expect(1)
            .says("lmac: /dev/full: cannot be written");
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

    /// Starts to encode something that goes on and on, and waits until a file is there.
    fn encode_without_end(folder: &Folder) -> Child {
        let mut command = folder.command(["encode", "--chunk-frames", "500", "-", "out.lmac"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&wav(20_000, 1)).unwrap();
        // The pipe stays open, so that the end is not reached.
        child.stdin = Some(stdin);
        let begun = Instant::now();
        while folder.files().is_empty() && begun.elapsed() < Duration::from_secs(20) {
            sleep(Duration::from_millis(2));
        }
        assert_eq!(folder.files().len(), 1);
        child
    }

    fn kill(child: &Child, signal: &str) {
        let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Whether whoever runs the tests has this signal ignored, and so for us.
    fn ignored(signal: u32) -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    #[test]
    fn interrupts_leave_nothing_behind() {
        for (signal, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)] {
            if ignored(number) {
                continue;
            }
            let folder = Folder::new();
            let mut child = encode_without_end(&folder);
            kill(&child, signal);
            assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
            assert!(folder.files().is_empty(), "{:?}", folder.files());
        }
    }

    #[test]
    fn being_killed_leaves_nothing_under_the_result_s_name() {
        let folder = Folder::new();
        let mut child = encode_without_end(&folder);
        kill(&child, "-KILL");
        child.wait().unwrap();
        let files = folder.files();
        let part = format!(".out.lmac.{}.lmac-part", child.id());
        assert_eq!(files, [part]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_hangup_that_is_ignored_stays_so() {
        let folder = Folder::new();
        let mut child = Command::new("sh")
            .args(["-c", "trap '' HUP; exec \"$0\" encode - out.lmac"])
            .arg(env!("CARGO_BIN_EXE_lmac"))
            .current_dir(folder.path(""))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let file = wav(20_000, 1);
        stdin.write_all(&file[..100]).unwrap();
        let begun = Instant::now();
        while folder.files().is_empty() && begun.elapsed() < Duration::from_secs(20) {
            sleep(Duration::from_millis(2));
        }
        kill(&child, "-HUP");
        stdin.write_all(&file[100..]).unwrap();
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(folder.files(), ["out.lmac"]);
    }
}

//! What a signal leaves behind when it comes in the middle.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::sent::{ignored, send};
use crate::common::{Folder, wav};

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

#[test]
fn interrupts_leave_nothing_behind() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        if ignored(signal) {
            continue;
        }
        let folder = Folder::new();
        let mut child = encode_without_end(&folder);
        send(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert!(folder.files().is_empty(), "{:?}", folder.files());
    }
}

#[test]
fn being_killed_leaves_nothing_under_the_result_s_name() {
    let folder = Folder::new();
    let mut child = encode_without_end(&folder);
    send(&child, "-KILL");
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
    send(&child, "-HUP");
    stdin.write_all(&file[100..]).unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(folder.files(), ["out.lmac"]);
}

//! Too little memory for the program: it says so, or it does its work.

use std::process::Command;

use crate::common::{Folder, Ran, wav};

fn run_within(folder: &Folder, kilobytes: u64, arguments: &str) -> Ran {
    let script = format!("ulimit -v {kilobytes}; exec \"$0\" {arguments}");
    let mut command = Command::new("bash");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_lmac")]).current_dir(folder.path(""));
    command.output().unwrap().into()
}

/// How much address space the program needs to say anything at all.
fn least(folder: &Folder) -> u64 {
    let mut least = 1 << 14;
    while run_within(folder, least, "--version").code != Some(0) {
        least += 1 << 10;
    }
    least
}

#[test]
fn too_little_memory_is_an_error_and_nothing_else() {
    let folder = Folder::new();
    let original = wav(1_000_000, 2);
    folder.write("a.wav", &original);
    folder.run("encode --preset light --chunk-frames 750000 a.wav s.lmac").expect(0);
    folder.run("encode --preset store --chunk-frames 750000 a.wav t.lmac").expect(0);
    let (light, stored) = (folder.read("s.lmac"), folder.read("t.lmac"));
    let before = folder.files();
    let least = least(&folder);
    let (mut refused, mut done) = (0, 0);
    for more in (0..=24).step_by(3) {
        for (arguments, target, result) in [
            (
                "encode --threads 1 --preset light --chunk-frames 750000 a.wav b.lmac",
                "b.lmac",
                &light,
            ),
            (
                "encode --threads 3 --preset store --chunk-frames 750000 a.wav b.lmac",
                "b.lmac",
                &stored,
            ),
            ("decode --threads 1 s.lmac b.wav", "b.wav", &original),
            ("decode --threads 3 t.lmac b.wav", "b.wav", &original),
        ] {
            let ran = run_within(&folder, least + 8192 + (more << 10), arguments);
            if ran.code == Some(0) {
                assert!(folder.read(target) == *result, "{arguments} with {more} MiB more");
                std::fs::remove_file(folder.path(target)).unwrap();
                done += 1;
            } else {
                let ran = ran.expect(1);
                let ran = ran.says("not enough memory for ");
                assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
                refused += 1;
            }
            assert_eq!(folder.files(), before, "{arguments} with {more} MiB more");
        }
    }
    assert!(folder.read("a.wav") == original);
    assert!(refused > 5 && done > 5, "{refused} times refused, {done} times done");
    println!("limits of memory: {refused} times refused, {done} times done");
}

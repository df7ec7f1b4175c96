//! Too little memory for the program: it says so, or it does its work.

use std::fs;
use std::process::Command;

use crate::common::{Folder, Ran, wav};

/// Frames of two bytes in a file that is one chunk.
const FRAMES: usize = 6_000_000;

/// MiB of address space, beyond what the same work on a small file needs. What is short with
/// the least of them may be memory for something else than the chunk: then the program may be
/// aborted.
const MORE: [u64; 12] = [0, 2, 5, 6, 7, 10, 16, 24, 32, 48, 64, 96];

/// And with which there is enough.
const PLENTY: u64 = 1 << 10;

fn run_within(folder: &Folder, megabytes: u64, arguments: &str) -> Ran {
    let script = format!("ulimit -c 0 -v {}; exec \"$0\" {arguments}", megabytes << 10);
    let mut command = Command::new("bash");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_lmac")]).current_dir(folder.path(""));
    command.output().unwrap().into()
}

/// How much address space the program needs for this.
fn least(folder: &Folder, arguments: &str) -> u64 {
    let enough = |&megabytes: &u64| run_within(folder, megabytes, arguments).code == Some(0);
    (8..1024).find(enough).expect("a gigabyte is enough for a small file")
}

/// What an aborted program had begun has another name than its target, and stays.
fn remove_parts(folder: &Folder) {
    for name in folder.files().iter().filter(|name| name.ends_with("-part")) {
        fs::remove_file(folder.path(name)).unwrap();
    }
}

#[test]
fn too_little_memory_is_an_error_and_nothing_else() {
    let folder = Folder::new();
    folder.write("small.wav", &wav(3000, 1));
    let original = wav(FRAMES, 1);
    folder.write("large.wav", &original);
    for preset in ["light", "store"] {
        for size in ["small", "large"] {
            let chunk = format!("--chunk-frames {FRAMES}");
            let names = format!("{size}.wav {size}-{preset}.lmac");
            folder.run(&format!("encode --preset {preset} {chunk} {names}")).expect(0);
        }
    }
    let (light, stored) = (folder.read("large-light.lmac"), folder.read("large-store.lmac"));
    let before = folder.files();
    let (mut refused, mut done, mut aborted) = (0, 0, 0);
    let encode = format!("encode -f --chunk-frames {FRAMES}");
    for (arguments, source, target, result) in [
        (format!("{encode} --threads 1 --preset light"), ".wav", "b.lmac", &light),
        (format!("{encode} --threads 3 --preset store"), ".wav", "b.lmac", &stored),
        ("decode -f --threads 1".to_owned(), "-light.lmac", "b.wav", &original),
        ("decode -f --threads 3".to_owned(), "-store.lmac", "b.wav", &original),
    ] {
        let apart = least(&folder, &format!("{arguments} small{source} {target}"));
        fs::remove_file(folder.path(target)).unwrap();
        remove_parts(&folder);
        for more in MORE.into_iter().chain([PLENTY]) {
            let ran =
                run_within(&folder, apart + more, &format!("{arguments} large{source} {target}"));
            let what = format!("{arguments} with {more} MiB more: {ran:?}");
            let has = folder.has(target);
            assert_eq!(has, ran.code == Some(0), "{what}");
            assert!(has || more != PLENTY, "{what}");
            match ran.code {
                Some(0) => {
                    assert!(folder.read(target) == *result, "{what}");
                    fs::remove_file(folder.path(target)).unwrap();
                    done += 1;
                }
                Some(1) => {
                    assert!(ran.stderr.contains("not enough memory"), "{what}");
                    assert_eq!(ran.stderr.lines().count(), 1, "{what}");
                    refused += 1;
                }
                _ => {
                    remove_parts(&folder);
                    aborted += 1;
                }
            }
            assert_eq!(folder.files(), before, "{what}");
        }
    }
    assert!(folder.read("large.wav") == original);
    assert!(refused > 0, "no limit was met by a chunk's memory");
    println!(
        "limits of memory: {refused} times refused, {done} times done, {aborted} times aborted"
    );
}

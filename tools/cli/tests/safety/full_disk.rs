//! Disks that are full, and files that may not grow as large.

use std::process::Command;

use crate::common::{Folder, Ran, rich_wav, wav};

/// Runs the program in a shell, after something else in it.
fn run_after(folder: &Folder, before: &str, arguments: &str) -> Ran {
    let script = format!("{before}\nexec \"$0\" {arguments}");
    let mut command = Command::new("bash");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_lmac")]).current_dir(folder.path(""));
    command.output().unwrap().into()
}

#[test]
fn files_that_may_not_grow_as_large() {
    let folder = Folder::new();
    let original = rich_wav(60_000);
    folder.write("a.wav", &original);
    folder.run("encode a.wav --preset store --chunk-frames 1000").expect(0);
    let stream = folder.read("a.lmac");
    folder.write("old.lmac", b"precious");
    folder.write("old.wav", b"precious");
    let before = folder.files();
    let mut count = 0;
    for kilobytes in (0..=original.len() / 1024).step_by(16) {
        for arguments in [
            "encode a.wav new.lmac --preset store --chunk-frames 1000 --threads 1",
            "encode a.wav -o old.lmac -f --preset store --chunk-frames 1000 --threads 2",
            "encode a.wav -o old.lmac -f --preset store",
            "decode a.lmac new.wav --threads 1",
            "decode a.lmac -f -o old.wav --threads 2",
        ] {
            let ran = run_after(&folder, &format!("ulimit -f {kilobytes}"), arguments).expect(1);
            ran.says("cannot be written: File too large");
            assert_eq!(folder.files(), before, "{kilobytes} KiB, {arguments}");
            count += 1;
        }
    }
    assert_eq!(folder.read("a.wav"), original);
    assert_eq!(folder.read("a.lmac"), stream);
    assert_eq!(
        (folder.read("old.lmac"), folder.read("old.wav")),
        ("precious".into(), "precious".into())
    );
    println!("limits of the size of files: {count} faults injected");
}

#[test]
fn a_disk_of_its_own_that_is_full() {
    let folder = Folder::new();
    folder.write("a.wav", &wav(100_000, 1));
    folder.run("encode a.wav --preset store").expect(0);
    let mut count = 0;
    for kilobytes in [8, 20, 64, 150] {
        for arguments in ["encode ../a.wav b.lmac --preset store", "decode ../a.lmac b.wav"] {
            let script = format!(
                "mkdir -p disk && mount -t tmpfs -o size={kilobytes}k tmpfs disk || exit 77
                 cd disk && echo precious > old && \"$0\" {arguments}
                 status=$?; ls -A; cat old; exit $status"
            );
            let mut command = Command::new("unshare");
            command.args(["-rm", "bash", "-c", &script, env!("CARGO_BIN_EXE_lmac")]);
            let ran: Ran = match command.current_dir(folder.path("")).output() {
                Ok(output) => output.into(),
                Err(error) => return println!("skipped: unshare: {error}"),
            };
            if ran.code == Some(77) || ran.stderr.starts_with("unshare: ") {
                return println!("skipped: no file system can be mounted here: {}", ran.stderr);
            }
            let ran = ran.expect(1).says("cannot be written: No space left on device");
            assert_eq!(ran.text(), "old\nprecious\n");
            count += 1;
        }
    }
    println!("full disks: {count} faults injected");
}

//! What becomes of files that are there: targets, sources, and what is kept of them.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use crate::common::{self, Folder, wav};

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
        // A source may be read-only.
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

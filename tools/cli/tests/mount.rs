//! `lmac mount`: the files of streams, for every program.

#![cfg(all(feature = "mount", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;
#[path = "safety/sent.rs"]
mod sent;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;

use common::{Folder, Ran, rich_wav, wav};
use lmac::DecodeOptions;
use lmac_support::models::{Tiny, huggingface};
use lmac_support::{Random, vectors};

/// The archive `archive`, mounted in `shown`. It is unmounted when the test ends, also by a panic.
struct Mounted<'a> {
    folder: &'a Folder,
    child: Option<Child>,
}

impl<'a> Mounted<'a> {
    fn new(folder: &'a Folder, options: &str) -> Self {
        Self::with(folder, &format!("mount archive shown {options}"), "")
    }

    /// Mounts with these arguments and folders for models.
    fn with(folder: &'a Folder, arguments: &str, models: &str) -> Self {
        fs::create_dir_all(folder.path("shown")).unwrap();
        let mut command = folder.command(arguments.split_whitespace());
        command.env("XDG_CACHE_HOME", folder.path("cache")).env("LMAC_MODELS", models);
        let mut mounted = Mounted { folder, child: Some(command.spawn().unwrap()) };
        let mut line = String::new();
        let child = mounted.child.as_mut().unwrap();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("Mounted archive"), "{line}{}", mounted.ended().stderr);
        mounted
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path("shown").join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn names(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Ends the program with a signal, and returns what it said.
    fn stop(mut self, signal: &str) -> Ran {
        sent::send(self.child.as_ref().unwrap(), signal);
        self.ended()
    }

    fn ended(&mut self) -> Ran {
        self.child.take().unwrap().wait_with_output().unwrap().into()
    }

    fn is_mounted(&self) -> bool {
        let here = format!(" {} ", self.path("").display()).replace("/ ", " ");
        fs::read_to_string("/proc/self/mounts").unwrap().contains(&here)
    }

    fn unmount(&self, options: &str) -> bool {
        let mut command = Command::new("fusermount3");
        command.args([options, "-q"]).arg(self.path(""));
        command.status().unwrap().success()
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            self.unmount("-uz");
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An archive with streams of a WAV, a FLAC and an AIFF file, and a picture; returns the files.
fn folder() -> (Folder, [(&'static str, Vec<u8>); 4]) {
    let folder = Folder::new();
    let wav = rich_wav(20_000);
    folder.write("song.wav", &wav);
    folder.run("encode song.wav archive/song.lmac --preset light --chunk-frames 3000").expect(0);
    folder.run("decode archive/song.lmac song.flac").expect(0);
    fs::create_dir(folder.path("archive/album")).unwrap();
    folder.run("encode song.flac archive/album/1.lmac --preset light").expect(0);
    let aiff = aiff(&common::pcm(5000, 1));
    folder.write("song.aiff", &aiff);
    folder.run("encode song.aiff archive/album/2.lmac --preset fast").expect(0);
    folder.write("archive/album/cover.jpg", b"a picture");
    let flac = folder.read("song.flac");
    let cover = b"a picture".to_vec();
    let files = [
        ("song.wav", wav),
        ("album/1.flac", flac),
        ("album/2.aiff", aiff),
        ("album/cover.jpg", cover),
    ];
    (folder, files)
}

/// An AIFF file of 16-bit samples of one channel at 8000 Hz.
fn aiff(pcm: &[u8]) -> Vec<u8> {
    let swapped: Vec<u8> = pcm.chunks(2).flat_map(|sample| [sample[1], sample[0]]).collect();
    let frames = swapped.len() as u32 / 2;
    let rate = [0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0];
    let mut file = b"FORM".to_vec();
    file.extend((4 + 26 + 16 + swapped.len() as u32).to_be_bytes());
    file.extend(b"AIFFCOMM\0\0\0\x12\0\x01");
    file.extend(frames.to_be_bytes());
    file.extend([0, 16]);
    file.extend(rate);
    file.extend(b"SSND");
    file.extend((8 + swapped.len() as u32).to_be_bytes());
    file.extend([0; 8]);
    file.extend(swapped);
    file
}

#[test]
fn what_cannot_be_mounted() {
    let (folder, _) = folder();
    fs::create_dir(folder.path("empty")).unwrap();
    for (arguments, message) in [
        ("nothing empty", "lmac: nothing: "),
        ("archive nowhere", "lmac: nowhere: there is no such folder to mount in; mkdir nowhere"),
        ("archive song.wav", "lmac: song.wav: it is not a folder"),
        ("archive .", "lmac: .: it is not empty"),
        ("archive archive/album", "lmac: archive/album: it is in the archive "),
        ("archive archive", "lmac: archive: it is in the archive "),
    ] {
        folder.run(&format!("mount {arguments}")).expect(1).says(message);
    }
    folder.run("mount archive").expect(2);
    let help = folder.run("mount --help").expect(0).text();
    assert!(help.contains("Examples:") && help.contains("song.lmac.wav"), "{help}");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn files_are_there_byte_for_byte() {
    let (folder, files) = folder();
    let mounted = Mounted::new(&folder, "");
    assert_eq!(mounted.names(""), ["album", "song.wav"]);
    assert_eq!(mounted.names("album"), ["1.flac", "2.aiff", "cover.jpg"]);
    let mut random = Random::new(1);
    for (name, expected) in &files {
        let found = fs::metadata(mounted.path(name)).unwrap();
        assert_eq!((found.len(), found.mode()), (expected.len() as u64, 0o100444), "{name}");
        assert!(mounted.read(name) == *expected, "{name}");
        let file = File::open(mounted.path(name)).unwrap();
        for _ in 0..100 {
            let from = random.below(expected.len() as u64 + 10) as usize;
            let mut bytes = vec![0; random.below(30_000) as usize];
            let read = file.read_at(&mut bytes, from as u64).unwrap();
            let from = from.min(expected.len());
            let to = (from + bytes.len()).min(expected.len());
            assert!(bytes[..read] == expected[from..to], "{name}, {from} to {to}");
        }
    }
    let (stream, found) = (folder.path("archive/song.lmac"), mounted.path("song.wav"));
    let (stream, found) = (fs::metadata(stream).unwrap(), fs::metadata(found).unwrap());
    assert_eq!(found.modified().unwrap(), stream.modified().unwrap());
    assert_eq!((found.uid(), found.gid()), (stream.uid(), stream.gid()));
    assert_eq!(fs::metadata(mounted.path("album")).unwrap().mode(), 0o040555);
    for name in ["song.lmac", "song.flac", "album/1.wav", "song.wav/", "song.wav/x", "album/1"] {
        assert!(fs::metadata(mounted.path(name)).is_err(), "{name}");
    }

    let refused = |result: std::io::Result<()>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    };
    refused(fs::write(mounted.path("new"), "x"));
    refused(fs::write(mounted.path("song.wav"), "x"));
    refused(File::options().append(true).open(mounted.path("song.wav")).map(drop));
    refused(fs::remove_file(mounted.path("song.wav")));
    refused(fs::create_dir(mounted.path("folder")));
    refused(fs::rename(mounted.path("song.wav"), mounted.path("other.wav")));
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(mounts.contains("lmac ") && mounted.is_mounted(), "{mounts}");
    assert_eq!(mounted.stop("-TERM").expect(0).stderr, "");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn names_and_conflicts() {
    let (folder, files) = folder();
    let stream = folder.read("archive/song.lmac");
    for name in ["song.wav", "twice.lmac.wav", "twice.wav", "UPPER.LMAC", ".hidden", "notes.txt"] {
        folder.write(&format!("archive/{name}"), b"plain");
    }
    for name in ["twice", "a.b", ".secret", "taken", "taken.lmac"] {
        folder.write(&format!("archive/{name}.lmac"), &stream);
    }
    fs::create_dir(folder.path("archive/taken.wav")).unwrap();
    folder.write("archive/bad.lmac", b"no stream");
    folder.write("outside/in.lmac", &stream);
    for (target, link) in
        [("../outside", "out"), ("..", "album/up"), ("album", "again"), ("song.lmac", "link.lmac")]
    {
        symlink(target, folder.path("archive").join(link)).unwrap();
    }
    symlink("../outside/in.lmac", folder.path("archive/out.lmac")).unwrap();
    // To follow these would ask the mount itself.
    symlink(folder.path("shown"), folder.path("archive/round")).unwrap();
    symlink("../archive/../shown/a.wav", folder.path("archive/round.wav")).unwrap();
    symlink("round", folder.path("archive/twice")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("archive/pipe")).status().unwrap().success());

    let mounted = Mounted::new(&folder, "");
    let names = "UPPER.LMAC a.b.wav again album bad.lmac link.wav notes.txt song.lmac.wav song.wav \
                 taken.lmac.wav taken.wav twice.lmac.wav twice.wav";
    assert_eq!(mounted.names("").join(" "), names);
    assert_eq!(mounted.names("album"), ["1.flac", "2.aiff", "cover.jpg"]);
    assert_eq!(mounted.names("again"), mounted.names("album"));
    for name in ["song.lmac.wav", "a.b.wav", "link.wav", "taken.lmac.wav"] {
        assert!(mounted.read(name) == files[0].1, "{name}");
    }
    for name in ["song.wav", "twice.lmac.wav", "UPPER.LMAC"] {
        assert!(mounted.read(name) == b"plain", "{name}");
    }
    assert!(mounted.read("bad.lmac") == b"no stream");
    for name in [".hidden", ".secret.wav", "out", "out/in.wav", "out.wav", "pipe", "album/up"] {
        assert!(fs::metadata(mounted.path(name)).is_err(), "{name}");
    }
    let said = mounted.stop("-TERM").expect(0).stderr;
    assert!(said.contains("archive/bad.lmac: not an lmac stream; it is shown as it is"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn a_single_stream() {
    let (folder, files) = folder();
    folder.write("archive/song.wav", b"not shown");
    fs::rename(folder.path("archive"), folder.path("archives")).unwrap();
    symlink("archives/song.lmac", folder.path("archive")).unwrap();
    let mounted = Mounted::new(&folder, "");
    assert_eq!(mounted.names(""), ["song.wav"]);
    assert!(mounted.read("song.wav") == files[0].1);
    assert!(fs::metadata(mounted.path("album")).is_err());
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn eight_threads_read_at_once() {
    let (folder, files) = folder();
    let mounted = Mounted::new(&folder, "--cache 100K -T 2");
    thread::scope(|scope| {
        for number in 0..8 {
            let (mounted, (name, expected)) = (&mounted, &files[number % 3]);
            scope.spawn(move || {
                let mut random = Random::new(number as u64);
                let file = File::open(mounted.path(name)).unwrap();
                for _ in 0..50 {
                    let from = random.below(expected.len() as u64) as usize;
                    let mut bytes =
                        vec![0; 1 + random.below((expected.len() - from) as u64) as usize];
                    file.read_exact_at(&mut bytes, from as u64).unwrap();
                    assert!(bytes == expected[from..from + bytes.len()], "{name} from {from} on");
                }
                assert!(mounted.read(name) == *expected);
            });
        }
    });
    assert_eq!(mounted.stop("-TERM").expect(0).stderr, "");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn damage_is_an_error_where_it_is() {
    let (folder, files) = folder();
    let expected = &files[0].1;
    let cut = folder.read("archive/song.lmac");
    folder.write("archive/cut.lmac", &cut[..cut.len() / 2]);
    folder.damage_chunk("archive/song.lmac", 3);
    let mounted = Mounted::new(&folder, "");
    assert_eq!(mounted.names(""), ["album", "cut.lmac", "song.wav"]);
    assert!(mounted.read("cut.lmac") == cut[..cut.len() / 2]);
    let file = File::open(mounted.path("song.wav")).unwrap();
    assert_eq!(file.metadata().unwrap().len(), expected.len() as u64);
    for _ in 0..2 {
        let error = { &file }.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5), "{error}");
    }
    // Chunk 3 has the bytes from 36056 to 48055.
    let mut bytes = vec![0; 30_000];
    for from in [0, 50_000] {
        file.read_exact_at(&mut bytes, from).unwrap();
        let from = from as usize;
        assert!(bytes == expected[from..from + bytes.len()]);
    }
    let mut one = [0];
    assert!(file.read_at(&mut one, 40_000).is_err());
    let said = mounted.stop("-TERM").expect(0).stderr;
    let told = |file: &str, what: &str| {
        let lines = said.lines().filter(|line| line.contains(file) && line.contains(what));
        assert_eq!(lines.count(), 1, "{said}");
    };
    told("archive/song.lmac: ", "chunk 3");
    told("archive/cut.lmac: ", "it is shown as it is");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn every_vector() {
    let folder = Folder::new();
    let all = |prefix, language| vectors::names(prefix, language).into_iter();
    let names = all("good-", false).chain(all("good-", true)).chain(all("bad-", false));
    for name in names {
        let stream = vectors::stream(&name);
        folder.write(&format!("archive/{name}/{name}.lmac"), &stream);
    }
    let mounted = Mounted::new(&folder, "");
    let shown = |name: &str| {
        let names = mounted.names(name);
        assert_eq!(names.len(), 1, "{names:?}");
        format!("{name}/{}", names[0])
    };
    for name in all("good-", false) {
        let shown = shown(&name);
        assert!(!shown.ends_with(".lmac"), "{shown}");
        let expected = vectors::restore(&vectors::stream(&name), DecodeOptions::default()).unwrap();
        assert!(mounted.read(&shown) == expected, "{shown}");
    }
    for name in all("good-", true) {
        assert!(shown(&name).ends_with(".lmac"), "{name} has no model");
    }
    for name in all("bad-", false) {
        // The bytes are those of the stream, or of a file of which some cannot be read.
        let path = mounted.path(&shown(&name));
        let length = fs::metadata(&path).unwrap().len();
        match File::open(&path).unwrap().take(1 << 20).read_to_end(&mut Vec::new()) {
            Ok(read) => assert_eq!(read as u64, length.min(1 << 20), "{name}"),
            Err(error) => assert_eq!(error.raw_os_error(), Some(5), "{name}: {error}"),
        }
    }
    mounted.stop("-TERM").expect(0);
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn streams_of_language_models() {
    let (folder, _) = folder();
    huggingface::single(&folder.path("models/tiny"), &Tiny::default());
    folder.write("short.wav", &wav(300, 1));
    let encode = "encode short.wav archive/short.lmac --model models/tiny --context 300";
    folder.run(encode).expect(0);
    for (options, models) in [("--model models/tiny", ""), ("", "models")] {
        let arguments = format!("mount archive shown {options}");
        let mounted = Mounted::with(&folder, &arguments, models);
        assert!(mounted.read("short.wav") == wav(300, 1));
        mounted.stop("-TERM").expect(0);
    }
    let mounted = Mounted::new(&folder, "");
    assert_eq!(mounted.names(""), ["album", "short.lmac", "song.wav"]);
    mounted.stop("-TERM").expect(0).says("it needs the language model");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn a_stream_that_is_replaced_is_another_file() {
    let (folder, files) = folder();
    let (old, stream) = (&files[0].1, folder.path("archive/song.lmac"));
    let mut new = old.clone();
    new[56..5000].fill(7);
    folder.write("song.wav", &new);
    let mounted = Mounted::new(&folder, "");
    let file = File::open(mounted.path("song.wav")).unwrap();
    let mut bytes = vec![0; 4096];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let changed = fs::metadata(&stream).unwrap().modified().unwrap();
    folder.run("encode -f song.wav archive/song.lmac --preset light").expect(0);
    // As if it were written in the same instant.
    File::options().append(true).open(&stream).unwrap().set_modified(changed).unwrap();
    assert!(mounted.read("song.wav") == new);
    // Who has the old one open reads it to its end.
    let mut bytes = vec![0; old.len()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert!(bytes == *old);

    // Changed in its place, to a file of another length and format.
    fs::copy(folder.path("archive/album/1.lmac"), &stream).unwrap();
    assert_eq!(mounted.names(""), ["album", "song.flac"]);
    assert!(mounted.read("song.flac") == files[1].1);
    fs::remove_file(&stream).unwrap();
    assert_eq!(mounted.names(""), ["album"]);
    assert!(fs::metadata(mounted.path("song.flac")).is_err());
    folder.write("archive/later.txt", b"one");
    assert!(mounted.read("later.txt") == b"one");
    folder.write("archive/later.txt", b"three");
    assert!(mounted.read("later.txt") == b"three");
}

#[test]
#[ignore = "needs FUSE: sh tools/test.sh cli"]
fn unmounting_ends_the_program() {
    let (folder, files) = folder();
    for signal in ["-INT", "-TERM", "-HUP"] {
        if sent::ignored(signal) {
            continue;
        }
        let mounted = Mounted::new(&folder, "");
        let open = File::open(mounted.path("song.wav")).unwrap();
        assert!(mounted.read("song.wav") == files[0].1);
        assert_eq!(mounted.stop(signal).expect(0).stderr, "", "{signal}");
        assert!(fs::read_dir(folder.path("shown")).unwrap().next().is_none());
        drop(open);
    }
    let mut mounted = Mounted::new(&folder, "");
    let open = File::open(mounted.path("song.wav")).unwrap();
    assert!(!mounted.unmount("-u"), "it is in use");
    drop(open);
    assert!(mounted.unmount("-u"));
    assert_eq!(mounted.ended().expect(0).stderr, "");
    assert!(!mounted.is_mounted());

    // A program that is killed leaves a folder that cannot be read.
    let mut mounted = Mounted::new(&folder, "");
    sent::send(mounted.child.as_ref().unwrap(), "-KILL");
    assert_eq!(mounted.ended().code, None);
    folder.run("mount archive shown").expect(1).says("fusermount3 -u shown unmounts it");
    assert!(mounted.unmount("-u"));
}

/// Programs that users have.
#[test]
#[ignore = "needs FUSE and ffmpeg: sh tools/test.sh cli"]
fn ffmpeg_reads_what_is_mounted() {
    let (folder, files) = folder();
    let mounted = Mounted::new(&folder, "");
    let run = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    };
    for (shown, local) in [("song.wav", "song.wav"), ("album/1.flac", "song.flac")] {
        let (shown, local) = (mounted.path(shown), folder.path(local));
        let (shown, local) = (shown.to_str().unwrap(), local.to_str().unwrap());
        run("cmp", &[shown, local]);
        for start in ["0", "0.1", "1.234", "2.4"] {
            let audio = |input: &str| {
                let arguments = ["-v", "error", "-ss", start, "-i", input, "-f", "s16le", "-"];
                run("ffmpeg", &arguments)
            };
            let heard = audio(shown);
            assert!(!heard.is_empty() && heard == audio(local), "{shown} from {start} on");
        }
    }
    let copy = folder.path("copy");
    run("cp", &["-r", mounted.path("album").to_str().unwrap(), copy.to_str().unwrap()]);
    assert!(folder.read("copy/1.flac") == files[1].1);
    assert!(folder.read("copy/2.aiff") == files[2].1);
}

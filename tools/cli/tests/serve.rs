//! `lmac serve`: the files of streams over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{Folder, rich_wav, wav};
use lmac_support::Random;

/// A server of a folder, which ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Folder, options: &str) -> Server {
        let arguments = format!("serve --port 0 {options}");
        let mut command = folder.command(arguments.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap().1.trim_end_matches('/');
        Server { address: address.parse().unwrap(), child }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends a request for a path, with more fields, on a connection of its own.
    fn get(&self, path: &str, fields: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.address))
    }

    fn ask(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(&mut BufReader::new(stream)).unwrap()
    }

    /// Ends the server, and returns what it said of errors.
    fn stop(mut self) -> String {
        self.child.kill().unwrap();
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        errors
    }

    /// The most memory that it took so far, in bytes.
    #[cfg(target_os = "linux")]
    fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
    /// Whether the body has the announced length.
    whole: bool,
}

impl Answer {
    fn read(from: &mut impl BufRead) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if from.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut answer = Answer { status, head, body: Vec::new(), whole: true };
        let length = answer.field("Content-Length").unwrap_or("0").parse().unwrap();
        answer.whole = match from.take(length).read_to_end(&mut answer.body) {
            Ok(read) => read as u64 == length,
            Err(_) => false,
        };
        Some(answer)
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

/// A folder with a WAV file, and a FLAC file in a folder below; returns both files.
fn folder() -> (Folder, Vec<u8>, Vec<u8>) {
    let folder = Folder::new();
    let wav = rich_wav(20_000);
    folder.write("song.wav", &wav);
    folder.run("encode song.wav --preset light --chunk-frames 3000").expect(0);
    folder.run("decode song.lmac song.flac").expect(0);
    let flac = folder.read("song.flac");
    std::fs::create_dir(folder.path("an album")).unwrap();
    let stream = format!("an album/{TITLE}.lmac");
    let arguments = ["encode", "song.flac", &stream, "--preset", "light"];
    assert!(folder.command(arguments).status().unwrap().success());
    std::fs::remove_file(folder.path("song.wav")).unwrap();
    std::fs::remove_file(folder.path("song.flac")).unwrap();
    (folder, wav, flac)
}

// Names on Windows have no `<`.
#[cfg(not(windows))]
const TITLE: &str = "1 < 2 & \u{e9}";
#[cfg(not(windows))]
const ALBUM: &str = "/an%20album/1%20%3C%202%20%26%20%C3%A9";
#[cfg(windows)]
const TITLE: &str = "1 # 2 & \u{e9}";
#[cfg(windows)]
const ALBUM: &str = "/an%20album/1%20%23%202%20%26%20%C3%A9";

#[test]
fn files_come_back_whole_and_in_parts() {
    let (folder, wav, flac) = folder();
    let server = Server::start(&folder, "");
    let answer = server.get("/song.wav", "");
    assert_eq!((answer.status, answer.field("Content-Type")), (200, Some("audio/wav")));
    assert_eq!(answer.field("Accept-Ranges"), Some("bytes"));
    assert!(answer.body == wav);
    assert!(server.get(&format!("{ALBUM}.flac"), "").body == flac);
    assert!(server.get("/song.lmac", "").body == folder.read("song.lmac"));
    // A WAV file of the FLAC file's audio.
    let other = server.get(&format!("{ALBUM}.WAV"), "");
    assert!(other.body.starts_with(b"RIFF"));
    let pcm = &wav[56..56 + 80_000];
    assert!(other.body.ends_with(pcm));

    let head = server.ask("HEAD /song.wav HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(head.field("Content-Length"), Some(wav.len().to_string().as_str()));
    assert!(head.body.is_empty());

    let mut random = Random::new(1);
    for _ in 0..100 {
        let from = random.below(wav.len() as u64);
        let to = from + random.below(wav.len() as u64 - from);
        let answer = server.get("/song.wav", &format!("Range: bytes={from}-{to}\r\n"));
        assert_eq!(answer.status, 206);
        let range = format!("bytes {from}-{to}/{}", wav.len());
        assert_eq!(answer.field("Content-Range"), Some(range.as_str()));
        assert!(answer.body == wav[from as usize..=to as usize]);
        let last = random.below(1000) + 1;
        let answer = server.get(&format!("{ALBUM}.flac"), &format!("Range: bytes=-{last}\r\n"));
        assert!(answer.body == flac[flac.len() - last as usize..]);
    }
    let beyond = server.get("/song.wav", &format!("Range: bytes={}-\r\n", wav.len()));
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.field("Content-Range"), Some(format!("bytes */{}", wav.len()).as_str()));

    // A client that knows the file is told so, and gets all of one that it does not know.
    let tag = answer.field("ETag").unwrap();
    assert_eq!(server.get("/song.wav", &format!("If-None-Match: {tag}\r\n")).status, 304);
    let part = format!("Range: bytes=0-0\r\nIf-Range: {tag}\r\n");
    assert_eq!(server.get("/song.wav", &part).status, 206);
    let part = "Range: bytes=0-0\r\nIf-Range: \"another\"\r\n";
    assert!(server.get("/song.wav", part).body == wav);

    // One connection for several requests.
    let mut stream = BufReader::new(server.connect());
    let request = "GET /song.wav HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.get_mut().write_all(request.repeat(3).as_bytes()).unwrap();
    for _ in 0..3 {
        assert!(Answer::read(&mut stream).unwrap().body == wav);
    }
    // A new stream under the same name is another file. Windows before 10 replaces no open file.
    drop(stream);
    if !cfg!(windows) {
        folder.write("song.wav", &self::wav(1000, 1));
        folder.run("encode -f song.wav").expect(0);
        assert!(server.get("/song.wav", "").body == self::wav(1000, 1));
    }
    assert_eq!(server.stop(), "");
}

#[test]
fn folders_have_pages() {
    let (folder, ..) = folder();
    let server = Server::start(&folder, "");
    let page = String::from_utf8(server.get("/", "").body).unwrap();
    for part in ["href=\"./an%20album/\"", "href=\"./song.wav\"", "href=\"./song.lmac\"", "0:00:02"]
    {
        assert!(page.contains(part), "{page}");
    }
    let moved = server.get("/an%20album", "");
    assert_eq!((moved.status, moved.field("Location")), (301, Some("/an%20album/")));
    assert_eq!(server.get("//an%20album", "").field("Location"), Some("/an%20album/"));
    let page = String::from_utf8(server.get("/an%20album/", "").body).unwrap();
    let title = TITLE.replace('&', "&amp;").replace('<', "&lt;");
    let parts = [format!(".{}.flac\"", &ALBUM[11..]), title + ".wav", "href=\"../\"".into()];
    for part in &parts {
        assert!(page.contains(part), "{page} lacks {part}");
    }
}

#[test]
fn nothing_else_is_served() {
    let (folder, ..) = folder();
    folder.write("secret.txt", b"secret");
    std::fs::create_dir(folder.path("inner")).unwrap();
    std::fs::copy(folder.path("song.lmac"), folder.path("inner/in.lmac")).unwrap();
    std::fs::copy(folder.path("song.lmac"), folder.path("inner/.hidden.lmac")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../song.lmac", folder.path("inner/out.lmac")).unwrap();
        std::os::unix::fs::symlink("in.lmac", folder.path("inner/link.lmac")).unwrap();
        std::os::unix::fs::symlink("in.lmac", folder.path("inner/4: link.lmac")).unwrap();
        // Opening a pipe waits for a writer.
        let pipe = folder.path("inner/pipe.lmac");
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let server = Server::start(&folder, "inner");
    assert_eq!(server.get("/in.wav", "").status, 200);
    #[cfg(unix)]
    {
        assert_eq!(server.get("/link.wav", "").status, 200);
        assert_eq!(server.get("/4%3A%20link.wav", "").status, 200);
        assert_eq!(server.get("/pipe.lmac", "").status, 404);
        let page = String::from_utf8(server.get("/", "").body).unwrap();
        assert!(page.contains("href=\"./4%3A%20link.wav\""), "{page}");
        assert!(!page.contains("out.wav") && !page.contains("pipe.wav"), "{page}");
    }
    for path in [
        "/../song.wav",
        "/%2e%2e/song.wav",
        "/..%2Fsong.wav",
        "/..%5Csong.wav",
        "/.hidden.wav",
        "/out.wav",
        "/out.lmac",
        "/in.flac",
        "/in",
        "/in.wav/",
        "/secret.txt",
        "/nothing.wav",
        "/in.wav%00",
        "//etc/passwd",
    ] {
        assert_eq!(server.get(path, "").status, 404, "{path}");
    }
    for (request, status) in [
        ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400),
        ("nonsense\r\n\r\n", 400),
        ("GET /in.wav HTTP/1.1\r\nHost: example.org\r\n\r\n", 421),
    ] {
        assert_eq!(server.ask(request).status, status, "{request}");
    }
    let long = format!("GET / HTTP/1.1\r\nA: {}\r\n", "x".repeat(20_000));
    assert_eq!(server.ask(&long).status, 431);
    assert_eq!(server.get("/in.wav", "").status, 200);
}

#[test]
fn damage_ends_an_answer_early() {
    let (folder, wav, _) = folder();
    folder.damage_chunk("song.lmac", 3);
    let server = Server::start(&folder, "");
    let answer = server.get("/song.wav", "");
    assert!(!answer.whole);
    assert!(answer.body.len() >= 36_056 && wav.starts_with(&answer.body));
    let answer = server.get("/song.wav", "Range: bytes=60000-69999\r\n");
    assert!(answer.whole && answer.body == wav[60_000..70_000]);
    folder.write("none.lmac", b"no stream");
    assert_eq!(server.get("/none.wav", "").status, 500);
    let errors = server.stop();
    assert!(errors.contains("/song.wav") && errors.contains("chunk 3"), "{errors}");
    assert!(errors.contains("/none.wav"), "{errors}");
}

#[test]
fn two_hundred_clients() {
    let folder = Folder::new();
    let mut files = Vec::new();
    for number in 0..6u16 {
        let file = wav(60_000 + 1000 * usize::from(number), 1 + number % 2);
        folder.write(&format!("{number}.wav"), &file);
        folder.run(&format!("encode {number}.wav --preset light --chunk-frames 10000")).expect(0);
        files.push(file);
    }
    let server = Server::start(&folder, "--connections 300 --cache 8M");
    thread::scope(|scope| {
        for client in 0..200 {
            let (server, files) = (&server, &files);
            scope.spawn(move || {
                let mut random = Random::new(client);
                let stream = server.connect();
                let mut stream = BufReader::with_capacity(1 << 10, stream);
                for _ in 0..10 {
                    let number = random.below(files.len() as u64) as usize;
                    let file = &files[number];
                    let from = random.below(file.len() as u64) as usize;
                    let to = from + random.below((file.len() - from) as u64) as usize;
                    let request = format!(
                        "GET /{number}.wav HTTP/1.1\r\nHost: localhost\r\n\
                         Range: bytes={from}-{to}\r\n\r\n"
                    );
                    stream.get_mut().write_all(request.as_bytes()).unwrap();
                    match client % 10 {
                        // Gone in the middle of an answer.
                        0 => {
                            let mut some = [0; 100];
                            let _ = stream.read(&mut some).unwrap();
                            stream = BufReader::with_capacity(1 << 10, server.connect());
                            continue;
                        }
                        // Slow.
                        1 => thread::sleep(Duration::from_millis(20)),
                        _ => {}
                    }
                    let answer = Answer::read(&mut stream).unwrap();
                    assert_eq!(answer.status, 206);
                    assert!(answer.whole && answer.body == file[from..=to], "{from} to {to}");
                }
            });
        }
    });
    // 200 connections with a piece each, the cache, and a chunk for each reader.
    #[cfg(target_os = "linux")]
    assert!(server.most_memory() < 128 << 20, "{} bytes", server.most_memory());
    assert!(server.get("/0.wav", "").body == files[0]);
    assert_eq!(server.stop(), "");
}

#[test]
fn too_many_clients_are_turned_away() {
    let (folder, wav, _) = folder();
    let server = Server::start(&folder, "--connections 2");
    let mut kept: Vec<_> = (0..2).map(|_| BufReader::new(server.connect())).collect();
    for stream in &mut kept {
        stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert_eq!(Answer::read(stream).unwrap().status, 200);
    }
    let third = Answer::read(&mut BufReader::new(server.connect())).unwrap();
    assert_eq!(third.status, 503);
    // A place becomes free once the server has seen that a client is gone.
    drop(kept.pop());
    let served = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        let mut stream = BufReader::new(server.connect());
        let request = b"GET /song.wav HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.get_mut().write_all(request).is_ok()
            && Answer::read(&mut stream).is_some_and(|answer| answer.body == wav)
    });
    assert!(served);
}

#[test]
fn what_cannot_be_served() {
    let (folder, ..) = folder();
    folder.run("serve --port 0 nowhere").expect(1).says("nowhere: ");
    folder.run("serve --port 0 song.lmac").expect(1).says("song.lmac: it is not a folder");
    let server = Server::start(&folder, "");
    let taken = format!("serve --port {}", server.address.port());
    folder.run(&taken).expect(1).says(&server.address.to_string());
    folder.run("serve --address nobody").expect(2);
    folder.run("serve --connections 0").expect(2);
}

/// Programs that users have.
#[test]
#[ignore = "needs curl and ffmpeg: sh tools/test.sh cli"]
fn curl_and_ffmpeg_read_what_is_served() {
    let (folder, wav, flac) = folder();
    folder.write("song.wav", &wav);
    folder.write("song.flac", &flac);
    let server = Server::start(&folder, "");
    let run = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    };
    let address = |path: &str| format!("http://{}{path}", server.address);
    assert!(run("curl", &["-s", &address("/song.wav")]) == wav);
    assert!(run("curl", &["-s", "-r", "100-299", &address("/song.wav")]) == wav[100..300]);
    assert!(run("curl", &["-s", &address(&format!("{ALBUM}.flac"))]) == flac);
    let path = |name: &str| folder.path(name).to_str().unwrap().to_string();
    for (served, local) in [
        (address("/song.wav"), path("song.wav")),
        (address(&format!("{ALBUM}.wav")), path("song.wav")),
        (address(&format!("{ALBUM}.flac")), path("song.flac")),
    ] {
        for start in ["0", "0.1", "1.234", "2.4"] {
            let audio = |input: &str| {
                let arguments = ["-v", "error", "-ss", start, "-i", input, "-f", "s16le", "-"];
                run("ffmpeg", &arguments)
            };
            let heard = audio(&served);
            assert!(!heard.is_empty() && heard == audio(&local), "{served} from {start} on");
        }
    }
}

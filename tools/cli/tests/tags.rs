//! `lmac tag`, and tags of other commands.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Folder, rich_wav, wav};
use serde_json::{Value, json};

/// A WAV file with a title and an artist behind its audio.
fn tagged_wav() -> Vec<u8> {
    let mut wav = wav(20_000, 2);
    wav.extend(b"LIST\x1C\0\0\0INFOINAM\x04\0\0\0SongIART\x04\0\0\0Ada\0");
    let length = wav.len() as u32 - 8;
    wav[4..8].copy_from_slice(&length.to_le_bytes());
    wav
}

const GIF: &[u8] = b"GIF89a\x05\0\x06\0\xF3";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("song.wav", &tagged_wav());
    folder.write("cover.gif", GIF);
    folder.run("encode song.wav --preset light --chunk-frames 3000").expect(0);
    folder
}

fn tags(folder: &Folder, name: &str) -> Value {
    folder.run(&format!("tag --json {name}")).expect(0).json()["tags"].clone()
}

fn restores(folder: &Folder) {
    folder.run("verify song.lmac").expect(0);
    folder.run("decode -f song.lmac back.wav").expect(0);
    assert!(folder.read("back.wav") == folder.read("song.wav"));
}

#[test]
fn tags_are_shown() {
    let folder = folder();
    let text = folder.run("tag song.lmac").expect(0).text();
    assert_eq!(text, "song.lmac\n  TITLE=Song\n  ARTIST=Ada\n");
    let info = folder.run("info song.lmac").expect(0).text();
    assert!(info.contains("  title        Song\n  artist       Ada\n  tags         2 fields\n"));
    let info = folder.run("info --json song.lmac").expect(0).json();
    assert_eq!(info["tags"], json!([["TITLE", "Song"], ["ARTIST", "Ada"]]));
    assert_eq!(info["pictures"], json!([]));
    // A pipe shows what stands before the audio.
    let piped = folder.pipe("tag --json -", &folder.read("song.lmac")).expect(0).json();
    assert_eq!((&piped["file"], &piped["tags"]), (&json!("-"), &json!([])));
    folder.run("tag --set TITLE=Other song.lmac").expect(0);
    let piped = folder.pipe("tag --json -", &folder.read("song.lmac")).expect(0).json();
    assert_eq!(piped["tags"][0], json!(["TITLE", "Other"]));
    folder.run("tag song.wav").expect(1).says("song.wav: not an lmac stream");
}

#[test]
fn tags_are_changed() {
    let folder = folder();
    let plain = folder.read("song.lmac");
    let ran = folder.run("tag --json --set title=New --add ARTIST=Bo song.lmac").expect(0).json();
    assert_eq!(ran["written"], "anew");
    let first = folder.read("song.lmac");
    assert!(first.len() > plain.len());
    let expected = json!([["title", "New"], ["ARTIST", "Ada"], ["ARTIST", "Bo"]]);
    assert_eq!((&ran["tags"], &tags(&folder, "song.lmac")), (&expected, &expected));
    restores(&folder);

    // There is room for more.
    let ran = folder.run("tag --json --set MOOD=calm --remove artist song.lmac").expect(0).json();
    assert_eq!(ran["written"], "in_place");
    assert_eq!(folder.read("song.lmac").len(), first.len());
    assert_eq!(tags(&folder, "song.lmac"), json!([["title", "New"], ["MOOD", "calm"]]));
    restores(&folder);
    let ran = folder.run("tag --json --set MOOD=calm song.lmac").expect(0).json();
    assert_eq!(ran["written"], "nothing");

    folder.run("tag --add-picture cover.gif --padding 0 song.lmac").expect(0);
    let picture = &folder.run("tag --json song.lmac").expect(0).json()["pictures"][0];
    assert_eq!((&picture["type"], &picture["mime"]), (&json!(3), &json!("image/gif")));
    assert_eq!((&picture["width"], &picture["height"]), (&json!(5), &json!(6)));
    folder.run("tag --export-picture 1 out.gif song.lmac").expect(0);
    assert_eq!(folder.read("out.gif"), GIF);
    folder.run("tag --export-picture 2 out.gif song.lmac").expect(1).says("there is no picture 2");
    let text = folder.run("tag song.lmac").text();
    assert!(text.contains("picture 1: front cover, image/gif, 5x6, 11 bytes"), "{text}");
    folder.run("tag --remove-pictures song.lmac").expect(0);
    assert_eq!(folder.run("tag --json song.lmac").json()["pictures"], json!([]));

    // Nothing but padding: the source's own tags stay hidden.
    folder.run("tag --remove-all --padding 0 song.lmac").expect(0);
    assert_eq!(tags(&folder, "song.lmac"), json!([]));
    restores(&folder);
    assert!(folder.read("song.lmac").len() < plain.len() + 60);
    assert_eq!(folder.files(), ["back.wav", "cover.gif", "out.gif", "song.lmac", "song.wav"]);
}

#[test]
fn tags_travel_as_lines() {
    let folder = folder();
    folder.write("in.txt", "\u{FEFF}ARTIST=Bj\u{f6}rk\r\nX=a=b\n\n".as_bytes());
    folder.write("song.cue", b"FILE \"song.wav\" WAVE\n");
    folder.run("tag --remove-all --import-from in.txt song.lmac").expect(0);
    folder.run("tag --export-to out.txt song.lmac").expect(0);
    assert_eq!(folder.read("out.txt"), "ARTIST=Bj\u{f6}rk\nX=a=b\n".as_bytes());
    let text = folder.run("tag --export-to - song.lmac").expect(0).text();
    assert_eq!(text.as_bytes(), folder.read("out.txt"));
    folder.pipe("tag --import-from - song.lmac", b"Y=z\n").expect(0);
    folder.run("tag --import-cue song.cue song.lmac").expect(0);
    let expected = json!([
        ["ARTIST", "Bj\u{f6}rk"],
        ["X", "a=b"],
        ["Y", "z"],
        ["CUESHEET", "FILE \"song.wav\" WAVE\n"]
    ]);
    assert_eq!(tags(&folder, "song.lmac"), expected);
    restores(&folder);
    folder.write("bad.txt", b"A=b\nnothing\n");
    folder.run("tag --import-from bad.txt song.lmac").expect(1).says("line 2: 'nothing' has no =");
    folder.write("bad.txt", b"A=\xFF\n");
    folder.run("tag --import-from bad.txt song.lmac").expect(1).says("is not UTF-8");
    folder.run("tag --add-picture in.txt song.lmac").expect(1).says("name its media type");
    assert_eq!(tags(&folder, "song.lmac"), expected);
}

#[test]
fn encoding_with_tags() {
    let folder = folder();
    folder
        .run("encode -f --tag TITLE=New --tag X=1 --tag X=2 --picture cover.gif song.wav")
        .expect(0);
    let expected = json!([["TITLE", "New"], ["ARTIST", "Ada"], ["X", "1"], ["X", "2"]]);
    assert_eq!(tags(&folder, "song.lmac"), expected);
    assert_eq!(folder.run("info --json song.lmac").json()["pictures"][0]["bytes"], 11);
    restores(&folder);
    folder.run("encode -f --audio-only song.wav").expect(0);
    assert_eq!(tags(&folder, "song.lmac"), json!([["TITLE", "Song"], ["ARTIST", "Ada"]]));
    assert_eq!(folder.run("info --json song.lmac").json()["source"], "samples");
    folder.write("plain.wav", &rich_wav(100));
    folder.run("encode --audio-only plain.wav").expect(0);
    assert_eq!(tags(&folder, "plain.lmac"), json!([]));
    folder.run("encode -f --tag nothing song.wav").expect(2);
    folder.run("encode -f --picture none.png song.wav").expect(1).says("none.png: ");
}

#[test]
fn several_streams() {
    let folder = folder();
    folder.run("encode song.wav below/b.lmac").expect(0);
    folder.run("tag -r --set ALBUM=All .").expect(0);
    for name in ["song.lmac", "below/b.lmac"] {
        assert_eq!(tags(&folder, name)[2], json!(["ALBUM", "All"]));
    }
    folder.run("tag --set A=b none.lmac song.lmac").expect(1).says("none.lmac: ");
    assert_eq!(tags(&folder, "song.lmac")[3], json!(["A", "b"]));
    folder.run("tag --export-to x.txt song.lmac below/b.lmac").expect(2);
    folder.run("tag --export-picture 0 x song.lmac").expect(2);
    folder.run("tag --set A=b -").expect(2);
    folder.run("tag --set =b song.lmac").expect(2);
}

#[test]
fn damaged_tags_are_repaired() {
    let folder = folder();
    folder.run("tag --set COMMENT=precious song.lmac").expect(0);
    let mut stream = folder.read("song.lmac");
    let at = stream.windows(8).position(|bytes| bytes == b"precious").unwrap();
    stream[at] ^= 1;
    folder.write("song.lmac", &stream);
    folder.run("tag song.lmac").expect(1).says("checksum mismatch (tags)");
    folder.run("info song.lmac").expect(0);
    folder.run("verify song.lmac").expect(1).says("block before the first chunk");
    folder.run("tag --set A=b song.lmac").expect(1).says("--remove-all begins with new tags");
    folder.run("decode --recover song.lmac back.wav").expect(3);
    assert!(folder.read("back.wav") == folder.read("song.wav"));
    folder.run("tag --remove-all --set A=b song.lmac").expect(0);
    assert_eq!(tags(&folder, "song.lmac"), json!([["A", "b"]]));
    restores(&folder);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = folder();
    let path = folder.path("song.lmac");
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    symlink("song.lmac", folder.path("link.lmac")).unwrap();
    folder.run("tag --set A=b --padding 3 link.lmac").expect(0);
    assert!(folder.path("link.lmac").is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(tags(&folder, "song.lmac")[2], json!(["A", "b"]));
}

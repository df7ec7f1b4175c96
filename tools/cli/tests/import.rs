//! Files of other formats as input.
//!
//! `tools/import/test.sh` runs these tests.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![cfg(feature = "import")]

mod common;

use std::process::Command;

use common::{Folder, wav};

fn ffmpeg(folder: &Folder, arguments: &str) {
    let arguments = format!("-nostdin -loglevel error -y {arguments}");
    let status =
        Command::new("ffmpeg").args(arguments.split(' ')).current_dir(folder.path("")).status();
    assert!(status.unwrap_or_else(|error| panic!("ffmpeg: {error}")).success(), "{arguments}");
}

#[test]
#[ignore = "needs ffmpeg"]
fn files_of_other_formats_keep_their_audio() {
    let folder = Folder::new();
    folder.write("song.wav", &wav(20_000, 2));
    let kept = "the audio and the tags are kept; the";
    for (name, coding) in [("song.m4a", "alac"), ("song.ogg", "flac"), ("song.mkv", "pcm_s16le")] {
        ffmpeg(&folder, &format!("-i song.wav -c:a {coding} {name}"));
        let encoded = folder.run(&format!("encode --json -f {name}")).expect(0).says(kept).json();
        assert_eq!(encoded["source_bytes"], folder.read(name).len(), "{name}");
        assert_eq!(encoded["pcm_bytes"], 80_000, "{name}");
        folder.run("decode -f song.lmac back.wav").expect(0);
        assert!(folder.read("back.wav") == folder.read("song.wav"), "{name}");
    }
    let ogg = folder.read("song.ogg");
    let stream = folder.pipe("encode - -", &ogg).expect(0).says(kept).stdout;
    folder.write("piped.lmac", &stream);
    folder.run("decode -f piped.lmac back.wav").expect(0);
    assert!(folder.read("back.wav") == folder.read("song.wav"));
}

#[test]
#[ignore = "needs ffmpeg"]
fn sources_that_cannot_be_restored_are_deleted_on_request_only() {
    let folder = Folder::new();
    folder.write("song.wav", &wav(20_000, 2));
    ffmpeg(&folder, "-i song.wav -c:a alac song.m4a");
    folder.run("encode --rm song.m4a").expect(1).says("--rm given twice deletes it");
    assert!(folder.has("song.m4a") && !folder.has("song.lmac"));
    folder.run("encode --rm --rm song.m4a").expect(0);
    assert!(!folder.has("song.m4a") && folder.has("song.lmac"));
}

#[test]
#[ignore = "needs ffmpeg"]
fn folders_are_searched_for_files_of_other_formats() {
    let folder = Folder::new();
    folder.write("song.wav", &wav(20_000, 2));
    ffmpeg(&folder, "-i song.wav -c:a alac one.m4a");
    ffmpeg(&folder, "-i song.wav -c:a aac two.m4a");
    ffmpeg(&folder, "-i song.wav -c:a libmp3lame three.mp3");
    folder.run("encode -r .").expect(1).says("two.m4a: this file holds AAC audio, which is lossy");
    assert!(folder.has("one.lmac") && folder.has("song.lmac"));
    assert!(!folder.has("two.lmac") && !folder.has("three.lmac"));
    folder.run("encode three.mp3").expect(1).says("lossy");
}

//! Damaged streams, with `--recover` and without.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs;
use std::ops::Range;

use serde_json::Value;

use common::{Folder, rich_wav, samples, wav, wav_samples};

const FRAMES: usize = 40_000;
const CHUNK: usize = 8000;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("song.wav", &rich_wav(FRAMES));
    folder.run(&format!("encode song.wav --chunk-frames {CHUNK}")).expect(0);
    folder
}

/// The samples with some chunks silent.
fn silenced(chunks: &[usize]) -> Vec<i16> {
    let mut all = samples(FRAMES, 2);
    for chunk in chunks {
        all[2 * CHUNK * chunk..2 * CHUNK * (chunk + 1)].fill(0);
    }
    all
}

#[test]
fn a_damaged_chunk() {
    let folder = folder();
    folder.damage_chunk("song.lmac", 2);
    let stream = folder.read("song.lmac");

    let place = "lmac: song.lmac: chunk 2: checksum mismatch";
    folder.run("decode song.lmac out.wav").expect(1).says(place);
    folder.run("verify song.lmac").expect(1).says(place);
    folder.pipe("decode - out.wav", &stream).expect(1).says("lmac: -: chunk 2: checksum mismatch");
    assert_eq!(folder.files(), ["song.lmac", "song.wav"]);

    let ran = folder.run("decode --recover song.lmac out.wav").expect(3);
    let ran = ran.says("chunk 2").says("frames 16000 to 23999 are lost");
    ran.says("0:00:02.000 to 0:00:03.000");
    let out = folder.read("out.wav");
    assert_eq!(out.len(), folder.read("song.wav").len());
    assert!(wav_samples(&out) == silenced(&[2]));
    // All that surrounded the audio is there.
    let original = folder.read("song.wav");
    assert_eq!(
        (&out[..56], &out[out.len() - 16..]),
        (&original[..56], &original[original.len() - 16..])
    );

    let piped = folder.pipe("decode --recover -", &stream).expect(3);
    assert!(piped.stdout == out);

    let json = folder.run("decode --json --recover -f song.lmac out.wav").expect(3).json();
    assert_eq!(json["verification"], "damaged");
    let damage = &json["damage"];
    assert_eq!(damage["lost"][0]["first_frame"], 16_000);
    assert_eq!(damage["lost"][0]["end_frame"], 24_000);
    assert_eq!(damage["lost_frames"], 8000);
    assert_eq!(damage["truncated"], false);
    assert!(damage["skipped_bytes"].as_u64().unwrap() > 0);
    assert!(damage["first_error"].as_str().unwrap().starts_with("chunk 2: "));
    folder.run("decode -q --recover -f song.lmac out.wav").expect(3);
}

#[test]
fn nothing_to_recover() {
    let folder = folder();
    let ran = folder.run("decode --recover song.lmac out.wav").expect(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(folder.read("out.wav"), folder.read("song.wav"));
    let json = folder.run("decode --recover --json -f song.lmac out.wav").expect(0).json();
    assert!(json["damage"].is_null());
    assert_eq!(json["verification"], "md5");
}

#[test]
fn a_stream_that_is_cut_off() {
    let folder = folder();
    let fourth = folder.chunks("song.lmac")[3]["offset"].as_u64().unwrap() as usize;
    let stream = folder.read("song.lmac");
    let cut = &stream[..fourth + 100];
    folder.write("cut.lmac", cut);
    folder.run("decode cut.lmac out.wav").expect(1).says("chunk 3: the stream is cut off here");
    folder.run("verify cut.lmac").expect(1).says("cut.lmac: ");
    assert!(!folder.has("out.wav"));

    folder.run("decode --recover cut.lmac out.wav").expect(3).says("the end of the stream");
    let expected = &samples(FRAMES, 2)[..2 * 3 * CHUNK];
    let out = folder.read("out.wav");
    assert!(wav_samples(&out) == expected);
    assert_eq!(out, wav(3 * CHUNK, 2)[..44].iter().chain(&out[44..]).copied().collect::<Vec<_>>());

    // Cut off and damaged: only decoding shows how long it is.
    folder.damage_chunk_of(&stream, fourth, "both.lmac");
    folder.run("decode --recover both.lmac both.wav").expect(3);
    let both = folder.read("both.wav");
    assert_eq!(wav_samples(&both).len(), 2 * 3 * CHUNK);
    assert_eq!(both[..44], out[..44]);
    let info = folder.run("info --json cut.lmac").expect(0).json();
    assert_eq!(info["complete"], false);
    assert_eq!(info["frames"], 3 * CHUNK);

    folder.run("decode --recover --start 2s --end 1:00 -f cut.lmac part.wav").expect(3);
    assert!(wav_samples(&folder.read("part.wav")) == expected[2 * 16_000..]);
}

impl Folder {
    /// Writes a stream that is cut off at `end` and has damage in its second chunk.
    fn damage_chunk_of(&self, stream: &[u8], end: usize, name: &str) {
        let second = self.chunks("song.lmac")[1]["offset"].as_u64().unwrap() as usize;
        let mut bytes = stream[..end].to_vec();
        bytes[second + 50] ^= 1;
        self.write(name, &bytes);
    }
}

/// Where a chunk is in its stream.
fn range(chunk: &Value) -> Range<usize> {
    let number = |name: &str| chunk[name].as_u64().unwrap() as usize;
    number("offset")..number("offset") + number("bytes")
}

#[test]
fn sectors_of_zeros() {
    let folder = folder();
    let stream = folder.read("song.lmac");
    let chunks: Vec<_> = folder.chunks("song.lmac").iter().map(range).collect();
    for size in [512, 4096] {
        // The sector of a disk that has the end of one chunk and the start of the next one.
        let start = chunks[2].end / size * size;
        let mut damaged = stream.clone();
        damaged[start..start + size].fill(0);
        folder.write("bad.lmac", &damaged);
        let touched: Vec<_> = (0..chunks.len())
            .filter(|&chunk| chunks[chunk].start < start + size && start < chunks[chunk].end)
            .collect();
        let (first, lost) = (touched[0] * CHUNK, touched.len() * CHUNK);

        folder.run("decode bad.lmac out.wav").expect(1).says(&format!("chunk {}: ", touched[0]));
        assert!(!folder.has("out.wav"));
        folder
            .run("decode --recover bad.lmac out.wav")
            .expect(3)
            .says(&format!("frames {first} to {} are lost", first + lost - 1))
            .says(&format!("{lost} frames lost in all"));
        assert!(wav_samples(&folder.read("out.wav")) == silenced(&touched));
        fs::remove_file(folder.path("out.wav")).unwrap();
    }
}

#[test]
fn chunks_that_are_missing_or_in_another_order() {
    let folder = folder();
    let stream = folder.read("song.lmac");
    let chunks: Vec<_> = folder.chunks("song.lmac").iter().map(range).collect();
    let (first, last) = (chunks[0].start, chunks[chunks.len() - 1].end);
    let arranged = |order: &[usize]| {
        let chunks = order.iter().flat_map(|&chunk| stream[chunks[chunk].clone()].to_vec());
        let body: Vec<u8> = chunks.collect();
        [&stream[..first], &body, &stream[last..]].concat()
    };
    for (order, lost, says) in [
        (&[0, 3, 4][..], &[1, 2][..], "frames 8000 to 23999 are lost"),
        (&[0, 1, 2, 3], &[4], "frames 32000 to 39999 are lost"),
        (&[0, 1, 1, 2, 3, 4], &[], "1 chunk fitted nowhere"),
        (&[0, 2, 1, 3, 4], &[], "chunk 1: malformed: it begins at frame 16000; frame 8000 is due"),
        (&[3, 1, 2, 0, 4], &[0], "frames 0 to 7999 are lost"),
    ] {
        folder.write("bad.lmac", &arranged(order));
        folder.run("decode -f bad.lmac out.wav").expect(1);
        folder.run("decode -f --recover bad.lmac out.wav").expect(3).says(says);
        assert!(wav_samples(&folder.read("out.wav")) == silenced(lost), "{order:?}");
    }
}

#[test]
fn parts_of_a_like_stream() {
    let folder = folder();
    let mut take = folder.read("song.wav");
    let audio = take.len() - 16 - 4 * FRAMES..take.len() - 16;
    take[audio].iter_mut().step_by(2).for_each(|low| *low ^= 3);
    folder.write("take.wav", &take);
    folder.run(&format!("encode take.wav --chunk-frames {CHUNK}")).expect(0);
    let (stream, other) = (folder.read("song.lmac"), folder.read("take.lmac"));
    let ranges = |name: &str| folder.chunks(name).iter().map(range).collect::<Vec<_>>();
    let (chunks, others) = (ranges("song.lmac"), ranges("take.lmac"));

    let mut spliced = stream.clone();
    spliced.splice(chunks[3].clone(), other[others[3].clone()].to_vec());
    folder.write("bad.lmac", &spliced);
    folder.run("decode bad.lmac out.wav").expect(1).says("chunk 3: checksum mismatch");
    let ran = folder.run("decode --recover bad.lmac out.wav").expect(3);
    ran.says("frames 24000 to 31999 are lost").says("8000 frames lost in all");
    assert!(wav_samples(&folder.read("out.wav")) == silenced(&[3]));

    // A header that is sound, and not that of the audio.
    let head = |stream: &[u8]| stream.windows(2).position(|sync| sync == [0xD6, 0x9B]).unwrap();
    let spliced = [&other[..head(&other)], &stream[head(&stream)..]].concat();
    folder.write("bad.lmac", &spliced);
    folder.run("decode -f bad.lmac out.wav").expect(1);
    let ran = folder.run("decode -f --recover bad.lmac out.wav").expect(3);
    ran.says("header: malformed: it belongs to another stream").says("copy at the end");
    assert_eq!(folder.read("out.wav"), folder.read("song.wav"));
}

#[test]
fn a_damaged_header() {
    let folder = folder();
    let mut stream = folder.read("song.lmac");
    stream[12] ^= 1;
    folder.write("bad.lmac", &stream);
    folder.run("decode bad.lmac out.wav").expect(1).says("header: checksum mismatch");
    folder.run("decode --recover bad.lmac out.wav").expect(3).says("copy");
    assert_eq!(folder.read("out.wav"), folder.read("song.wav"));
}

#[test]
fn a_damaged_head() {
    let folder = folder();
    let mut stream = folder.read("song.lmac");
    let at = stream.windows(4).position(|bytes| bytes == b"junk").unwrap();
    stream[at] ^= 1;
    folder.write("bad.lmac", &stream);
    folder.run("decode bad.lmac out.wav").expect(1);
    folder.run("decode --recover bad.lmac out.wav").expect(3).says("before the audio");
    assert!(wav_samples(&folder.read("out.wav")) == samples(FRAMES, 2));
}

#[test]
fn something_behind_the_end() {
    let folder = folder();
    let mut stream = folder.read("song.lmac");
    stream.extend(b"and more");
    folder.write("more.lmac", &stream);
    folder.run("decode more.lmac out.wav").expect(1).says("more bytes follow");
    folder.run("verify more.lmac").expect(1).says("more bytes follow");
    folder.run("decode --recover more.lmac out.wav").expect(3).says("follows");
    assert!(wav_samples(&folder.read("out.wav")) == samples(FRAMES, 2));
    let piped = folder.pipe("decode --recover -", &stream).expect(3);
    assert!(piped.stdout == folder.read("song.wav"));
}

#[test]
fn listing_a_damaged_stream() {
    let folder = folder();
    folder.damage_chunk("song.lmac", 2);
    let ran = folder.run("info --chunks song.lmac").expect(1);
    let lines: Vec<_> = ran.text().lines().map(str::to_owned).collect();
    let heading = lines.iter().position(|line| line.contains("first frame")).unwrap();
    assert!(lines[heading + 1].trim_start().starts_with("0 "));
    assert!(lines[heading + 2].trim_start().starts_with("1 "));
    assert!(lines[heading + 3].contains("sum: adaptive 2 chunks"), "{}", lines[heading + 3]);
    ran.says("lmac: song.lmac: chunk 2: checksum mismatch");

    let ran = folder.run("info --chunks --json song.lmac").expect(1);
    let json = ran.json();
    assert_eq!(json["chunk_list"].as_array().unwrap().len(), 2);
    assert!(json["error"].as_str().unwrap().starts_with("chunk 2: "));
    ran.says("chunk 2: ");
}

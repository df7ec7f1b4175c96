//! Tags: what is written is read, edits change nothing else, and faults in tags do not matter
//! for audio.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Cursor, Read, Seek, SeekFrom};

use lmac::source::{self, Restored, SourceFile};
use lmac::{
    AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, ErrorKind, Inspector, Limits,
    Picture, Preset, SampleFormat, TagEditor, Tags, Verification,
};
use lmac_support::bytes::{crc, varint};
use lmac_support::{Signal, pcm};

/// The type of tags blocks.
const TAGS: u64 = 4;

fn spec() -> AudioSpec {
    AudioSpec::new(SampleFormat::S16, 2, 44100)
}

fn some_tags() -> Tags {
    let mut tags = Tags::new();
    tags.set("TITLE", "Träume").unwrap();
    tags.add("ARTIST", "Ada").unwrap();
    tags.pictures.push(Picture::new(b"GIF89a\x05\0\x06\0\xF3".to_vec()));
    tags
}

fn chunk(id: &[u8], data: &[u8]) -> Vec<u8> {
    let mut chunk = [id, &(data.len() as u32).to_le_bytes(), data].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// A WAV file of 1000 frames with an artist before the audio and a title behind it.
fn wav() -> Vec<u8> {
    let audio = pcm(&spec(), 1000, Signal::Melody, 5);
    let plain = source::wav_head(&spec(), Some(1000));
    let mut wav = plain[..12].to_vec();
    wav.extend(chunk(b"LIST", &[b"INFO", &chunk(b"IART", b"Grace")[..]].concat()));
    wav.extend(&plain[12..]);
    wav.extend(audio);
    wav.extend(chunk(b"LIST", &[b"INFO", &chunk(b"INAM", b"Song")[..]].concat()));
    let length = wav.len() as u32 - 8;
    wav[4..8].copy_from_slice(&length.to_le_bytes());
    wav
}

fn options() -> EncodeOptions {
    EncodeOptions::default().with_preset(Preset::Light).with_chunk_frames(150)
}

fn encode(wav: &[u8], options: &EncodeOptions) -> Vec<u8> {
    source::encode_file(wav, Vec::new(), options).unwrap().writer
}

fn restore(stream: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut restored = Restored::new(Decoder::new(stream).unwrap());
    restored.read_to_end(&mut file).unwrap();
    let decoder = restored.decoder_mut();
    decoder.expect_end().unwrap();
    assert_eq!(decoder.verification(), Verification::Md5(decoder_md5(stream)));
    file
}

fn decoder_md5(stream: &[u8]) -> [u8; 16] {
    Inspector::new(Cursor::new(stream)).unwrap().summary().unwrap().md5.unwrap()
}

fn tags_of(stream: &[u8]) -> Tags {
    let found = Inspector::new(Cursor::new(stream)).unwrap().find_tags().unwrap();
    let mut decoder = Decoder::new(Cursor::new(stream)).unwrap();
    assert_eq!(decoder.find_tags().unwrap(), found);
    found
}

fn editor(stream: &[u8]) -> TagEditor<Cursor<Vec<u8>>> {
    TagEditor::open(Cursor::new(stream.to_vec())).unwrap()
}

fn copied(stream: &[u8], tags: &Tags, padding: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let written = editor(stream).copy(tags, padding, &mut out).unwrap();
    assert_eq!(written, out.len() as u64);
    out
}

#[test]
fn tags_are_written_and_read() {
    for frames in [0u32, 1, 40_000] {
        let samples: Vec<i32> = (0..2 * frames).map(|at| (at % 300) as i32).collect();
        for padding in [0, 1, 5000] {
            let options = options().with_tags(some_tags()).with_tag_padding(padding);
            let mut encoder = Encoder::with_options(Vec::new(), spec(), options).unwrap();
            encoder.write_samples(&samples).unwrap();
            let finished = encoder.finish().unwrap();
            assert_eq!(finished.stats.foreign_bytes, 0);
            let stream = finished.writer;
            assert_eq!(lmac::decode(&stream).unwrap().1, samples);
            assert_eq!(tags_of(&stream), some_tags());
            assert_eq!(Decoder::new(stream.as_slice()).unwrap().tags().unwrap(), some_tags());
        }
    }
}

#[test]
fn large_tags_take_several_blocks() {
    let mut tags = some_tags();
    tags.pictures.push(Picture::new(vec![7; 3 << 20]));
    let stream = encode(&wav(), &options().with_tags(tags.clone()));
    assert_eq!(tags_of(&stream), tags);
    assert_eq!(restore(&stream), wav());
    // A decoder with little memory reads the audio, and says that the tags are too large.
    let little = DecodeOptions::default().with_limits(Limits::default().with_memory(16 << 20));
    let mut decoder = Decoder::with_options(stream.as_slice(), little).unwrap();
    assert!(matches!(decoder.tags().unwrap_err().kind(), ErrorKind::Limit { .. }));
    decoder.read_to_end(&mut Vec::new()).unwrap();
    // They shrink in place, and the blocks stay.
    let edited = editor(&stream).rewrite(&some_tags()).unwrap().into_inner();
    assert_eq!(edited.len(), stream.len());
    assert_eq!((tags_of(&edited), restore(&edited)), (some_tags(), wav()));
    tags.pictures.push(Picture::new(vec![7; 1 << 24]));
    let error = Encoder::with_options(Vec::new(), spec(), options().with_tags(tags)).unwrap_err();
    assert!(error.to_string().contains("a picture takes"), "{error}");
}

#[test]
fn the_tags_of_the_source_count_if_there_are_no_others() {
    let stream = encode(&wav(), &options());
    let tags = tags_of(&stream);
    assert_eq!((tags.get("ARTIST"), tags.get("TITLE")), (Some("Grace"), Some("Song")));
    // A pipe tells those of the head.
    let tags = Inspector::new(stream.as_slice()).unwrap().tags().unwrap();
    assert_eq!((tags.get("ARTIST"), tags.get("TITLE")), (Some("Grace"), None));
    let tags = Decoder::new(stream.as_slice()).unwrap().tags().unwrap();
    assert_eq!((tags.get("ARTIST"), tags.get("TITLE")), (Some("Grace"), None));
    // The search moves nothing.
    let mut decoder = Decoder::new(Cursor::new(&stream)).unwrap();
    let mut some = [0; 1001];
    decoder.read_exact(&mut some).unwrap();
    decoder.find_tags().unwrap();
    let mut rest = Vec::new();
    decoder.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len() + some.len(), 4000);
    assert!(matches!(decoder.verification(), Verification::Md5(_)));
    assert_eq!(tags_of(&encode(&wav(), &options().with_tags(some_tags()))), some_tags());

    let wav = wav();
    let mut file = SourceFile::open(Cursor::new(&wav)).unwrap();
    assert_eq!(file.tags().unwrap().comments.len(), 1);
    let tags = file.find_tags().unwrap();
    assert_eq!((tags.get("ARTIST"), tags.get("TITLE")), (Some("Grace"), Some("Song")));
    assert_eq!(restore(&file.encode(Vec::new(), &options()).unwrap().writer), wav);
}

#[test]
fn audio_alone_keeps_the_tags_of_the_head() {
    let stream = source::encode_file_audio(wav().as_slice(), Vec::new(), &options()).unwrap();
    let tags = tags_of(&stream.writer);
    assert_eq!((tags.get("ARTIST"), tags.get("TITLE")), (Some("Grace"), None));
    let options = options().with_tags(some_tags());
    let stream = source::encode_file_audio(wav().as_slice(), Vec::new(), &options).unwrap();
    assert_eq!(tags_of(&stream.writer), some_tags());
}

#[test]
fn edits_change_nothing_else() {
    let original = wav();
    let plain = encode(&original, &options());
    let mut long = some_tags();
    long.set("LYRICS", "la ".repeat(3000)).unwrap();
    for start in [plain.clone(), encode(&original, &options().with_tags(some_tags()))] {
        for (tags, padding) in [(&long, 0), (&long, 700), (&some_tags(), 0), (&Tags::new(), 9)] {
            let edited = copied(&start, tags, padding);
            assert_eq!(&tags_of(&edited), tags);
            assert_eq!(restore(&edited), original);
            let mut decoder = Decoder::new(Cursor::new(&edited)).unwrap();
            for frame in [999, 0, 450, 149, 150, 1000] {
                decoder.seek(frame).unwrap();
                let mut pcm = Vec::new();
                decoder.read_to_end(&mut pcm).unwrap();
                let audio = &original[original.len() - 24 - 4000..original.len() - 24];
                assert!(pcm == audio[4 * frame as usize..], "{frame}");
            }
            // And back again: the bytes are those of an encoder.
            assert_eq!(
                copied(&edited, &some_tags(), 0),
                encode(&original, &options().with_tags(some_tags()))
            );
        }
    }
    // A stream behind other bytes in its file.
    let mut file = Cursor::new([b"before", &plain[..]].concat());
    file.seek(SeekFrom::Start(6)).unwrap();
    let mut out = Vec::new();
    TagEditor::open(file).unwrap().copy(&long, 0, &mut out).unwrap();
    assert_eq!(out, copied(&plain, &long, 0));
}

#[test]
fn edits_in_place() {
    let original = wav();
    let stream = copied(&encode(&original, &options()), &some_tags(), 100);
    assert!(editor(&stream).has_own());
    // Padding takes no bytes, or four and more.
    for length in 0..=110usize {
        let mut tags = some_tags();
        tags.set("X", "x".repeat(length)).unwrap();
        let fits = editor(&stream).fits(&tags).unwrap();
        let left = 104 - 6 - length as i64;
        assert_eq!(fits, left == 0 || left >= 4, "{length}");
        let edited = editor(&stream).rewrite(&tags);
        if !fits {
            assert!(edited.unwrap_err().to_string().contains("there is room for"));
            continue;
        }
        let edited = edited.unwrap().into_inner();
        assert_eq!(edited.len(), stream.len());
        let changed = (0..stream.len()).filter(|&at| edited[at] != stream[at]);
        assert!(changed.clone().all(|at| at < 500), "{changed:?}");
        assert_eq!((tags_of(&edited), restore(&edited)), (tags, original.clone()));
    }
    let plain = editor(&encode(&original, &options()));
    assert!(!plain.has_own() && !plain.fits(&Tags::new()).unwrap());
    // Within a file.
    let mut file = Cursor::new([b"before", &stream[..]].concat());
    file.seek(SeekFrom::Start(6)).unwrap();
    let edited = TagEditor::open(file).unwrap().rewrite(&Tags::new()).unwrap().into_inner();
    assert_eq!(&edited[..6], b"before");
    assert_eq!(edited[6..], editor(&stream).rewrite(&Tags::new()).unwrap().into_inner());
}

#[test]
fn streams_without_an_end_are_edited_in_place_only() {
    let stream = encode(&wav(), &options().with_tags(some_tags()));
    let cut = &stream[..stream.len() - 1];
    let error = editor(cut).copy(&Tags::new(), 0, &mut Vec::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Truncated), "{error}");
    let edited = editor(cut).rewrite(&Tags::new()).unwrap().into_inner();
    assert_eq!(edited.len(), cut.len());
    assert_eq!(tags_of(&edited), Tags::new());
}

/// The first byte of tags blocks and the first byte behind them.
fn region(stream: &[u8], tags: &Tags) -> (usize, usize) {
    let plain = Inspector::new(stream).unwrap();
    let head = plain.info().head_bytes;
    let mut inspector = Inspector::new(stream).unwrap();
    let end = inspector.next_chunk().unwrap().unwrap().offset as usize;
    let marker = tags.vendor.as_bytes();
    let at = stream.windows(marker.len()).position(|bytes| bytes == marker).unwrap();
    assert!(head > 0);
    // Sync, head, type, length of two bytes, and the lengths of block and vendor.
    (at - 14, end)
}

#[test]
fn damage_to_tags_does_not_matter_for_audio() {
    let original = wav();
    let tags = some_tags();
    let stream = encode(&original, &options().with_tags(tags.clone()).with_tag_padding(60));
    let (start, end) = region(&stream, &tags);
    let mut mended = 0;
    for at in start..end {
        for change in [0x01, 0x80, 0xFF] {
            let mut bad = stream.clone();
            bad[at] ^= change;
            let error = Decoder::new(bad.as_slice()).unwrap().read_to_end(&mut Vec::new());
            assert!(error.is_err(), "byte {at}");
            let decoder = Decoder::recover(Cursor::new(&bad), DecodeOptions::default()).unwrap();
            if let Ok(found) = decoder.tags() {
                assert!(found != tags, "byte {at}");
            }
            assert!(!decoder.damage().head_lost);
            let mut file = Vec::new();
            let mut restored = Restored::new(decoder);
            restored.read_to_end(&mut file).unwrap();
            assert!(file == original, "byte {at}");
            assert!(restored.decoder().damage().any());
            // Another edit mends it where the end of the tags is known.
            let Ok(editor) = TagEditor::open(Cursor::new(bad)) else { continue };
            assert!(editor.are_damaged());
            let edited = editor.rewrite(&tags).unwrap().into_inner();
            assert_eq!((tags_of(&edited), restore(&edited)), (tags.clone(), original.clone()));
            mended += 1;
        }
    }
    // All but the header of the block.
    assert!(mended >= 3 * (end - start - 6), "{mended} of {}", end - start);
    // Damage behind the tags is another matter.
    let mut bad = stream.clone();
    bad[end + 20] ^= 1;
    let error = TagEditor::open(Cursor::new(bad)).unwrap_err();
    assert!(error.to_string().contains("behind the tags, at byte"), "{error}");
}

/// A stream with this block in front of its first chunk, or behind its only chunk.
fn with_block(kind: u64, data: &[u8], behind: bool, head: u8) -> Vec<u8> {
    let options = options().with_chunk_frames(5000);
    let mut encoder = Encoder::with_options(Vec::new(), spec(), options).unwrap();
    encoder.write_samples(&[1, 2, 3, 4]).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let first = Inspector::new(stream.as_slice()).unwrap().next_chunk().unwrap().unwrap();
    let at = first.offset as usize;
    let id = u32::from_le_bytes(stream[at - 4..at].try_into().unwrap());
    let mut block = [&[0xD6, 0x9B, head][..], &varint(kind), &varint(data.len() as u64)].concat();
    block.extend(data);
    block.extend(crc(Some(id), &block).to_le_bytes());
    let at = if behind { at + first.bytes as usize } else { at };
    [&stream[..at], &block, &stream[at..]].concat()
}

#[test]
fn bad_content_is_an_error_only_where_tags_are_asked_for() {
    for (data, error) in [
        (&b""[..], "header of metadata block 0"),
        (b"\x84\0\0\x08", "metadata block 0 has 8 bytes; only 0"),
        (b"\x84\0\0\x04\xFF\xFF\xFF\xFF", "the vendor has 4294967295 bytes; only 0"),
        (b"\x84\0\0\x08\0\0\0\0\xFF\xFF\xFF\x7F", "there are 2147483647 comments"),
        (b"\x87\0\0\0", "has the type 7"),
        (b"\x81\0\0\0x", "1 bytes follow"),
        (b"\x01\0\0\0\x84\0\0\x08\0\0\0\0\0\0\0\0", "metadata block 1 has comments"),
    ] {
        let stream = with_block(TAGS, data, false, 15);
        assert_eq!(lmac::decode(&stream).unwrap().1, [1, 2, 3, 4]);
        let inspector = Inspector::new(stream.as_slice()).unwrap();
        let found = inspector.tags().unwrap_err();
        assert!(found.to_string().contains(error), "{found}");
        assert!(found.to_string().starts_with("block before the first chunk: "), "{found}");
        let mut editor = editor(&stream);
        assert!(editor.tags().is_err() && !editor.are_damaged());
        let mut edited = Vec::new();
        editor.copy(&some_tags(), 0, &mut edited).unwrap();
        assert_eq!(tags_of(&edited), some_tags());
    }
}

#[test]
fn tags_elsewhere_are_ignored() {
    let empty = b"\x84\0\0\x08\0\0\0\0\0\0\0\0";
    let stream = with_block(TAGS, empty, true, 15);
    assert_eq!(lmac::decode(&stream).unwrap().1, [1, 2, 3, 4]);
    assert_eq!(tags_of(&stream), Tags::new());
    let edited = copied(&stream, &some_tags(), 0);
    assert_eq!(lmac::decode(&edited).unwrap().1, [1, 2, 3, 4]);
    assert_eq!(tags_of(&edited), some_tags());
    // A critical block means something that this version does not know.
    for behind in [false, true] {
        let stream = with_block(TAGS, empty, behind, 15 | 16);
        let error = lmac::decode(&stream).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    }
    // Behind an unknown block, they are elsewhere.
    let stream = with_block(77, b"x", false, 15);
    assert_eq!(lmac::decode(&stream).unwrap().1, [1, 2, 3, 4]);
    let edited = copied(&stream, &some_tags(), 0);
    assert_eq!(tags_of(&edited), some_tags());
    assert!(edited.windows(5).any(|bytes| bytes == [0xD6, 0x9B, 15, 77, 1]));
}

#[test]
fn too_many_tags_are_not_kept() {
    let mut stream = with_block(TAGS, &vec![0; 1 << 20], false, 15);
    let at = Inspector::new(stream.as_slice()).unwrap().next_chunk().unwrap().unwrap().offset;
    let block_length = (1 << 20) + 11;
    let block = stream[at as usize - block_length..at as usize].to_vec();
    let rest = stream.split_off(at as usize);
    (0..64).for_each(|_| stream.extend(&block));
    stream.extend(rest);
    assert_eq!(lmac::decode(&stream).unwrap().1, [1, 2, 3, 4]);
    let error = Inspector::new(stream.as_slice()).unwrap().tags().unwrap_err();
    assert!(error.to_string().contains("more than 67108864 bytes"), "{error}");
}

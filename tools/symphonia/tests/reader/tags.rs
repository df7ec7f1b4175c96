//! Tags and pictures.

use lmac::source::{NewFile, Restored, encode_file, wav_head};
use lmac::{Picture, Tags};
use symphonia::core::meta::{MetadataRevision, StandardTag, StandardVisualKey, Tag, Visual};

use super::*;

/// Returns a FLAC file of a stream, with its tags.
pub(super) fn flac_of(stream: &[u8]) -> Vec<u8> {
    let decoder = Decoder::new(stream).unwrap();
    let mut flac = Vec::new();
    let mut file = Restored::converted(decoder, NewFile::Flac, None, None).unwrap();
    file.read_to_end(&mut flac).unwrap();
    flac
}

fn with_tags(tags: Tags) -> Vec<u8> {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 44100);
    let pcm = pcm(&spec, 1000, Signal::Melody, 3);
    stream(&pcm, &spec, EncodeOptions::default().with_tags(tags))
}

fn revision(reader: &mut Reader<'_>) -> MetadataRevision {
    reader.metadata().skip_to_latest().unwrap().clone()
}

fn picture(kind: u32) -> Picture {
    let png = [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x20\0\0\0\x10\x08\x02\0\0\0".as_slice(),
        &[1, 2, 3, 4],
    ];
    let mut picture = Picture::new(png.concat());
    picture.kind = kind;
    picture.description = format!("picture {kind}");
    picture
}

/// Tags as text; Symphonia's are not comparable.
fn text(tags: &[Tag]) -> String {
    format!("{tags:#?}")
}

/// Compares all but the color mode, which streams do not tell.
#[track_caller]
fn same_visual(one: &Visual, other: &Visual) {
    let told = |visual: &Visual| {
        let Visual { media_type, dimensions, usage, tags, data, .. } = visual;
        format!("{media_type:?} {dimensions:?} {usage:?} {tags:?} {data:?}")
    };
    assert_eq!(told(one), told(other));
}

#[test]
fn tags_and_pictures_are_those_of_the_flac_file() {
    let mut tags = Tags::new();
    for (field, value) in [
        ("TITLE", "Aria"),
        ("Artist", "Ada"),
        ("ARTIST", "Grace"),
        ("ALBUM", "\u{c9}tudes"),
        ("ALBUMARTIST", "Various"),
        ("TRACKNUMBER", "3/12"),
        ("DISCNUMBER", "1"),
        ("DATE", "2026-11-30"),
        ("GENRE", "Baroque"),
        ("COMPILATION", "1"),
        ("COMMENT", "a = b"),
        ("LYRICS", "la\nla"),
        ("REPLAYGAIN_TRACK_GAIN", "-6.54 dB"),
        ("REPLAYGAIN_TRACK_PEAK", "0.98"),
        ("REPLAYGAIN_ALBUM_GAIN", "-7.00 dB"),
        ("REPLAYGAIN_ALBUM_PEAK", "1.00"),
        ("MUSICBRAINZ_TRACKID", "0e8e9a8f"),
        ("UNKNOWN FIELD", "kept"),
    ] {
        tags.add(field, value).unwrap();
    }
    tags.pictures.extend([3, 4, 0, 17, 99].map(picture));
    let stream = with_tags(tags);
    let flac = flac_of(&stream);

    let (mut ours, mut theirs) = (open(&stream), open(&flac));
    let (ours, theirs) = (revision(&mut ours), revision(&mut theirs));
    assert_eq!(text(&ours.media.tags), text(&theirs.media.tags));
    assert_eq!(ours.media.visuals.len(), 5);
    for (one, other) in ours.media.visuals.iter().zip(&theirs.media.visuals) {
        same_visual(one, other);
    }
    assert_eq!(ours.media.visuals[0].usage, Some(StandardVisualKey::FrontCover));
    let has =
        |wanted: &StandardTag| ours.media.tags.iter().any(|tag| tag.std.as_ref() == Some(wanted));
    assert!(has(&StandardTag::TrackNumber(3)) && has(&StandardTag::TrackTotal(12)));
    assert!(has(&StandardTag::ReplayGainTrackGain("-6.54 dB".to_string().into())));
    assert!(ours.media.tags.iter().any(|tag| tag.std.is_none() && tag.raw.key == "UNKNOWN FIELD"));

    // In a pipe too.
    let in_pipe = revision(&mut open_pipe(&stream));
    assert_eq!(text(&in_pipe.media.tags), text(&ours.media.tags));
}

#[test]
fn a_stream_without_tags_has_those_of_its_source_file() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 44100);
    let info = b"LIST\x12\0\0\0INFOINAM\x05\0\0\0Aria\0\0";
    let pcm = pcm(&spec, 1000, Signal::Melody, 3);
    let mut wav = [&wav_head(&spec, Some(1000)), &pcm, &info[..]].concat();
    let length = wav.len() as u32 - 8;
    wav[4..8].copy_from_slice(&length.to_le_bytes());
    let stream = encode_file(&*wav, Vec::new(), &EncodeOptions::default()).unwrap().writer;
    let mut reader = open(&stream);
    let title = StandardTag::TrackTitle("Aria".to_string().into());
    assert_eq!(revision(&mut reader).media.tags[0].std, Some(title));
    // They are read from the end of the stream, and then the audio from its beginning.
    assert!(rest(&mut reader, 0) == pcm);
}

#[test]
fn no_tags_are_no_metadata() {
    let (stream, _) = melody();
    let mut reader = open(&stream);
    assert!(reader.metadata().current().is_none());
    assert!(reader.chapters().is_none());
}

#[test]
fn a_cue_sheet_gives_chapters() {
    // 396 bytes of the sheet, 36 of a track and 12 of each index, for two tracks of a file.
    let mut sheet = vec![0; 396];
    sheet[395] = 2;
    for (number, first) in [(1, 0u64), (2, 588)] {
        sheet.extend(first.to_be_bytes());
        sheet.push(number);
        sheet.extend([0; 26]);
        sheet.push(1);
        sheet.extend([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    }
    let mut tags = Tags::new();
    tags.cue_sheets.push(sheet);
    let stream = with_tags(tags);
    let flac = flac_of(&stream);
    let (ours, theirs) = (open(&stream), open(&flac));
    let ours = ours.chapters().expect("chapters");
    assert_eq!(ours.items.len(), 2);
    assert_eq!(format!("{ours:?}"), format!("{:?}", theirs.chapters().unwrap()));
}

#[test]
fn hostile_values_are_kept_as_text() {
    let mut tags = Tags::new();
    // Symphonia 0.6.1 adds to a length of 2^32 - 1 in this PNG file, and divides by a power of ten
    // of too many digits.
    let png = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAQCAMAAAAAAAAA/////1hYWFg=\
               ";
    let block = "AAAAAwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACmJUE5HDQoaCgAAAA1J\
                 SERSAAAAIAAAABAIAwAAAAAAAAD/////WFhYWA==\
                 ";
    let zeros = "0".repeat(70);
    tags.add("CHAPTER001", format!("00:00:00.{zeros}1")).unwrap();
    tags.add("Chapter002NAME", "two").unwrap();
    tags.add("COVERART", png).unwrap();
    tags.add("METADATA_BLOCK_PICTURE", block).unwrap();
    tags.add("TRACKNUMBER", "99999999999999999999999/-1").unwrap();
    tags.add("RATING", "4294967295").unwrap();
    tags.add("DATE", "").unwrap();
    let mut bomb = picture(3);
    bomb.data[25] = 3;
    bomb.data.truncate(33);
    bomb.data.extend(b"\xFF\xFF\xFF\xFFXXXX");
    tags.pictures.push(bomb.clone());
    tags.cue_sheets.push(vec![0xFF; 500]);
    let stream = with_tags(tags);
    let mut reader = open(&stream);
    let found = revision(&mut reader).media;
    let keys: Vec<&str> = found.tags.iter().map(|tag| tag.raw.key.as_str()).collect();
    let expected = ["TRACKNUMBER", "RATING", "DATE", "CHAPTER001", "Chapter002NAME", "COVERART"];
    assert_eq!(keys[..6], expected);
    assert_eq!(keys[6..], ["METADATA_BLOCK_PICTURE"]);
    assert_eq!(*found.visuals[0].data, bomb.data);
    assert_eq!(rest(&mut reader, 0).len(), 2000);
}

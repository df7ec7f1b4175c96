//! Tags and pictures arrive, and are written.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::fs;

use common::{Access, Player, init};
use gst::ClockTime;
use gst::prelude::*;
use gst::tags;
use gst_check::Harness;
use gst_tag::TagImageType;
use gst_tag::prelude::*;
use lmac::source::encode_file;
use lmac::{AudioSpec, EncodeOptions, Encoder, Inspector, Picture, SampleFormat, Tags};

/// A PNG file of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\
    \0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// Returns the tags that a player of the stream tells.
fn tags_of(stream: &[u8], access: Access) -> gst::TagList {
    let player = Player::new(stream, access);
    player.pause();
    let messages = player.messages();
    assert!(messages.errors.is_empty(), "{messages:?}");
    let mut all = gst::TagList::new();
    for list in &messages.tags {
        all.make_mut().insert(list, gst::TagMergeMode::Replace);
    }
    all
}

fn with_tags(tags: Tags) -> Vec<u8> {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
    let options = EncodeOptions::default().with_tags(tags).with_tag_padding(5000);
    let mut encoder = Encoder::with_options(Vec::new(), spec, options).unwrap();
    encoder.write_samples(&[1, 2, 3, 4]).unwrap();
    encoder.finish().unwrap().writer
}

#[test]
fn fields_and_pictures_arrive() {
    let mut tags = Tags::new();
    for (field, value) in [
        ("title", "Aria"),
        ("ARTIST", "Ada"),
        ("ARTIST", "Grace"),
        ("Album", "Goldberg"),
        ("ALBUMARTIST", "Both"),
        ("TRACKNUMBER", "3/12"),
        ("DISCNUMBER", "1"),
        ("DISCTOTAL", "2"),
        ("DATE", "1981-05-06"),
        ("GENRE", "Baroque"),
        ("REPLAYGAIN_TRACK_GAIN", "-6.50 dB"),
        ("REPLAYGAIN_TRACK_PEAK", "0.987654"),
        ("MUSICBRAINZ_TRACKID", "abc"),
        ("SHELF", "left = upper"),
        ("COMMENT", ""),
        ("BPM", "no number"),
    ] {
        tags.add(field, value).unwrap();
    }
    // Lists of tags have no two equal pictures.
    let mut back = Picture::new([PNG, b"back"].concat());
    back.kind = 4;
    let mut icon = Picture::new(PNG.to_vec());
    icon.kind = 1;
    let unknown = Picture::new(b"no picture".to_vec());
    tags.pictures = vec![Picture::new(PNG.to_vec()), back, icon, unknown];
    let stream = with_tags(tags);
    for access in Access::ALL {
        let list = tags_of(&stream, access);
        assert_eq!(list.get::<tags::Title>().unwrap().get(), "Aria");
        let artists: Vec<_> = list.iter_tag::<tags::Artist>().map(|value| value.get()).collect();
        assert_eq!(artists, ["Ada", "Grace"]);
        assert_eq!(list.get::<tags::Album>().unwrap().get(), "Goldberg");
        assert_eq!(list.get::<tags::AlbumArtist>().unwrap().get(), "Both");
        assert_eq!(list.get::<tags::TrackNumber>().unwrap().get(), 3);
        assert_eq!(list.get::<tags::TrackCount>().unwrap().get(), 12);
        assert_eq!(list.get::<tags::AlbumVolumeNumber>().unwrap().get(), 1);
        assert_eq!(list.get::<tags::AlbumVolumeCount>().unwrap().get(), 2);
        let date = list.get::<tags::DateTime>().unwrap().get();
        assert_eq!((date.year(), date.month(), date.day()), (1981, Some(5), Some(6)));
        assert_eq!(list.get::<tags::Genre>().unwrap().get(), "Baroque");
        assert_eq!(list.get::<tags::TrackGain>().unwrap().get(), -6.5);
        assert_eq!(list.get::<tags::TrackPeak>().unwrap().get(), 0.987654);
        assert_eq!(list.get::<gst_tag::musicbrainz::TrackId>().unwrap().get(), "abc");
        let others: Vec<_> =
            list.iter_tag::<tags::ExtendedComment>().map(|value| value.get()).collect();
        assert_eq!(others, ["SHELF=left = upper", "BPM=no number"]);
        assert!(list.get::<tags::Comment>().is_none());
        assert!(list.get::<tags::AudioCodec>().unwrap().get().contains("lmac"));

        let pictures: Vec<gst::Sample> =
            list.iter_tag::<tags::Image>().map(|value| value.get()).collect();
        let kind = |sample: &gst::Sample| {
            sample.info().unwrap().get::<TagImageType>("image-type").unwrap()
        };
        assert_eq!(pictures.len(), 2);
        assert_eq!(kind(&pictures[0]), TagImageType::FrontCover);
        assert_eq!(kind(&pictures[1]), TagImageType::BackCover);
        assert_eq!(pictures[0].buffer().unwrap().map_readable().unwrap().as_slice(), PNG);
        assert_eq!(pictures[0].caps().unwrap().structure(0).unwrap().name(), "image/png");
        assert!(list.get::<tags::PreviewImage>().is_some());
    }
}

#[test]
fn tags_of_the_source_file_arrive() {
    let mut wav = fs::read(lmac_support::path("tests/samples/speech.wav")).unwrap();
    // A LIST chunk behind the format: INFO with a title.
    let list = b"LIST\x12\0\0\0INFOINAM\x06\0\0\0Title\0";
    wav.splice(36..36, *list);
    let size = wav.len() as u32 - 8;
    wav[4..8].copy_from_slice(&size.to_le_bytes());
    let stream = encode_file(wav.as_slice(), Vec::new(), &EncodeOptions::default()).unwrap().writer;
    for access in Access::ALL {
        let list = tags_of(&stream, access);
        assert_eq!(list.get::<tags::Title>().unwrap().get(), "Title", "{access:?}");
    }
}

#[test]
fn the_encoder_writes_tags() {
    init();
    let mut harness = Harness::new_parse("lmacenc preset=fast");
    let caps = "audio/x-raw,format=S16LE,rate=8000,channels=1,layout=interleaved";
    harness.set_src_caps_str(caps);
    harness.play();

    let mut list = gst::TagList::new();
    let change = list.make_mut();
    let append = gst::TagMergeMode::Append;
    change.add::<tags::Title>(&"Aria", append);
    change.add::<tags::Artist>(&"Ada", append);
    change.add::<tags::Artist>(&"Grace", append);
    change.add::<tags::TrackNumber>(&3, append);
    change.add::<tags::TrackCount>(&12, append);
    change.add::<tags::TrackGain>(&-6.5, append);
    change.add::<tags::DateTime>(&gst::DateTime::from_ymd(1981, 5, 6).unwrap(), append);
    change.add::<tags::ExtendedComment>(&"SHELF[en]=left = upper", append);
    let sample = gst::Sample::from_image_data(PNG, TagImageType::BackCover).unwrap();
    change.add::<tags::Image>(&sample, append);
    assert!(harness.push_event(gst::event::Tag::new(list)));
    // The application's word counts too.
    let element = harness.find_element("lmacenc").unwrap();
    let setter = element.dynamic_cast_ref::<gst::TagSetter>().unwrap();
    setter.add_tag::<tags::Genre>(&"Baroque", gst::TagMergeMode::Replace);

    let mut buffer = gst::Buffer::from_mut_slice(vec![1, 0, 2, 0]);
    buffer.make_mut().set_pts(ClockTime::ZERO);
    harness.push(buffer).unwrap();
    harness.push_event(gst::event::Eos::new());
    let stream = harness.take_all_data_as_bytes().unwrap();

    let tags = Inspector::new(&stream[..]).unwrap().tags().unwrap();
    let fields: Vec<_> = tags.comments.iter().map(|(f, v)| (f.as_str(), v.as_str())).collect();
    let expected = [
        ("TITLE", "Aria"),
        ("ARTIST", "Ada"),
        ("ARTIST", "Grace"),
        ("TRACKNUMBER", "3"),
        ("TRACKTOTAL", "12"),
        ("DATE", "1981-05-06"),
        ("GENRE", "Baroque"),
        ("REPLAYGAIN_TRACK_GAIN", "-6.5 dB"),
        ("SHELF", "left = upper"),
    ];
    assert_eq!(fields, expected);
    assert_eq!(tags.pictures.len(), 1);
    assert_eq!((tags.pictures[0].kind, tags.pictures[0].mime.as_str()), (4, "image/png"));
    assert_eq!(tags.pictures[0].data, PNG);
}

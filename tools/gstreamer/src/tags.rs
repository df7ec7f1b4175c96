//! Tags of streams and tags of GStreamer.

use gst::prelude::*;
use gst::tags as names;
use gst::{Tag, TagList, TagMergeMode};
use gst_tag::TagImageType;
use gst_tag::prelude::*;
use lmac::{Picture, Tags};

/// The kind of the value of a tag.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// A number that may stand before a total, which goes to the tag of this name: `3/12`.
    Numbered(&'static str),
    Number,
    /// A number with a unit that is not kept: `-6.1 dB`.
    Decimal(&'static str),
    Date,
}

/// Names of fields, and names of tags of GStreamer. Where several fields go to a tag, the first
/// one is written.
const FIELDS: &[(&str, &str, Kind)] = &[
    ("TITLE", "title", Kind::Text),
    ("ARTIST", "artist", Kind::Text),
    ("ALBUM", "album", Kind::Text),
    ("ALBUMARTIST", "album-artist", Kind::Text),
    ("ALBUM ARTIST", "album-artist", Kind::Text),
    ("TRACKNUMBER", "track-number", Kind::Numbered("track-count")),
    ("TRACKTOTAL", "track-count", Kind::Number),
    ("TOTALTRACKS", "track-count", Kind::Number),
    ("DISCNUMBER", "album-disc-number", Kind::Numbered("album-disc-count")),
    ("DISCTOTAL", "album-disc-count", Kind::Number),
    ("TOTALDISCS", "album-disc-count", Kind::Number),
    ("DATE", "datetime", Kind::Date),
    ("GENRE", "genre", Kind::Text),
    ("COMMENT", "comment", Kind::Text),
    ("DESCRIPTION", "description", Kind::Text),
    ("COMPOSER", "composer", Kind::Text),
    ("CONDUCTOR", "conductor", Kind::Text),
    ("PERFORMER", "performer", Kind::Text),
    ("VERSION", "version", Kind::Text),
    ("COPYRIGHT", "copyright", Kind::Text),
    ("LICENSE", "license", Kind::Text),
    ("ORGANIZATION", "organization", Kind::Text),
    ("PUBLISHER", "publisher", Kind::Text),
    ("LABEL", "publisher", Kind::Text),
    ("LOCATION", "geo-location-name", Kind::Text),
    ("CONTACT", "contact", Kind::Text),
    ("ISRC", "isrc", Kind::Text),
    ("LYRICS", "lyrics", Kind::Text),
    ("UNSYNCEDLYRICS", "lyrics", Kind::Text),
    ("GROUPING", "grouping", Kind::Text),
    ("LANGUAGE", "language-code", Kind::Text),
    ("ENCODER", "application-name", Kind::Text),
    ("ENCODED-BY", "encoded-by", Kind::Text),
    ("BPM", "beats-per-minute", Kind::Decimal("")),
    ("KEY", "musical-key", Kind::Text),
    ("REPLAYGAIN_TRACK_GAIN", "replaygain-track-gain", Kind::Decimal(" dB")),
    ("REPLAYGAIN_TRACK_PEAK", "replaygain-track-peak", Kind::Decimal("")),
    ("REPLAYGAIN_ALBUM_GAIN", "replaygain-album-gain", Kind::Decimal(" dB")),
    ("REPLAYGAIN_ALBUM_PEAK", "replaygain-album-peak", Kind::Decimal("")),
    ("REPLAYGAIN_REFERENCE_LOUDNESS", "replaygain-reference-level", Kind::Decimal(" dB")),
    ("TITLESORT", "title-sortname", Kind::Text),
    ("ARTISTSORT", "artist-sortname", Kind::Text),
    ("ALBUMSORT", "album-sortname", Kind::Text),
    ("ALBUMARTISTSORT", "album-artist-sortname", Kind::Text),
    ("COMPOSERSORT", "composer-sortname", Kind::Text),
    ("ACOUSTID_ID", "acoustid-id", Kind::Text),
    ("ACOUSTID_FINGERPRINT", "acoustid-fingerprint", Kind::Text),
    ("MUSICBRAINZ_TRACKID", "musicbrainz-trackid", Kind::Text),
    ("MUSICBRAINZ_RELEASETRACKID", "musicbrainz-releasetrackid", Kind::Text),
    ("MUSICBRAINZ_ARTISTID", "musicbrainz-artistid", Kind::Text),
    ("MUSICBRAINZ_ALBUMID", "musicbrainz-albumid", Kind::Text),
    ("MUSICBRAINZ_ALBUMARTISTID", "musicbrainz-albumartistid", Kind::Text),
    ("MUSICBRAINZ_RELEASEGROUPID", "musicbrainz-releasegroupid", Kind::Text),
    ("MUSICBRAINZ_TRMID", "musicbrainz-trmid", Kind::Text),
    ("MUSICBRAINZ_DISCID", "musicbrainz-discid", Kind::Text),
    ("DISCID", "discid", Kind::Text),
];

/// The kinds of pictures from the front cover, the third, on.
const PICTURES: [TagImageType; 18] = [
    TagImageType::FrontCover,
    TagImageType::BackCover,
    TagImageType::LeafletPage,
    TagImageType::Medium,
    TagImageType::LeadArtist,
    TagImageType::Artist,
    TagImageType::Conductor,
    TagImageType::BandOrchestra,
    TagImageType::Composer,
    TagImageType::Lyricist,
    TagImageType::RecordingLocation,
    TagImageType::DuringRecording,
    TagImageType::DuringPerformance,
    TagImageType::VideoCapture,
    TagImageType::Fish,
    TagImageType::Illustration,
    TagImageType::BandArtistLogo,
    TagImageType::PublisherStudioLogo,
];

/// Kinds of pictures that are icons.
const ICONS: [u32; 2] = [1, 2];

/// Makes the names known that GStreamer does not know from the beginning.
fn register() {
    <gst_tag::MusicalKey as Tag>::ensure();
}

/// Returns a list with the tags of a stream, and the name of the codec.
pub(crate) fn of_stream(tags: &Tags) -> TagList {
    register();
    let mut list = TagList::new();
    let change = list.make_mut();
    change.add::<names::AudioCodec>(&"lmac (lossless)", TagMergeMode::Replace);
    for (field, value) in &tags.comments {
        if !add_field(change, field, value) {
            let comment = format!("{field}={value}");
            change.add::<names::ExtendedComment>(&comment.as_str(), TagMergeMode::Append);
        }
    }
    for picture in &tags.pictures {
        add_picture(change, picture);
    }
    list
}

/// Adds the value of a field. Returns whether GStreamer has a tag for it.
fn add_field(list: &mut gst::TagListRef, field: &str, value: &str) -> bool {
    let Some((_, name, kind)) = FIELDS.iter().find(|(own, ..)| own.eq_ignore_ascii_case(field))
    else {
        return false;
    };
    let value = value.trim();
    let mut add = |name: &str, value: gst::glib::SendValue| {
        list.add_value(name, &value, TagMergeMode::Append).is_ok()
    };
    match kind {
        // Empty text is none.
        _ if value.is_empty() => true,
        Kind::Text => add(name, value.to_send_value()),
        Kind::Number => value.parse().is_ok_and(|number: u32| add(name, number.to_send_value())),
        Kind::Numbered(total) => {
            let (number, count) = value.split_once('/').unwrap_or((value, ""));
            if let Ok(count) = count.trim().parse::<u32>() {
                add(total, count.to_send_value());
            }
            let number = number.trim().parse::<u32>();
            number.is_ok_and(|number| add(name, number.to_send_value()))
        }
        Kind::Decimal(_) => {
            let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
            let number = value.replace(',', ".");
            let end = number.find(|c| !is_of_number(c)).unwrap_or(number.len());
            number[..end].parse().is_ok_and(|number: f64| add(name, number.to_send_value()))
        }
        Kind::Date => gst::DateTime::from_iso8601_string(value)
            .is_ok_and(|date| add(name, date.to_send_value())),
    }
}

fn add_picture(list: &mut gst::TagListRef, picture: &Picture) {
    let kind = (picture.kind as usize)
        .checked_sub(Picture::FRONT_COVER as usize)
        .and_then(|at| PICTURES.get(at).copied());
    let icon = ICONS.contains(&picture.kind);
    let kind = if icon { TagImageType::None } else { kind.unwrap_or(TagImageType::Undefined) };
    // Data in no format that GStreamer knows is left out.
    let Ok(sample) = gst::Sample::from_image_data(&picture.data, kind) else { return };
    match icon {
        true => list.add::<names::PreviewImage>(&sample, TagMergeMode::Append),
        false => list.add::<names::Image>(&sample, TagMergeMode::Append),
    }
}

/// Returns the tags of a stream from a list.
pub(crate) fn of_list(list: &gst::TagListRef) -> Tags {
    register();
    let mut tags = Tags::new();
    let mut written: Vec<&str> = Vec::new();
    for &(field, name, kind) in FIELDS {
        if written.contains(&name) {
            continue;
        }
        written.push(name);
        for at in 0..list.size_by_name(name) {
            let text = list.index_generic(name, at).and_then(|value| text(value, kind));
            // The names above are those of fields.
            if let Some(text) = text {
                let _ = tags.add(field, text);
            }
        }
    }
    for comment in list.iter_tag::<names::ExtendedComment>() {
        if let Some((field, value)) = comment.get().split_once('=') {
            // A language may stand behind the name: NAME[en]=value.
            let field = field.split('[').next().unwrap_or(field);
            let _ = tags.add(field, value);
        }
    }
    let pictures = list.iter_tag::<names::Image>().map(|sample| sample.get());
    tags.pictures.extend(pictures.filter_map(|sample| picture(&sample, None)));
    let icons = list.iter_tag::<names::PreviewImage>().map(|sample| sample.get());
    tags.pictures.extend(icons.filter_map(|sample| picture(&sample, Some(ICONS[1]))));
    tags
}

fn text(value: &gst::glib::SendValue, kind: Kind) -> Option<String> {
    match kind {
        Kind::Text => value.get::<String>().ok(),
        Kind::Number | Kind::Numbered(_) => Some(value.get::<u32>().ok()?.to_string()),
        Kind::Decimal(unit) => Some(format!("{}{unit}", value.get::<f64>().ok()?)),
        Kind::Date => value.get::<gst::DateTime>().ok()?.to_iso8601_string().ok().map(Into::into),
    }
}

/// Returns the picture of a sample. Its kind is in the sample, unless another one is given.
fn picture(sample: &gst::Sample, kind: Option<u32>) -> Option<Picture> {
    let data = sample.buffer()?.map_readable().ok()?.to_vec();
    let mut picture = Picture::new(data);
    if picture.mime.is_empty()
        && let Some(structure) = sample.caps().and_then(|caps| caps.structure(0))
    {
        picture.mime = structure.name().to_string();
    }
    let stored = sample.info().and_then(|info| info.get::<TagImageType>("image-type").ok());
    let place = stored.and_then(|stored| PICTURES.iter().position(|kind| *kind == stored));
    let stored = place.map_or(0, |place| place as u32 + Picture::FRONT_COVER);
    picture.kind = kind.unwrap_or(stored);
    Some(picture)
}

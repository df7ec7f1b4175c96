//! Tags and pictures, as FLAC files have them.

use std::sync::Arc;

use lmac::{Picture, Tags};
use symphonia::core::formats::{Attachment, FormatReader};
use symphonia::core::meta::well_known::{METADATA_ID_FLAC, METADATA_ID_VORBIS_COMMENT};
use symphonia::core::meta::{
    MetadataContainer, RawValue, StandardTag, StandardVisualKey, Tag, Visual,
};

use crate::container::Container;

/// The tags and pictures of a file and of one of its tracks.
pub(crate) fn read(format: &mut dyn FormatReader, track: u32, container: Container) -> Tags {
    let mut tags = Tags::new();
    let mut metadata = format.metadata();
    while let Some(revision) = metadata.current() {
        let vorbis =
            matches!(revision.info.metadata, METADATA_ID_FLAC | METADATA_ID_VORBIS_COMMENT);
        let of_track = revision.per_track.iter().filter(|it| it.track_id == u64::from(track));
        let parts = [(&revision.media, false)].into_iter();
        for (part, of_track) in parts.chain(of_track.map(|part| (&part.metadata, true))) {
            let of_matroska_track = of_track && container == Container::Matroska;
            add_tags(part, container, vorbis, of_matroska_track, &mut tags.comments);
            tags.pictures.extend(part.visuals.iter().map(|visual| picture(visual, container)));
        }
        if metadata.pop().is_none() {
            break;
        }
    }
    for attachment in format.attachments() {
        if let Attachment::File(file) = attachment
            && let Some(mime) = file.media_type.as_deref().filter(|it| it.starts_with("image/"))
        {
            let mut picture = Picture::new(file.data.to_vec());
            picture.kind = if file.name.starts_with("cover") { Picture::FRONT_COVER } else { 0 };
            picture.mime = mime.into();
            picture.description = file.description.clone().unwrap_or_default();
            tags.pictures.push(picture);
        }
    }
    tags
}

/// Appends the tags of one place.
fn add_tags(
    part: &MetadataContainer,
    container: Container,
    vorbis: bool,
    of_matroska_track: bool,
    tags: &mut Vec<(String, String)>,
) {
    let has_track_tags = part.tags.iter().any(|tag| tag.raw.key.starts_with("TRACK@"));
    let mut before: Option<&Tag> = None;
    for tag in &part.tags {
        // A comment with several meanings is there several times.
        if vorbis && before.is_some_and(|before| same_value(before, tag)) {
            continue;
        }
        before = Some(tag);
        let found = match &tag.std {
            _ if container == Container::Matroska => {
                matroska_name(&tag.raw.key, has_track_tags).map(|name| (name, None))
            }
            // Composers are among the writers.
            Some(StandardTag::Writer(_)) if container == Container::Mp4 => Some(("COMPOSER", None)),
            Some(meaning) if !vorbis => field_and_value(meaning),
            _ => None,
        };
        let (name, value) = match found {
            Some((name, value)) => (name.to_string(), value),
            None => match field_name(&tag.raw.key) {
                Some(name) => (name, None),
                None => continue,
            },
        };
        // Programs that write Matroska keep statistics among the tags of a track.
        if of_matroska_track && is_statistic(&name) {
            continue;
        }
        for value in value.map_or_else(|| values(&tag.raw.value), |value| vec![value]) {
            match (name.as_str(), value.split_once('/')) {
                ("TRACKNUMBER", Some((number, total))) if !vorbis => {
                    tags.push(("TRACKNUMBER".into(), number.into()));
                    tags.push(("TRACKTOTAL".into(), total.into()));
                }
                ("DISCNUMBER", Some((number, total))) if !vorbis => {
                    tags.push(("DISCNUMBER".into(), number.into()));
                    tags.push(("DISCTOTAL".into(), total.into()));
                }
                _ => tags.push((name.clone(), value)),
            }
        }
    }
}

/// The field name of a tag in Matroska that has another name there. Tags of an album and of a
/// track can have the same.
fn matroska_name(key: &str, has_track_tags: bool) -> Option<&'static str> {
    let (target, name) = key.rsplit_once('@').unwrap_or(("", key));
    // The album is also the target of tags without a target.
    let target = if has_track_tags { target } else { "" };
    Some(match (target, name.to_ascii_uppercase().as_str()) {
        ("ALBUM", "TITLE") => "ALBUM",
        ("ALBUM", "ARTIST") => "ALBUMARTIST",
        ("ALBUM", "TOTAL_PARTS") => "TRACKTOTAL",
        (_, "ALBUM_ARTIST") => "ALBUMARTIST",
        (_, "PART_NUMBER" | "TRACK") => "TRACKNUMBER",
        (_, "DISC") => "DISCNUMBER",
        (_, "DATE_RELEASED" | "DATE_RECORDED") => "DATE",
        (_, "CATALOG_NUMBER") => "CATALOGNUMBER",
        (_, "LABEL_CODE") => "LABELNO",
        (_, "REPLAYGAIN_GAIN") if target == "ALBUM" => "REPLAYGAIN_ALBUM_GAIN",
        (_, "REPLAYGAIN_PEAK") if target == "ALBUM" => "REPLAYGAIN_ALBUM_PEAK",
        (_, "REPLAYGAIN_GAIN") => "REPLAYGAIN_TRACK_GAIN",
        (_, "REPLAYGAIN_PEAK") => "REPLAYGAIN_TRACK_PEAK",
        _ => return None,
    })
}

/// Whether two tags have the same string in memory.
fn same_value(one: &Tag, other: &Tag) -> bool {
    match (&one.raw.value, &other.raw.value) {
        (RawValue::String(one), RawValue::String(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn is_statistic(name: &str) -> bool {
    matches!(name, "BPS" | "DURATION" | "ENCODER" | "NUMBER_OF_BYTES" | "NUMBER_OF_FRAMES")
        || name.starts_with("_STATISTICS_")
}

/// The field name that a key becomes, if it can be one.
fn field_name(key: &str) -> Option<String> {
    // Free tags of MP4 have a domain before the name, those of Matroska a target.
    let key = key.rsplit_once(['@', ':']).map_or(key, |(_, name)| name);
    let valid = !key.is_empty() && key.bytes().all(|it| matches!(it, 0x20..=0x7D) && it != b'=');
    valid.then(|| key.to_ascii_uppercase())
}

fn values(value: &RawValue) -> Vec<String> {
    match value {
        RawValue::String(text) => vec![text.to_string()],
        RawValue::StringList(texts) => texts.to_vec(),
        RawValue::UnsignedInt(number) => vec![number.to_string()],
        RawValue::SignedInt(number) => vec![number.to_string()],
        RawValue::Float(number) => vec![number.to_string()],
        RawValue::Boolean(flag) => vec![u8::from(*flag).to_string()],
        RawValue::Flag => vec!["1".into()],
        _ => Vec::new(),
    }
}

/// The field name of a meaning, and its value where it is not the value of the tag.
fn field_and_value(meaning: &StandardTag) -> Option<(&'static str, Option<String>)> {
    use StandardTag as Is;
    let text = |name, text: &Arc<String>| Some((name, Some(text.to_string())));
    let number = |name, number: u64| Some((name, Some(number.to_string())));
    match meaning {
        Is::Album(it) => text("ALBUM", it),
        Is::AlbumArtist(it) => text("ALBUMARTIST", it),
        Is::Arranger(it) => text("ARRANGER", it),
        Is::Artist(it) => text("ARTIST", it),
        Is::Author(it) => text("AUTHOR", it),
        Is::Bpm(it) => number("BPM", *it),
        Is::Comment(it) => text("COMMENT", it),
        Is::CompilationFlag(it) => number("COMPILATION", u64::from(*it)),
        Is::Composer(it) => text("COMPOSER", it),
        Is::Conductor(it) => text("CONDUCTOR", it),
        Is::Copyright(it) => text("COPYRIGHT", it),
        Is::Description(it) => text("DESCRIPTION", it),
        Is::DiscNumber(it) => number("DISCNUMBER", *it),
        Is::DiscSubtitle(it) => text("DISCSUBTITLE", it),
        Is::DiscTotal(it) => number("DISCTOTAL", *it),
        Is::EncodedBy(it) => text("ENCODED-BY", it),
        Is::Encoder(it) => text("ENCODER", it),
        Is::EncoderSettings(it) => text("ENCODERSETTINGS", it),
        Is::Engineer(it) => text("ENGINEER", it),
        Is::Genre(it) => text("GENRE", it),
        Is::Grouping(it) => text("GROUPING", it),
        Is::IdentAsin(it) => text("ASIN", it),
        Is::IdentBarcode(it) => text("BARCODE", it),
        Is::IdentCatalogNumber(it) => text("CATALOGNUMBER", it),
        Is::IdentIsrc(it) => text("ISRC", it),
        Is::IdentPodcast(it) => text("PODCASTID", it),
        Is::IdentUpc(it) => text("UPC", it),
        Is::InitialKey(it) => text("KEY", it),
        Is::Label(it) => text("LABEL", it),
        Is::Language(it) => text("LANGUAGE", it),
        Is::License(it) => text("LICENSE", it),
        Is::Lyricist(it) => text("LYRICIST", it),
        Is::Lyrics(it) => text("LYRICS", it),
        Is::MediaFormat(it) => text("MEDIA", it),
        Is::MixDj(it) => text("DJMIXER", it),
        Is::MixEngineer(it) => text("MIXER", it),
        Is::Mood(it) => text("MOOD", it),
        Is::MovementName(it) => text("MOVEMENTNAME", it),
        Is::MovementNumber(it) => number("MOVEMENT", *it),
        Is::MovementTotal(it) => number("MOVEMENTTOTAL", *it),
        Is::MusicBrainzAlbumArtistId(it) => text("MUSICBRAINZ_ALBUMARTISTID", it),
        Is::MusicBrainzAlbumId(it) => text("MUSICBRAINZ_ALBUMID", it),
        Is::MusicBrainzArtistId(it) => text("MUSICBRAINZ_ARTISTID", it),
        Is::MusicBrainzDiscId(it) => text("MUSICBRAINZ_DISCID", it),
        Is::MusicBrainzOriginalAlbumId(it) => text("MUSICBRAINZ_ORIGINALALBUMID", it),
        Is::MusicBrainzOriginalArtistId(it) => text("MUSICBRAINZ_ORIGINALARTISTID", it),
        // The field is named after tracks and holds a recording.
        Is::MusicBrainzRecordingId(it) => text("MUSICBRAINZ_TRACKID", it),
        Is::MusicBrainzTrackId(it) => text("MUSICBRAINZ_TRACKID", it),
        Is::MusicBrainzReleaseGroupId(it) => text("MUSICBRAINZ_RELEASEGROUPID", it),
        Is::MusicBrainzReleaseStatus(it) => text("RELEASESTATUS", it),
        Is::MusicBrainzReleaseTrackId(it) => text("MUSICBRAINZ_RELEASETRACKID", it),
        Is::MusicBrainzReleaseType(it) => text("RELEASETYPE", it),
        Is::MusicBrainzTrmId(it) => text("MUSICBRAINZ_TRMID", it),
        Is::MusicBrainzWorkId(it) => text("MUSICBRAINZ_WORKID", it),
        Is::AcoustIdFingerprint(it) => text("ACOUSTID_FINGERPRINT", it),
        Is::AcoustIdId(it) => text("ACOUSTID_ID", it),
        Is::Narrator(it) => text("NARRATOR", it),
        Is::OriginalArtist(it) => text("ORIGINALARTIST", it),
        Is::OriginalReleaseDate(it) => text("ORIGINALDATE", it),
        Is::OriginalReleaseYear(it) => number("ORIGINALYEAR", u64::from(*it)),
        Is::Owner(it) => text("OWNER", it),
        Is::Part(it) => text("PART", it),
        Is::Performer(it) => text("PERFORMER", it),
        Is::Producer(it) => text("PRODUCER", it),
        Is::ProductionCopyright(it) => text("PHONOGRAM", it),
        Is::PurchaseDate(it) => text("PURCHASEDATE", it),
        Is::RecordingDate(it) | Is::ReleaseDate(it) => text("DATE", it),
        Is::RecordingYear(it) | Is::ReleaseYear(it) => number("DATE", u64::from(*it)),
        Is::ReleaseCountry(it) => text("RELEASECOUNTRY", it),
        Is::Remixer(it) => text("REMIXER", it),
        Is::ReplayGainAlbumGain(it) => text("REPLAYGAIN_ALBUM_GAIN", it),
        Is::ReplayGainAlbumPeak(it) => text("REPLAYGAIN_ALBUM_PEAK", it),
        Is::ReplayGainAlbumRange(it) => text("REPLAYGAIN_ALBUM_RANGE", it),
        Is::ReplayGainReferenceLoudness(it) => text("REPLAYGAIN_REFERENCE_LOUDNESS", it),
        Is::ReplayGainTrackGain(it) => text("REPLAYGAIN_TRACK_GAIN", it),
        Is::ReplayGainTrackPeak(it) => text("REPLAYGAIN_TRACK_PEAK", it),
        Is::ReplayGainTrackRange(it) => text("REPLAYGAIN_TRACK_RANGE", it),
        Is::Script(it) => text("SCRIPT", it),
        Is::Soloist(it) => text("SOLOIST", it),
        Is::SortAlbum(it) => text("ALBUMSORT", it),
        Is::SortAlbumArtist(it) => text("ALBUMARTISTSORT", it),
        Is::SortArtist(it) => text("ARTISTSORT", it),
        Is::SortComposer(it) => text("COMPOSERSORT", it),
        Is::SortTrackTitle(it) => text("TITLESORT", it),
        Is::Synopsis(it) => text("SYNOPSIS", it),
        Is::TrackNumber(it) => number("TRACKNUMBER", *it),
        Is::TrackSubtitle(it) => text("SUBTITLE", it),
        Is::TrackTitle(it) => text("TITLE", it),
        // MP4 has a total of zero where there is none.
        Is::TrackTotal(it) if *it > 0 => number("TRACKTOTAL", *it),
        Is::Url(it) => text("URL", it),
        Is::Version(it) => text("VERSION", it),
        Is::Work(it) => text("WORK", it),
        Is::Writer(it) => text("WRITER", it),
        _ => None,
    }
}

fn picture(visual: &Visual, container: Container) -> Picture {
    let mut picture = Picture::new(visual.data.to_vec());
    picture.kind = match &visual.usage {
        Some(usage) => picture_kind(*usage),
        // It has covers only.
        None if container == Container::Mp4 => Picture::FRONT_COVER,
        None => 0,
    };
    if let Some(mime) = &visual.media_type {
        picture.mime.clone_from(mime);
    }
    let description = visual.tags.iter().find_map(|tag| match &tag.std {
        Some(StandardTag::Description(text)) => Some(text.to_string()),
        _ => None,
    });
    picture.description = description.unwrap_or_default();
    picture
}

fn picture_kind(usage: StandardVisualKey) -> u32 {
    use StandardVisualKey as Is;
    match usage {
        Is::FileIcon => 1,
        Is::OtherIcon => 2,
        Is::FrontCover => Picture::FRONT_COVER,
        Is::BackCover => 4,
        Is::Leaflet => 5,
        Is::Media => 6,
        Is::LeadArtistPerformerSoloist => 7,
        Is::ArtistPerformer => 8,
        Is::Conductor => 9,
        Is::BandOrchestra => 10,
        Is::Composer => 11,
        Is::Lyricist => 12,
        Is::RecordingLocation => 13,
        Is::RecordingSession => 14,
        Is::Performance => 15,
        Is::ScreenCapture => 16,
        Is::Illustration => 18,
        Is::BandArtistLogo => 19,
        Is::PublisherStudioLogo => 20,
        _ => 0,
    }
}

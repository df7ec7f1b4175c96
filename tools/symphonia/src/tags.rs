//! Tags, pictures and cue sheets, as Symphonia has those of a FLAC file.

use std::sync::Arc;

use lmac::{Picture, Tags};
use symphonia::core::errors::Result;
use symphonia::core::io::BufReader;
use symphonia::core::meta::{
    ChapterGroup, MetadataBuilder, MetadataRevision, RawTag, Size, StandardTag, Tag, Visual,
};
use symphonia::core::units::TimeBase;
use symphonia::core::util::text::filter::ascii_text;
use symphonia_metadata::embedded::flac::{read_flac_comment_block, read_flac_cuesheet_block};
use symphonia_metadata::embedded::vorbis::VORBIS_COMMENT_METADATA_INFO;
use symphonia_metadata::utils::id3v2::get_visual_key_from_picture_type;

/// Returns the comments and pictures; `None` if there are none.
pub(crate) fn metadata(tags: Tags) -> Result<Option<MetadataRevision>> {
    if tags.comments.is_empty() && tags.pictures.is_empty() {
        return Ok(None);
    }
    let mut builder = MetadataBuilder::new(VORBIS_COMMENT_METADATA_INFO);
    let (texts, others): (Vec<_>, Vec<_>) =
        tags.comments.into_iter().partition(|(field, _)| is_text(field));
    read_flac_comment_block(&mut BufReader::new(&comment_block(&texts)), &mut builder)?;
    for (field, value) in others {
        builder.add_tag(Tag::new(RawTag::new(field, value)));
    }
    for picture in tags.pictures {
        builder.add_visual(visual(picture));
    }
    Ok(Some(builder.build()))
}

/// Returns the chapters of a cue sheet.
pub(crate) fn chapters(tags: &Tags, time_base: TimeBase) -> Option<ChapterGroup> {
    let sheet = tags.cue_sheets.first()?;
    // A fault in a cue sheet does not matter for playing.
    read_flac_cuesheet_block(&mut BufReader::new(sheet), time_base).ok()
}

/// Whether Symphonia takes the comment of this field for text. The parsers of the others fail
/// arithmetic on hostile values, which ends the program in some builds.
fn is_text(field: &str) -> bool {
    let field: String = field.chars().filter(ascii_text).collect();
    let field = field.to_ascii_lowercase();
    !field.starts_with("chapter") && field != "metadata_block_picture" && field != "coverart"
}

/// Returns the data of a VORBIS_COMMENT block.
fn comment_block(comments: &[(String, String)]) -> Vec<u8> {
    let mut block = vec![0; 4];
    block.extend((comments.len() as u32).to_le_bytes());
    for (field, value) in comments {
        block.extend((field.len() as u32 + 1 + value.len() as u32).to_le_bytes());
        block.extend([field.as_bytes(), b"=", value.as_bytes()].concat());
    }
    block
}

fn visual(picture: Picture) -> Visual {
    let Picture { kind, mime, description, width, height, data, .. } = picture;
    let description = (!description.is_empty()).then(|| {
        let text = Arc::new(description);
        Tag::new_from_parts("DESCRIPTION", text.clone(), Some(StandardTag::Description(text)))
    });
    Visual {
        media_type: (!mime.is_empty()).then_some(mime),
        dimensions: (width > 0 && height > 0).then_some(Size { width, height }),
        color_mode: None,
        usage: get_visual_key_from_picture_type(kind),
        tags: description.into_iter().collect(),
        data: data.into(),
    }
}

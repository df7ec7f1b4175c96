//! Tags and pictures: what they are, how they are stored, and how they are found in the bytes
//! that source files have around their audio. Slices in, values out.

mod ape;
mod flac;
mod id3;
mod image;
mod reading;
mod riff;
mod source;

use std::collections::HashSet;
use std::fmt;

use crate::error::{Error, Result};

pub(crate) use self::flac::{BLOCK_HEADER, parse, run_length, write_padded, write_run};
pub(crate) use self::source::from_source;

/// Name of the program that has written tags, in tags that are new.
const VENDOR: &str = concat!("lmac ", env!("CARGO_PKG_VERSION"));

/// Most bytes in the name of a field that is found in a file of another format; it is copied for
/// each value.
const MAX_FIELD: usize = 256;

/// Most comments that tags may have.
const MAX_COMMENTS: usize = 1 << 16;

/// Tags and pictures of a stream.
///
/// They are those of a FLAC file: comments (`ARTIST=...`), pictures, and blocks that are kept as
/// they are. Names of fields are compared without regard to ASCII case, and a field can have
/// several values.
///
/// ```
/// use lmac::{AudioSpec, EncodeOptions, Encoder, Inspector, SampleFormat, Tags};
///
/// let mut tags = Tags::new();
/// tags.set("TITLE", "Aria")?;
/// tags.add("ARTIST", "Ada")?;
/// tags.add("ARTIST", "Grace")?;
///
/// let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
/// let options = EncodeOptions::default().with_tags(tags);
/// let stream = Encoder::with_options(Vec::new(), spec, options)?.finish()?.writer;
///
/// let tags = Inspector::new(stream.as_slice())?.tags()?;
/// assert_eq!(tags.get("title"), Some("Aria"));
/// assert_eq!(tags.get_all("Artist").collect::<Vec<_>>(), ["Ada", "Grace"]);
/// # Ok::<(), lmac::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tags {
    /// The program that has written the tags.
    pub vendor: String,
    /// Fields and their values, in order.
    pub comments: Vec<(String, String)>,
    /// Pictures.
    pub pictures: Vec<Picture>,
    /// Comments that are not `FIELD=value` in UTF-8. They are kept as they are.
    pub other_comments: Vec<Vec<u8>>,
    /// Data of CUESHEET blocks. They are kept as they are.
    pub cue_sheets: Vec<Vec<u8>>,
    /// Data of APPLICATION blocks: an id of four bytes, and bytes that only the application
    /// knows. They are kept as they are.
    pub applications: Vec<Vec<u8>>,
}

impl Default for Tags {
    fn default() -> Self {
        Tags {
            vendor: VENDOR.into(),
            comments: Vec::new(),
            pictures: Vec::new(),
            other_comments: Vec::new(),
            cue_sheets: Vec::new(),
            applications: Vec::new(),
        }
    }
}

impl Tags {
    /// Makes tags without a comment.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads tags from the data of a stream's tags packets, one behind the other: metadata blocks
    /// as in a FLAC file.
    pub fn parse(data: &[u8]) -> Result<Self> {
        parse(data)
    }

    /// Returns whether there is nothing but the vendor.
    pub fn is_empty(&self) -> bool {
        self.comments.is_empty()
            && self.pictures.is_empty()
            && self.other_comments.is_empty()
            && self.cue_sheets.is_empty()
            && self.applications.is_empty()
    }

    /// Returns the first value of a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.get_all(field).next()
    }

    /// Returns all values of a field, in order.
    pub fn get_all(&self, field: &str) -> impl Iterator<Item = &str> {
        self.comments
            .iter()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(field))
            .map(|(_, value)| value.as_str())
    }

    /// Adds a value to a field. Fails if the name is not that of a field.
    pub fn add(&mut self, field: &str, value: impl Into<String>) -> Result<()> {
        check_field(field)?;
        self.comments.push((field.into(), value.into()));
        Ok(())
    }

    /// Replaces all values of a field with this one. It takes the place of the first of them.
    pub fn set(&mut self, field: &str, value: impl Into<String>) -> Result<()> {
        check_field(field)?;
        let same = |(name, _): &(String, String)| name.eq_ignore_ascii_case(field);
        let at = self.comments.iter().position(same).unwrap_or(self.comments.len());
        self.remove(field);
        self.comments.insert(at, (field.into(), value.into()));
        Ok(())
    }

    /// Removes all values of a field, and returns their number.
    pub fn remove(&mut self, field: &str) -> usize {
        let before = self.comments.len();
        self.comments.retain(|(name, _)| !name.eq_ignore_ascii_case(field));
        before - self.comments.len()
    }

    /// Takes fields and pictures of others, as far as there is none of the kind yet.
    fn complete(&mut self, others: Tags) {
        let name = |field: &str| field.to_ascii_uppercase();
        let known: HashSet<String> = self.comments.iter().map(|(own, _)| name(own)).collect();
        for (field, value) in others.comments {
            if self.comments.len() < MAX_COMMENTS && !known.contains(&name(&field)) {
                self.comments.push((field, value));
            }
        }
        if self.pictures.is_empty() {
            self.pictures = others.pictures;
        }
        self.other_comments.extend(others.other_comments);
        self.cue_sheets.extend(others.cue_sheets);
        self.applications.extend(others.applications);
    }

    /// Drops what a stream cannot keep: pictures that are too long, or everything where there is
    /// too much of it.
    pub(crate) fn that_fit(mut self) -> Tags {
        if run_length(&self).is_ok() {
            return self;
        }
        self.pictures.retain(|picture| {
            let alone = Tags { pictures: vec![picture.clone()], ..Tags::new() };
            run_length(&alone).is_ok()
        });
        if run_length(&self).is_ok() { self } else { Tags::new() }
    }

    /// Adds a comment that was found in a file. The characters that no field can have are
    /// replaced.
    fn put(&mut self, field: &str, value: &str) {
        let value = value.trim_end_matches(['\0', ' ', '\r', '\n']);
        let long = field.len() > MAX_FIELD;
        if value.is_empty() || long || self.comments.len() >= MAX_COMMENTS {
            return;
        }
        let field: String = field
            .chars()
            .map(|c| if is_of_field(c) { c.to_ascii_uppercase() } else { '_' })
            .collect();
        let field = if field.is_empty() { "COMMENT".into() } else { field };
        self.comments.push((field, value.into()));
    }

    /// Adds a number that may stand before a total, as in `3/12`.
    fn put_numbered(&mut self, number: &str, total: &str, value: &str) {
        let (first, rest) = value.split_once('/').unwrap_or((value, ""));
        self.put(number, first.trim());
        self.put(total, rest.trim());
    }
}

fn is_of_field(character: char) -> bool {
    matches!(character, ' '..='}') && character != '='
}

fn check_field(field: &str) -> Result<()> {
    if !field.is_empty() && field.chars().all(is_of_field) {
        return Ok(());
    }
    Err(Error::argument(format!(
        "\"{}\" is not the name of a field; it has printable ASCII characters other than = and ~",
        field.escape_debug()
    )))
}

/// A picture.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Picture {
    /// What it shows: a number of ID3v2, such as 3 for the front cover.
    pub kind: u32,
    /// Its media type; `-->` if the data is the address of the picture.
    pub mime: String,
    /// Its description.
    pub description: String,
    /// Width in pixels; 0 if it is not known.
    pub width: u32,
    /// Height in pixels; 0 if it is not known.
    pub height: u32,
    /// Bits of a pixel; 0 if they are not known.
    pub depth: u32,
    /// Colours of a picture with a palette; 0 for others.
    pub colors: u32,
    /// The bytes of the picture.
    pub data: Vec<u8>,
}

impl Picture {
    /// The kind of a front cover.
    pub const FRONT_COVER: u32 = 3;

    /// Makes a front cover of a file. Its media type and dimensions are found in PNG, JPEG, GIF
    /// and WebP files; for others, the type is empty.
    pub fn new(data: Vec<u8>) -> Self {
        let found = image::look(&data).unwrap_or_default();
        Picture {
            kind: Self::FRONT_COVER,
            mime: found.mime.into(),
            description: String::new(),
            width: found.width,
            height: found.height,
            depth: found.depth,
            colors: found.colors,
            data,
        }
    }

    /// Returns the name of what the picture shows.
    pub fn kind_name(&self) -> &'static str {
        KINDS.get(self.kind as usize).copied().unwrap_or("unknown")
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("kind", &self.kind)
            .field("mime", &self.mime)
            .field("description", &self.description)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// The kinds of pictures, by number.
const KINDS: [&str; 21] = [
    "other",
    "file icon of 32x32 pixels",
    "other file icon",
    "front cover",
    "back cover",
    "leaflet page",
    "media",
    "lead artist",
    "artist",
    "conductor",
    "band",
    "composer",
    "lyricist",
    "recording location",
    "during recording",
    "during performance",
    "screen capture",
    "fish",
    "illustration",
    "logo of band",
    "logo of publisher",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_several_values_in_any_case() {
        let mut tags = Tags::new();
        assert!(tags.is_empty());
        tags.add("Artist", "a").unwrap();
        tags.add("TITLE", "t").unwrap();
        tags.add("ARTIST", "b").unwrap();
        assert_eq!(tags.get("artist"), Some("a"));
        tags.set("artist", "c").unwrap();
        assert_eq!(tags.comments[0], ("artist".into(), "c".into()));
        assert_eq!(tags.get_all("ARTIST").count(), 1);
        assert_eq!((tags.remove("aRTIST"), tags.remove("artist")), (1, 0));
        for bad in ["", "a=b", "\u{e9}", "a~", "a\n"] {
            let error = tags.add(bad, "x").unwrap_err();
            assert!(error.to_string().contains("is not the name of a field"), "{error}");
        }
    }
}

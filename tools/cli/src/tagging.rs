//! Tags on the command line, and as results.

use std::fs;
use std::path::PathBuf;

use lmac::{Picture, Tags};
use serde::Serialize;

use crate::failure::Failure;
use crate::units::count;

/// Most bytes of a file with tags or with a picture.
const MOST: u64 = 1 << 24;

/// A value for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Field {
    /// Parses `FIELD=VALUE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(format!("'{text}' has no =; tags are FIELD=VALUE"));
        };
        check_name(name)?;
        Ok(Field { name: name.into(), value: value.into() })
    }
}

/// Fails if this is not the name of a field.
fn check_name(name: &str) -> Result<(), String> {
    Tags::new().add(name, "").map_err(|error| error.to_string())
}

/// Parses the name of a field.
pub(crate) fn field_name(name: &str) -> Result<String, String> {
    check_name(name).map(|()| name.into())
}

/// Sets these fields to these values. A field that is named several times gets several values.
pub(crate) fn set(tags: &mut Tags, fields: &[Field]) -> lmac::Result<()> {
    for (at, field) in fields.iter().enumerate() {
        match fields[..at].iter().any(|before| before.name.eq_ignore_ascii_case(&field.name)) {
            false => tags.set(&field.name, &field.value)?,
            true => tags.add(&field.name, &field.value)?,
        }
    }
    Ok(())
}

/// Adds these values.
pub(crate) fn add(tags: &mut Tags, fields: &[Field]) -> lmac::Result<()> {
    for Field { name, value } in fields {
        tags.add(name, value)?;
    }
    Ok(())
}

/// A picture to add, as metaflac takes it: `[TYPE|MIME|DESCRIPTION|WIDTHxHEIGHTxDEPTH|]FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PictureSpec {
    kind: u32,
    mime: String,
    description: String,
    /// Width, height, depth and colours, if they are given.
    size: Option<[u32; 4]>,
    file: PathBuf,
}

/// The media type of a picture that is only an address.
const ADDRESS: &str = "-->";

impl PictureSpec {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(5, '|').collect();
        let (kind, mime, description, size, file) = match parts[..] {
            [file] => ("", "", "", "", file),
            [kind, mime, description, size, file] => (kind, mime, description, size, file),
            _ => {
                let parts = parts.len();
                return Err(format!(
                    "'{text}' has {parts} parts; a picture has one, a file's name, or five: \
                     TYPE|MIME|DESCRIPTION|WIDTHxHEIGHTxDEPTH|FILE"
                ));
            }
        };
        let kind = match kind {
            "" => Some(Picture::FRONT_COVER),
            kind => kind.parse().ok().filter(|&kind: &u32| kind <= 20),
        };
        Ok(PictureSpec {
            kind: kind.ok_or("the type of a picture is a number from 0 to 20")?,
            mime: mime.into(),
            description: description.into(),
            size: if size.is_empty() { None } else { Some(parse_size(size)?) },
            file: file.into(),
        })
    }

    /// Reads the picture.
    pub(crate) fn load(&self) -> Result<Picture, Failure> {
        let data = match self.mime.as_str() {
            ADDRESS => self.file.to_string_lossy().into_owned().into_bytes(),
            _ => read(&self.file)?,
        };
        let mut picture = Picture::new(data);
        picture.kind = self.kind;
        picture.description.clone_from(&self.description);
        if !self.mime.is_empty() {
            picture.mime.clone_from(&self.mime);
        }
        if let Some([width, height, depth, colors]) = self.size {
            (picture.width, picture.height) = (width, height);
            (picture.depth, picture.colors) = (depth, colors);
        }
        if picture.mime.is_empty() {
            let message = "is not a PNG, JPEG, GIF or WebP file; name its media type, as in \
                           '3|image/bmp|||FILE'";
            return Err(Failure::elsewhere(self.file.display().to_string(), message));
        }
        Ok(picture)
    }
}

fn parse_size(text: &str) -> Result<[u32; 4], String> {
    let (size, colors) = text.split_once('/').unwrap_or((text, "0"));
    let numbers: Option<Vec<u32>> =
        size.split('x').chain([colors]).map(|number| number.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(|| {
        format!("'{text}' is not the size of a picture, WIDTHxHEIGHTxDEPTH or .../COLORS")
    })
}

/// Reads a small file.
fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    let fail = |message: String| Failure::elsewhere(path.display().to_string(), message);
    let length = fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
    if length > MOST {
        return Err(fail(format!("has {length} bytes; at most {MOST} fit into tags")));
    }
    fs::read(path).map_err(|error| fail(error.to_string()))
}

/// Reads a text, from a file or from standard input.
pub(crate) fn read_text(path: &PathBuf) -> Result<String, Failure> {
    let bytes = match path.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
            bytes
        }
        false => read(path)?,
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = "is not UTF-8; convert it first, for instance with iconv";
        Failure::elsewhere(path.display().to_string(), message)
    })?;
    Ok(text.trim_start_matches('\u{FEFF}').into())
}

/// Parses lines of `FIELD=VALUE`.
pub(crate) fn parse_lines(text: &str) -> Result<Vec<Field>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(at, line)| Field::parse(line).map_err(|error| format!("line {}: {error}", at + 1)))
        .collect()
}

/// What would move a terminal's cursor, as escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character.is_control() {
            true => out.extend(character.escape_default()),
            false => out.push(character),
        }
    }
    out
}

/// A picture, for people.
pub(crate) fn describe(picture: &Picture) -> String {
    let mut text = format!("{}, {}", picture.kind_name(), printable(&picture.mime));
    if picture.width > 0 {
        text.push_str(&format!(", {}x{}", picture.width, picture.height));
    }
    text.push_str(&format!(", {}", count(picture.data.len() as u64, "byte")));
    if !picture.description.is_empty() {
        text.push_str(&format!(", \"{}\"", printable(&picture.description)));
    }
    text
}

/// Tags, for programs.
#[derive(Serialize)]
pub(crate) struct TagsJson {
    /// Null if they cannot be read.
    pub(crate) tags: Option<Vec<(String, String)>>,
    pub(crate) pictures: Option<Vec<PictureJson>>,
}

#[derive(Serialize)]
pub(crate) struct PictureJson {
    r#type: u32,
    mime: String,
    description: String,
    width: u32,
    height: u32,
    depth: u32,
    colors: u32,
    bytes: usize,
}

impl TagsJson {
    pub(crate) fn new(tags: Option<&Tags>) -> Self {
        TagsJson {
            tags: tags.map(|tags| tags.comments.clone()),
            pictures: tags.map(|tags| tags.pictures.iter().map(PictureJson::from).collect()),
        }
    }
}

impl From<&Picture> for PictureJson {
    fn from(picture: &Picture) -> Self {
        PictureJson {
            r#type: picture.kind,
            mime: picture.mime.clone(),
            description: picture.description.clone(),
            width: picture.width,
            height: picture.height,
            depth: picture.depth,
            colors: picture.colors,
            bytes: picture.data.len(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[test]
    fn specifications_of_pictures() {
        let plain = PictureSpec::parse("cover.png").unwrap();
        assert_eq!((plain.kind, plain.size), (3, None));
        let spec = PictureSpec::parse("4|image/png|Back|10x20x24/7|a|b.png").unwrap();
        assert_eq!((spec.kind, spec.size), (4, Some([10, 20, 24, 7])));
        assert_eq!((spec.description.as_str(), spec.file), ("Back", "a|b.png".into()));
        for bad in ["a|b", "21||||f", "x||||f", "3|||10x20|f", "3|||axbxc|f"] {
            assert!(PictureSpec::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines() {
        let fields = parse_lines("TITLE=a=b\r\n\nARTIST=\n").unwrap();
        assert_eq!(fields[0], Field { name: "TITLE".into(), value: "a=b".into() });
        assert_eq!(fields.len(), 2);
        assert!(parse_lines("A=b\nnothing").unwrap_err().starts_with("line 2: "));
        assert!(parse_lines("=b").is_err());
        assert_eq!(printable("a\nb\u{1b}é"), "a\\nb\\u{1b}é");
    }
}

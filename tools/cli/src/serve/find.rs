//! What stands under the paths of an archive that is served.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use super::listing;
use crate::archive::{Archive, Bytes, tag};
use crate::failure::Failure;
use crate::inputs::has_extension;
use crate::target::Target;

/// What stands under a path.
pub(super) enum Found {
    Nothing,
    /// The path lacks a slash at its end.
    Moved(String),
    Page(String),
    File(Content),
}

/// The bytes of a file.
pub(super) struct Content {
    pub(super) bytes: Bytes,
    /// Its type, for browsers and players.
    pub(super) kind: &'static str,
    /// It changes when the file does.
    pub(super) tag: String,
}

/// Looks for what stands under a path, which begins with a slash.
pub(super) fn find(archive: &Archive<'_>, path: &str) -> Result<Found, Failure> {
    let Some(below) = below(path) else { return Ok(Found::Nothing) };
    let full = archive.root().join(&below);
    if let Some(folder) = archive.inside(&full).filter(|folder| folder.is_dir()) {
        if !path.ends_with('/') {
            // Two slashes at the start would be the name of another server.
            return Ok(Found::Moved(format!("/{}/", path.trim_start_matches('/'))));
        }
        return Ok(Found::Page(listing::page(archive, &folder, path)?));
    }
    if path.ends_with('/') {
        return Ok(Found::Nothing);
    }
    let stream = full.with_extension("lmac");
    let Some(stream) = archive.inside(&stream).filter(|stream| stream.is_file()) else {
        return Ok(Found::Nothing);
    };
    let file = File::open(&stream)?;
    let metadata = file.metadata()?;
    let tag = tag(&metadata);
    if has_extension(&full, &["lmac"]) {
        let (bytes, kind) = (Bytes::Plain(file, metadata.len()), "application/octet-stream");
        return Ok(Found::File(Content { bytes, kind, tag: format!("\"{tag}\"") }));
    }
    let source = archive.source(&stream, &file, &tag)?;
    let Some(target) = Target::served(&full, source) else { return Ok(Found::Nothing) };
    let extension = target.extension(source);
    let bytes = Bytes::Restored(archive.restored(stream, file, tag.clone(), target)?);
    // The original and a WAV file of the same stream differ.
    let tag = format!("\"{tag}-{extension}\"");
    Ok(Found::File(Content { bytes, kind: kind(extension), tag }))
}

/// The path below the folder; `None` if it is no plain path or has a part that is not served.
fn below(path: &str) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if !is_served(part) {
            return None;
        }
        let mut components = Path::new(part).components();
        let (Some(Component::Normal(name)), None) = (components.next(), components.next()) else {
            return None;
        };
        below.push(name);
    }
    Some(below)
}

/// Whether a file or folder of this name is served.
pub(super) fn is_served(name: &str) -> bool {
    // Windows takes these for folders, drives and streams of a file.
    let special = cfg!(windows) && name.contains(['\\', ':']);
    !name.starts_with('.') && !name.contains('\0') && !special
}

fn kind(extension: &str) -> &'static str {
    match extension {
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "aiff" => "audio/aiff",
        "caf" => "audio/x-caf",
        "au" => "audio/basic",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/", Some("")),
            ("/a/b.wav", Some("a/b.wav")),
            ("//a///b/", Some("a/b")),
            ("/../a", None),
            ("/a/../../b", None),
            ("/a/./b", None),
            ("/.hidden/a", None),
            ("/a\0b", None),
            #[cfg(windows)]
            ("/a\\..\\b", None),
            #[cfg(windows)]
            ("/c:/a", None),
            #[cfg(unix)]
            ("/c:/a", Some("c:/a")),
        ] {
            assert_eq!(below(path), expected.map(PathBuf::from), "{path:?}");
        }
    }
}

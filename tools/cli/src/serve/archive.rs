//! The folder that is served, and the files in it.

use std::fs::{self, File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use lmac::source::{FileCache, RestoredFile};
use lmac::{DecodeOptions, Decoder};

use super::listing;
use crate::failure::Failure;
use crate::inputs::has_extension;
use crate::models::Models;
use crate::report::Report;
use crate::target::Target;

/// Files that stay open.
const MOST_OPEN: usize = 64;

/// A folder whose streams are served as the files that they came from.
pub(crate) struct Archive<'a> {
    root: PathBuf,
    options: DecodeOptions,
    cache: FileCache,
    models: Mutex<Models<'a>>,
    /// The files that were asked for last, the latest one at the end.
    open: Mutex<Vec<Open>>,
}

struct Open {
    stream: PathBuf,
    target: Target,
    tag: String,
    file: RestoredFile<File>,
}

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
    bytes: Bytes,
    /// Its type, for browsers and players.
    pub(super) kind: &'static str,
    /// It changes when the file does.
    pub(super) tag: String,
}

enum Bytes {
    Restored(RestoredFile<File>),
    /// A stream as it is, and its length.
    Plain(File, u64),
}

impl<'a> Archive<'a> {
    /// Opens a folder. Decoded audio may take so many bytes, and so many readers decode at the same
    /// time.
    pub(crate) fn open(
        folder: &Path,
        options: DecodeOptions,
        (memory, readers): (u64, usize),
        report: &'a Report,
        model: Option<&'a Path>,
    ) -> Result<Self, Failure> {
        let root = fs::canonicalize(folder)?;
        if !root.is_dir() {
            return Err(Failure::Here("it is not a folder".into()));
        }
        Ok(Archive {
            root,
            options,
            cache: FileCache::new(memory, readers),
            models: Mutex::new(Models::new(report, model)),
            open: Mutex::default(),
        })
    }

    /// Looks for what stands under a path, which begins with a slash.
    pub(super) fn find(&self, path: &str) -> Result<Found, Failure> {
        let Some(below) = below(path) else { return Ok(Found::Nothing) };
        let full = self.root.join(&below);
        if let Some(folder) = self.inside(&full).filter(|folder| folder.is_dir()) {
            if !path.ends_with('/') {
                // Two slashes at the start would be the name of another server.
                return Ok(Found::Moved(format!("/{}/", path.trim_start_matches('/'))));
            }
            return Ok(Found::Page(listing::page(&folder, path)?));
        }
        if path.ends_with('/') {
            return Ok(Found::Nothing);
        }
        let stream = full.with_extension("lmac");
        let Some(stream) = self.inside(&stream).filter(|stream| stream.is_file()) else {
            return Ok(Found::Nothing);
        };
        let file = File::open(&stream)?;
        let tag = tag(&file.metadata()?);
        if has_extension(&full, &["lmac"]) {
            let length = file.metadata()?.len();
            let (bytes, kind) = (Bytes::Plain(file, length), "application/octet-stream");
            return Ok(Found::File(Content { bytes, kind, tag: format!("\"{tag}\"") }));
        }
        self.restored(&full, stream, file, tag)
    }

    fn restored(
        &self,
        path: &Path,
        stream: PathBuf,
        file: File,
        tag: String,
    ) -> Result<Found, Failure> {
        let known = |open: &Open| open.stream == stream && open.tag == tag;
        let mut open = locked(&self.open);
        open.retain(|open| open.stream != stream || open.tag == tag);
        let source = match open.iter().find(|open| known(open)) {
            Some(open) => open.file.info().source,
            None => Decoder::new(&file)?.info().source,
        };
        let Some(target) = Target::served(path, source) else { return Ok(Found::Nothing) };
        let file = match open.iter().position(|open| known(open) && open.target == target) {
            Some(at) => {
                let latest = open.remove(at);
                open.push(latest);
                open[open.len() - 1].file.clone()
            }
            None => {
                drop(open);
                let restored = self.decode(file, target)?;
                open = locked(&self.open);
                // Another client may have opened it meanwhile.
                open.retain(|open| !(known(open) && open.target == target));
                if open.len() >= MOST_OPEN {
                    open.remove(0);
                }
                let (file, tag) = (restored.clone(), tag.clone());
                open.push(Open { stream, target, tag, file });
                restored
            }
        };
        let kind = kind(target.extension(source));
        // The original and a WAV file of the same stream differ.
        let tag = format!("\"{tag}-{}\"", target.extension(source));
        Ok(Found::File(Content { bytes: Bytes::Restored(file), kind, tag }))
    }

    fn decode(&self, file: File, target: Target) -> Result<RestoredFile<File>, Failure> {
        (&file).rewind()?;
        let mut decoder = Decoder::open(file, self.options.clone())?;
        locked(&self.models).give(&mut decoder)?;
        Ok(match target {
            Target::Original => RestoredFile::original(decoder, &self.cache)?,
            Target::New(file) => RestoredFile::converted(decoder, file, &self.cache)?,
        })
    }

    /// The real place of a path, if it is inside of the folder.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok().filter(|path| path.starts_with(&self.root))
    }
}

/// The path below the folder; `None` if it is no plain path or has a part that is not served.
fn below(path: &str) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part.starts_with('.') || part.contains(['\\', '\0', ':']) {
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

/// A text that is another one when the file has changed.
fn tag(file: &Metadata) -> String {
    let changed = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{:x}-{:x}", changed.unwrap_or_default().as_nanos(), file.len())
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

impl Content {
    pub(super) fn length(&self) -> u64 {
        match &self.bytes {
            Bytes::Restored(file) => file.length(),
            Bytes::Plain(_, length) => *length,
        }
    }

    pub(super) fn read_at(&self, place: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        match &self.bytes {
            Bytes::Restored(file) => Ok(file.read_at(place, buffer)?),
            Bytes::Plain(file, _) => {
                let mut file = file;
                file.seek(SeekFrom::Start(place))?;
                Ok(file.read(buffer)?)
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
            ("/a\\..\\b", None),
            ("/c:/a", None),
            ("/a\0b", None),
        ] {
            assert_eq!(below(path), expected.map(PathBuf::from), "{path:?}");
        }
    }
}

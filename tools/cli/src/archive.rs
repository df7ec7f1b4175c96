//! A folder of streams and the files that they came from, for `lmac serve` and `lmac mount`.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use lmac::source::{FileCache, RestoredFile};
use lmac::{DecodeOptions, Decoder, SourceKind};

use crate::failure::Failure;
use crate::models::Models;
use crate::report::Report;
use crate::system;
use crate::target::Target;

/// Files that stay open.
const MOST_OPEN: usize = 64;

/// A folder whose streams are read as the files that they came from.
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

/// The bytes of a file.
pub(crate) enum Bytes {
    Restored(RestoredFile<File>),
    /// A file as it is, and its length.
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

    /// The folder, without links in its path.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The real place of a path, if it is inside of the folder.
    pub(crate) fn inside(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok().filter(|path| path.starts_with(&self.root))
    }

    /// The kind of file that a stream was made from. Its tag is that of the open file.
    pub(crate) fn source(
        &self,
        stream: &Path,
        file: &File,
        tag: &str,
    ) -> Result<SourceKind, Failure> {
        let open = locked(&self.open);
        let known = open.iter().find(|open| open.stream == stream && open.tag == tag);
        match known.map(|open| open.file.info().source) {
            Some(source) => Ok(source),
            None => {
                drop(open);
                Ok(Decoder::new(file)?.info().source)
            }
        }
    }

    /// Opens a file of a stream, or takes one that is open. The tag is that of the stream's file.
    pub(crate) fn restored(
        &self,
        stream: PathBuf,
        file: File,
        tag: String,
        target: Target,
    ) -> Result<RestoredFile<File>, Failure> {
        let known = |open: &Open| open.stream == stream && open.tag == tag && open.target == target;
        let mut open = locked(&self.open);
        open.retain(|open| open.stream != stream || open.tag == tag);
        if let Some(at) = open.iter().position(known) {
            let latest = open.remove(at);
            let file = latest.file.clone();
            open.push(latest);
            return Ok(file);
        }
        drop(open);
        let file = self.decode(file, target)?;
        let mut open = locked(&self.open);
        // Another reader may have opened it meanwhile.
        open.retain(|open| !known(open));
        if open.len() >= MOST_OPEN {
            open.remove(0);
        }
        open.push(Open { stream, target, tag, file: file.clone() });
        Ok(file)
    }

    /// Opens a file of a stream.
    pub(crate) fn decode(&self, file: File, target: Target) -> Result<RestoredFile<File>, Failure> {
        (&file).rewind()?;
        let mut decoder = Decoder::open(file, self.options.clone())?;
        locked(&self.models).give(&mut decoder)?;
        Ok(match target {
            Target::Original => RestoredFile::original(decoder, &self.cache)?,
            Target::New(file) => RestoredFile::converted(decoder, file, &self.cache)?,
        })
    }
}

impl Bytes {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Bytes::Restored(file) => file.length(),
            Bytes::Plain(_, length) => *length,
        }
    }

    /// Reads some bytes from a place; none at the end alone.
    pub(crate) fn read_at(&self, place: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        match self {
            Bytes::Restored(file) => Ok(file.read_at(place, buffer)?),
            Bytes::Plain(file, _) => Ok(read_plain(file, place, buffer)?),
        }
    }
}

/// Reads from a place of a file that others read at the same time.
fn read_plain(file: &File, place: u64, buffer: &mut [u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, place);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, place);
}

/// A text that is another one when the file has changed.
pub(crate) fn tag(file: &Metadata) -> String {
    let changed = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let changed = changed.unwrap_or_default().as_nanos();
    let identity = system::identity_in(file).map(|identity| identity.to_string());
    format!("{changed:x}-{:x}-{}", file.len(), identity.unwrap_or_default())
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

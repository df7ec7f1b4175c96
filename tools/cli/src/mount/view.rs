//! What an archive looks like when it is mounted: the names in its folders, and what is under them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::archive::{Archive, Bytes, locked, tag};
use crate::failure::Failure;
use crate::report::Report;
use crate::target::Target;

/// The extension of streams. In capitals it is one of other files.
const STREAM: &str = "lmac";

/// Streams of which is known what they are shown as.
const MOST_KNOWN: usize = 1 << 17;

/// Links that are followed on a path; systems follow as many or fewer.
const MOST_LINKS: usize = 40;

/// An archive as it is mounted.
///
/// Folders have the names that they have in the archive. So have files, except for streams: these
/// have the extension of the file that they came from.
pub(crate) struct View {
    archive: Archive<'static>,
    /// The only name in the archive, if it is a single stream.
    only: Option<OsString>,
    known: Mutex<HashMap<PathBuf, Known>>,
    /// Where the archive is mounted.
    mounted_in: Option<PathBuf>,
    report: &'static Report,
}

/// What a version of a stream is shown as.
struct Known {
    tag: String,
    /// `None` if it cannot be opened, and is shown as it is.
    shape: Option<Shape>,
}

/// The file that a stream came from.
#[derive(Clone, Copy)]
struct Shape {
    extension: &'static str,
    length: u64,
}

/// Something in the archive.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) kind: Kind,
    /// Its path in the archive, without links.
    pub(super) real: PathBuf,
    /// That of the stream, if it is one.
    pub(super) metadata: Metadata,
    /// That of the file that the stream came from, if it is one.
    pub(super) length: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    /// A stream, shown as the file that it came from.
    Stream,
    /// Any other file.
    Plain,
}

impl View {
    /// Shows a folder, or the only stream in it.
    pub(crate) fn new(
        archive: Archive<'static>,
        only: Option<OsString>,
        report: &'static Report,
    ) -> Self {
        View { archive, only, known: Mutex::default(), mounted_in: None, report }
    }

    /// Says where the archive is mounted, by a path without links.
    pub(super) fn set_place(&mut self, folder: PathBuf) {
        self.mounted_in = Some(folder);
    }

    /// The folder that is shown; `None` if a single stream is.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.only.is_none().then_some(self.archive.root())
    }

    /// The folder that is mounted.
    pub(super) fn root(&self) -> io::Result<Shown> {
        let real = self.archive.root().to_path_buf();
        let metadata = fs::metadata(&real)?;
        Ok(Shown { kind: Kind::Folder, real, metadata, length: 0 })
    }

    /// Looks for a name in a folder, which is given by its path below the archive.
    pub(super) fn find(&self, folder: &Path, name: &OsStr) -> Option<Shown> {
        if let Some((real, metadata)) = self.entry(folder, name) {
            if metadata.is_dir() {
                return Some(Shown { kind: Kind::Folder, real, metadata, length: 0 });
            }
            let stream = is_stream(name) && self.shape(&real, &metadata).is_some();
            if !stream {
                let length = metadata.len();
                return Some(Shown { kind: Kind::Plain, real, metadata, length });
            }
        }
        let path = Path::new(name);
        let (stem, extension) = (path.file_stem()?, path.extension()?);
        let stream = self.stream(folder, &joined(stem, STREAM), extension);
        stream.or_else(|| {
            let taken = || self.entry(folder, &first_name(stem, extension)).is_some();
            self.stream(folder, stem, extension).filter(|_| taken())
        })
    }

    /// Lists the names in a folder, and whether they are folders.
    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<(OsString, bool)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.archive.root().join(folder))? {
            let name = entry?.file_name();
            let Some((real, metadata)) = self.entry(folder, &name) else { continue };
            let shape = match is_stream(&name) && metadata.is_file() {
                true => self.shape(&real, &metadata),
                false => None,
            };
            let Some(Shape { extension, .. }) = shape else {
                names.push((name, metadata.is_dir()));
                continue;
            };
            let own = |shown: &Shown| shown.kind == Kind::Stream && shown.real == real;
            let two = [first_name(&name, extension.as_ref()), joined(&name, extension)];
            let shown =
                two.into_iter().find(|name| self.find(folder, name).as_ref().is_some_and(own));
            names.extend(shown.map(|name| (name, false)));
        }
        Ok(names)
    }

    /// Opens a file; fails with `ESTALE` if it has changed since it was found.
    pub(super) fn open(&self, shown: &Shown) -> io::Result<Bytes> {
        let file = File::open(&shown.real)?;
        let metadata = file.metadata()?;
        let now = tag(&metadata);
        if now != tag(&shown.metadata) {
            return Err(io::ErrorKind::StaleNetworkFileHandle.into());
        }
        if shown.kind == Kind::Plain {
            return Ok(Bytes::Plain(file, shown.length));
        }
        let opened = self.archive.restored(shown.real.clone(), file, now, Target::Original);
        opened.map(Bytes::Restored).map_err(|failure| self.complain(&shown.real, failure, ""))
    }

    /// Says why a file cannot be read.
    pub(super) fn complain(&self, real: &Path, failure: Failure, more: &str) -> io::Error {
        let (file, message) = match failure {
            Failure::Here(message) => (real.display().to_string(), message),
            Failure::Elsewhere { file, message } => (file, message),
            Failure::BrokenPipe => return io::ErrorKind::BrokenPipe.into(),
        };
        self.report.error(&file, &format!("{message}{more}"));
        io::ErrorKind::InvalidData.into()
    }

    /// A folder or file of the archive that may be shown.
    fn entry(&self, folder: &Path, name: &OsStr) -> Option<(PathBuf, Metadata)> {
        let other = |only: &OsString| !folder.as_os_str().is_empty() || only != name;
        if name.as_bytes().starts_with(b".") || self.only.as_ref().is_some_and(other) {
            return None;
        }
        let root = self.archive.root();
        if self.leads_into_mount(&folder.join(name)) {
            return None;
        }
        let real = self.archive.inside(&root.join(folder).join(name))?;
        let metadata = fs::metadata(&real).ok()?;
        // A link to a folder above has no end.
        let above = |folder: &Path| fs::canonicalize(root.join(folder)).ok();
        let endless = || folder.ancestors().any(|folder| above(folder).as_ref() == Some(&real));
        let shown = metadata.is_file() || metadata.is_dir() && !endless();
        shown.then_some((real, metadata))
    }

    /// Whether links on a path below the archive lead to where it is mounted. To follow them would
    /// ask this program, which waits.
    fn leads_into_mount(&self, path: &Path) -> bool {
        let parts = |path: &Path| path.iter().rev().map(OsStr::to_os_string).collect::<Vec<_>>();
        let mut left = parts(path);
        let mut at = self.archive.root().to_path_buf();
        let mut links = 0;
        while let Some(part) = left.pop() {
            // This also understands `..` and a path from the root.
            match part == ".." {
                true => drop(at.pop()),
                false => at.push(part),
            }
            if self.mounted_in.as_ref().is_some_and(|folder| at.starts_with(folder)) {
                return true;
            }
            let Ok(target) = fs::read_link(&at) else { continue };
            links += 1;
            if links > MOST_LINKS {
                break;
            }
            at.pop();
            left.extend(parts(&target));
        }
        false
    }

    /// A stream, if it came from a file with this extension.
    fn stream(&self, folder: &Path, name: &OsStr, extension: &OsStr) -> Option<Shown> {
        let (real, metadata) = self.entry(folder, name).filter(|_| is_stream(name))?;
        let shape = self.shape(&real, &metadata).filter(|shape| extension == shape.extension)?;
        Some(Shown { kind: Kind::Stream, real, metadata, length: shape.length })
    }

    /// The file that a stream came from; `None` if it is no file or cannot be opened.
    fn shape(&self, real: &Path, metadata: &Metadata) -> Option<Shape> {
        if !metadata.is_file() {
            return None;
        }
        let tag = tag(metadata);
        if let Some(known) = locked(&self.known).get(real).filter(|known| known.tag == tag) {
            return known.shape;
        }
        let file = match File::open(real) {
            Ok(file) => file,
            Err(error) => {
                // The next time it may go well: there may be too many open files.
                self.complain(real, error.into(), "; it is shown as it is");
                return None;
            }
        };
        let opened =
            self.archive.decode(file, Target::Original).and_then(|file| match file.length() {
                length if i64::try_from(length).is_ok() => Ok(file),
                length => Err(Failure::Here(format!("its file has {length} bytes, 2^63 or more"))),
            });
        let mut all = locked(&self.known);
        // Another thread may have opened it meanwhile.
        if let Some(known) = all.get(real).filter(|known| known.tag == tag) {
            return known.shape;
        }
        let shape = match opened {
            Ok(file) => {
                let extension = Target::Original.extension(file.info().source);
                Some(Shape { extension, length: file.length() })
            }
            Err(failure) => {
                self.complain(real, failure, "; it is shown as it is");
                None
            }
        };
        if all.len() >= MOST_KNOWN {
            all.clear();
        }
        all.insert(real.to_path_buf(), Known { tag, shape });
        shape
    }
}

fn is_stream(name: &OsStr) -> bool {
    Path::new(name).extension() == Some(STREAM.as_ref())
}

/// The name that a stream is shown under, unless another file has it.
fn first_name(stream: &OsStr, extension: &OsStr) -> OsString {
    Path::new(stream).with_extension(extension).into_os_string()
}

fn joined(stem: &OsStr, extension: &str) -> OsString {
    let mut name = stem.to_os_string();
    name.push(".");
    name.push(extension);
    name
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use std::collections::BTreeSet;

    use lmac::{AudioSpec, DecodeOptions, SampleFormat};

    use super::*;

    #[test]
    fn names() {
        let folder = tempfile::tempdir().unwrap();
        let stream = lmac::encode(&[1, 2], &AudioSpec::new(SampleFormat::S16, 1, 8000)).unwrap();
        for name in ["a", "b", "c", "c.lmac", "d.e"] {
            fs::write(folder.path().join(format!("{name}.lmac")), &stream).unwrap();
        }
        for name in ["b.wav", "c.wav", "f.LMAC", "g", ".h"] {
            fs::write(folder.path().join(name), "plain").unwrap();
        }
        let report: &'static Report = Box::leak(Box::new(Report::immediate(false)));
        let view = |only: Option<&str>| {
            let options = DecodeOptions::default();
            let archive = Archive::open(folder.path(), options, (1 << 20, 1), report, None);
            View::new(archive.unwrap(), only.map(OsString::from), report)
        };
        let all = view(None);
        let listed: BTreeSet<_> = all.list(Path::new("")).unwrap().into_iter().collect();
        // The name of c.lmac before the extension is that of c.lmac.lmac too.
        let streams =
            [("a.wav", "a"), ("b.lmac.wav", "b"), ("c.lmac.wav", "c.lmac"), ("d.e.wav", "d.e")];
        let plain = ["b.wav", "c.wav", "f.LMAC", "g"];
        let names = streams.map(|(name, _)| name).into_iter().chain(plain);
        assert_eq!(listed, names.map(|name| (OsString::from(name), false)).collect());
        for (name, stream) in streams {
            let found = all.find(Path::new(""), name.as_ref()).unwrap();
            assert_eq!((found.kind, found.length), (Kind::Stream, 44 + 4), "{name}");
            assert!(found.real.ends_with(format!("{stream}.lmac")), "{name}");
        }
        for name in plain {
            let found = all.find(Path::new(""), name.as_ref()).unwrap();
            assert_eq!((found.kind, found.length), (Kind::Plain, 5), "{name}");
        }
        for name in [".h", "a.lmac", "a.flac", "a.lmac.wav", "d.e", "d.wav", "wav", ".wav", ".."] {
            assert!(all.find(Path::new(""), name.as_ref()).is_none(), "{name}");
        }
        let one = view(Some("b.lmac"));
        assert_eq!(one.list(Path::new("")).unwrap(), [("b.wav".into(), false)]);
        assert_eq!(one.find(Path::new(""), "b.wav".as_ref()).unwrap().kind, Kind::Stream);
        assert!(one.find(Path::new(""), "a.wav".as_ref()).is_none());
    }
}

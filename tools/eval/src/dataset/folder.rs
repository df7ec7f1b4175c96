//! Files below a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::results::Skipped;
use crate::{Error, Result};

/// A file.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Its path below the folder, with slashes.
    pub(super) name: String,
}

/// The extensions of audio files, in upper or lower case.
const EXTENSIONS: &[&str] = &["wav", "wave"];

/// All files below a folder whose names end in `.wav` or `.wave`, in the order of the bytes
/// of their paths. Other kinds of files, and folders that cannot be read, go to `skipped`.
pub(super) fn files(top: &Path, skipped: &mut Vec<Skipped>) -> Result<Vec<Found>> {
    let about = |error: io::Error| Error::new(error.to_string()).about(top.display());
    let mut walk =
        Walk { found: Vec::new(), skipped, above: vec![fs::canonicalize(top).map_err(about)?] };
    walk.through(top, &mut Vec::new()).map_err(about)?;
    let mut found = walk.found;
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found.into_iter().map(|(name, path)| Found { name: shown(&name), path }).collect())
}

struct Walk<'a> {
    /// Names in bytes, and where they lie.
    found: Vec<(Vec<u8>, PathBuf)>,
    skipped: &'a mut Vec<Skipped>,
    /// The folders that lead here, without links.
    above: Vec<PathBuf>,
}

impl Walk<'_> {
    fn through(&mut self, folder: &Path, name: &mut Vec<u8>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, length) = (entry.path(), name.len());
            if length > 0 {
                name.push(b'/');
            }
            name.extend_from_slice(entry.file_name().as_encoded_bytes());
            if path.is_dir() {
                if let Err(reason) = self.go_into(&path, name) {
                    self.skip(name, reason);
                }
            } else if is_audio(&path) {
                match fs::metadata(&path) {
                    Ok(facts) if facts.is_file() => self.found.push((name.clone(), path)),
                    // Opening a pipe may wait forever.
                    Ok(_) => self.skip(name, "it is not a regular file"),
                    Err(reason) => self.skip(name, reason),
                }
            }
            name.truncate(length);
        }
        Ok(())
    }

    fn skip(&mut self, name: &[u8], reason: impl ToString) {
        self.skipped.push(Skipped { file: shown(name), reason: reason.to_string() });
    }

    fn go_into(&mut self, folder: &Path, name: &mut Vec<u8>) -> io::Result<()> {
        let resolved = fs::canonicalize(folder)?;
        if self.above.contains(&resolved) {
            return Err(io::Error::other("it is a link to a folder above it"));
        }
        self.above.push(resolved);
        let length = name.len();
        let walked = self.through(folder, name);
        name.truncate(length);
        self.above.pop();
        walked
    }
}

fn is_audio(path: &Path) -> bool {
    path.extension().is_some_and(|own| EXTENSIONS.iter().any(|one| own.eq_ignore_ascii_case(one)))
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(top: &Path) -> (Vec<String>, Vec<Skipped>) {
        let mut skipped = Vec::new();
        let found = files(top, &mut skipped).unwrap();
        (found.into_iter().map(|file| file.name).collect(), skipped)
    }

    #[test]
    fn the_order_is_that_of_the_bytes_of_paths() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/z.wav", "a.wav", "B.WAV", "a/b/c.Wave", "a-b.wav", "a/no.txt", "wav"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let expected = ["B.WAV", "a-b.wav", "a.wav", "a/b/c.Wave", "a/z.wav"];
        assert_eq!(names(folder.path()).0, expected);
        let error = files(&folder.path().join("none"), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("none: "), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.wav"), b"").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("b.wav")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("c.wav")).unwrap();
        let (found, mut skipped) = names(folder.path());
        skipped.sort();
        assert_eq!(found, ["a.wav"]);
        let socket = Skipped { file: "b.wav".into(), reason: "it is not a regular file".into() };
        assert_eq!(skipped[0], socket);
        assert_eq!((skipped[1].file.as_str(), skipped.len()), ("c.wav", 2));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("there.wav"), b"").unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        symlink(elsewhere.path(), folder.path().join("in/linked")).unwrap();
        symlink(folder.path(), folder.path().join("in/back")).unwrap();
        let (found, skipped) = names(folder.path());
        assert_eq!(found, ["in/linked/there.wav"]);
        assert_eq!(skipped.len(), 1);
        assert_eq!(skipped[0].file, "in/back");
    }
}

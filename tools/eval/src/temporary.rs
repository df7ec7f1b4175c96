//! Temporary folders that are removed even if the program exits early.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Error, Result, said};

/// Attempts to remove a folder: a program that still runs may put a file into it meanwhile.
const TRIES: usize = 3;

static ALL: Registry = Registry::new();

/// Removes all temporary folders of this process, and lets it make no others: for a program
/// that is about to exit without unwinding. Stop the [`Interrupt`](crate::Interrupt) of a run
/// first, so that its contestants do not fail without them.
pub fn remove_temporary_folders() {
    ALL.close();
}

/// Makes a folder that is removed when it is dropped.
pub(crate) fn folder() -> Result<TemporaryFolder> {
    ALL.folder()
}

/// A folder that is removed with its files when this is dropped.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    registry: &'static Registry,
}

impl TemporaryFolder {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // It stays registered until it is removed, in case the program exits meanwhile.
        remove(&self.path);
        self.registry.lock().folders.retain(|path| *path != self.path);
    }
}

/// The folders that exist.
#[derive(Debug)]
struct Registry(Mutex<Folders>);

#[derive(Debug)]
struct Folders {
    folders: Vec<PathBuf>,
    closed: bool,
}

impl Registry {
    const fn new() -> Self {
        Registry(Mutex::new(Folders { folders: Vec::new(), closed: false }))
    }

    fn folder(&'static self) -> Result<TemporaryFolder> {
        let about = |error: Error| error.about("a folder for temporary files");
        let mut all = self.lock();
        if all.closed {
            return Err(about(Error::interrupted()));
        }
        let folder = tempfile::Builder::new().prefix("lmac-eval-").tempdir();
        let path = folder.map_err(|error| about(said(error)))?.keep();
        all.folders.push(path.clone());
        Ok(TemporaryFolder { path, registry: self })
    }

    fn close(&self) {
        let mut all = self.lock();
        all.closed = true;
        all.folders.drain(..).for_each(|path| remove(&path));
    }

    fn lock(&self) -> MutexGuard<'_, Folders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(path: &Path) {
    for _ in 0..TRIES {
        let _ = fs::remove_dir_all(path);
        if !path.exists() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_go_with_their_owners() {
        static OWN: Registry = Registry::new();
        let (one, other) = (OWN.folder().unwrap(), OWN.folder().unwrap());
        fs::write(one.path().join("file"), b"something").unwrap();
        let gone = one.path().to_path_buf();
        assert_eq!(OWN.lock().folders, [one.path(), other.path()]);
        drop(one);
        assert!(!gone.exists() && other.path().is_dir());
        assert_eq!(OWN.lock().folders, [other.path()]);
    }

    #[test]
    fn closing_removes_all_folders_and_makes_no_more() {
        static OWN: Registry = Registry::new();
        let folders = [OWN.folder().unwrap(), OWN.folder().unwrap()];
        fs::create_dir(folders[1].path().join("in")).unwrap();
        fs::write(folders[1].path().join("in/file"), b"something").unwrap();
        OWN.close();
        assert!(folders.iter().all(|folder| !folder.path().exists()));
        assert!(OWN.folder().unwrap_err().is_interrupted());
        OWN.close();
    }
}

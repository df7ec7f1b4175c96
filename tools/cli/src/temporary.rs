//! Temporary files, which are removed unless they are kept.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The one temporary file there is. Whoever creates, renames or removes it holds the
/// lock, so that an interrupt finds all of it or none.
static CURRENT: Mutex<Option<PathBuf>> = Mutex::new(None);

fn current() -> MutexGuard<'static, Option<PathBuf>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary file and ends the program. Nothing can be created any more.
pub(crate) fn remove_for_good(end: impl FnOnce() -> std::convert::Infallible) -> ! {
    let mut current = current();
    if let Some(path) = current.take() {
        let _ = fs::remove_file(path);
    }
    match end() {}
}

/// Does something that an interrupt does not end halfway.
pub(crate) fn undisturbed<T>(work: impl FnOnce() -> T) -> T {
    let _current = current();
    work()
}

/// A file beside the one that it is to become.
pub(crate) struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// Creates it. It can be read by its owner alone where `private`, until it gets the
    /// permissions that it is to have.
    pub(crate) fn beside(target: &Path, private: bool) -> io::Result<(Self, File)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        if private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = private;

        let mut current = current();
        let mut attempt = 0;
        loop {
            let path = target.with_file_name(name(target, attempt));
            match options.open(&path) {
                Ok(file) => {
                    *current = Some(path.clone());
                    return Ok((Temporary { path, kept: false }, file));
                }
                // Left behind by a program that was killed and had the same number,
                // as all have that are the first of their container.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name.
    pub(crate) fn keep_as(mut self, target: &Path) -> io::Result<()> {
        let mut current = current();
        fs::rename(&self.path, target)?;
        *current = None;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let mut current = current();
            let _ = fs::remove_file(&self.path);
            *current = None;
        }
    }
}

fn name(target: &Path, attempt: u32) -> OsString {
    let name = target.file_name().unwrap_or_default();
    let mut hidden = OsString::from(".");
    // Most file systems have room for 255 bytes.
    if name.len() > 200 {
        hidden.push(name.to_string_lossy().chars().take(48).collect::<String>());
    } else {
        hidden.push(name);
    }
    hidden.push(format!(".{}", std::process::id()));
    if attempt > 0 {
        hidden.push(format!("-{attempt}"));
    }
    hidden.push(".lmac-part");
    hidden
}

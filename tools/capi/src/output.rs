//! Where streams go: files, callbacks.

use std::ffi::c_void;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf, is_separator};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes bytes of a stream for an encoder.
///
/// Returns the number of bytes that were written, at least one, or a negative number after an
/// error. It is called by the thread that calls the encoder, only while it calls, and by no other.
/// It must not use the encoder, and no exception or longjmp() may leave it.
pub type lmac_write_function =
    Option<unsafe extern "C" fn(user: *mut c_void, data: *const c_void, size: usize) -> i64>;

/// The output of an encoder.
pub(crate) enum Output {
    /// A file that gets its name when it is whole.
    New { writer: BufWriter<File>, temporary: Temporary, target: PathBuf, keep_existing: bool },
    /// A device or a pipe.
    Direct(BufWriter<File>),
    Callback {
        user: *mut c_void,
        write: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> i64,
    },
}

impl Output {
    /// Begins a file. What is at the path stays until the file is whole.
    pub(crate) fn open(path: &Path, keep_existing: bool) -> io::Result<Self> {
        if path.as_os_str().is_empty() || path.to_string_lossy().ends_with(is_separator) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no name of a file"));
        }
        if keep_existing && path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let target = end_of_links(path);
        let old = match fs::metadata(&target) {
            Ok(old) if old.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(old) if !old.is_file() => {
                let file = OpenOptions::new().write(true).open(&target)?;
                return Ok(Output::Direct(BufWriter::new(file)));
            }
            old => old.ok(),
        };
        let (temporary, file) = Temporary::beside(&target)?;
        if let Some(old) = old {
            // Some file systems cannot do this.
            let _ = file.set_permissions(old.permissions());
        }
        Ok(Output::New { writer: BufWriter::new(file), temporary, target, keep_existing })
    }

    /// Brings everything to its place.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Output::New { writer, temporary, target, keep_existing } => {
                writer.into_inner().map_err(|error| error.into_error())?.sync_all()?;
                match keep_existing {
                    true => temporary.keep_as_new(&target),
                    false => temporary.keep_as(&target),
                }
            }
            Output::Direct(mut writer) => writer.flush(),
            Output::Callback { .. } => Ok(()),
        }
    }
}

/// The file that a path leads to: links stay, and what they point to is made or replaced.
fn end_of_links(path: &Path) -> PathBuf {
    if let Ok(target) = fs::canonicalize(path) {
        return target;
    }
    // The last link may point to nothing yet. There is a limit, as links can go in circles.
    let mut target = path.to_path_buf();
    for _ in 0..40 {
        let Ok(link) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(link);
    }
    target
}

fn exists() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "there is a file already")
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::New { writer, .. } | Output::Direct(writer) => writer.write(bytes),
            // The function would have to tell zero bytes from an error.
            Output::Callback { .. } if bytes.is_empty() => Ok(0),
            Output::Callback { user, write } => {
                // SAFETY: the caller's function.
                let written = unsafe { write(*user, bytes.as_ptr().cast(), bytes.len()) };
                match usize::try_from(written) {
                    Ok(count) if (1..=bytes.len()).contains(&count) => Ok(count),
                    _ => Err(io::Error::other(format!(
                        "the write callback returned {written} for {} bytes",
                        bytes.len()
                    ))),
                }
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::New { writer, .. } | Output::Direct(writer) => writer.flush(),
            Output::Callback { .. } => Ok(()),
        }
    }
}

/// A file beside the one that it is to become. It is removed unless it is kept.
pub(crate) struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    fn beside(target: &Path) -> io::Result<(Self, File)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Others were left behind by programs that were killed.
        for _ in 0..100 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = target.with_file_name(format!(".lmac-{}-{number}.part", process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Temporary { path, kept: false }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Like [`keep_as`](Temporary::keep_as), where there must be no file yet.
    fn keep_as_new(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists()),
            Ok(()) => Ok(()),
            // Some file systems have no hard links.
            Err(_) if target.symlink_metadata().is_ok() => Err(exists()),
            Err(_) => self.keep_as(target),
        }
    }

    fn keep_as(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

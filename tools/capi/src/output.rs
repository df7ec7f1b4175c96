//! Where streams go: files, callbacks.

use std::ffi::c_void;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
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
        if keep_existing && path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        // A link stays, and what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.into());
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
                if keep_existing && target.symlink_metadata().is_ok() {
                    return Err(exists());
                }
                temporary.keep_as(&target)
            }
            Output::Direct(mut writer) => writer.flush(),
            Output::Callback { .. } => Ok(()),
        }
    }
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

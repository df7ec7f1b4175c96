//! Files as each operating system sees them.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Identifies a file among all that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.0, self.1)
    }
}

/// Whether an error in writing says that the reader of a pipe is gone.
pub(crate) fn is_broken_pipe(error: &io::Error) -> bool {
    // The standard library has no kind for this.
    const ERROR_PIPE_NOT_CONNECTED: i32 = 233;
    error.kind() == io::ErrorKind::BrokenPipe
        || cfg!(windows) && error.raw_os_error() == Some(ERROR_PIPE_NOT_CONNECTED)
}

pub(crate) use this::{identity, identity_at, identity_in, is_device, metadata, stdin, stdout};

#[cfg(unix)]
mod this {
    use std::fs;
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// Standard input without the buffer of the standard library.
    pub(crate) fn stdin() -> io::Result<File> {
        Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }

    /// Standard output without the buffer that cuts at line ends.
    pub(crate) fn stdout() -> io::Result<File> {
        Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }

    /// The metadata of a file or folder; `None` of pipes and devices.
    pub(crate) fn metadata(file: &File) -> io::Result<Option<Metadata>> {
        Ok(Some(file.metadata()?).filter(|found| found.is_file() || found.is_dir()))
    }

    /// Identifies a file.
    pub(crate) fn identity(file: &File) -> Option<Identity> {
        identity_in(&file.metadata().ok()?)
    }

    /// Identifies the file under a path.
    pub(crate) fn identity_at(path: &Path) -> Option<Identity> {
        identity_in(&fs::metadata(path).ok()?)
    }

    /// Identifies a file by its metadata, where they can tell.
    pub(crate) fn identity_in(file: &Metadata) -> Option<Identity> {
        Some(Identity(file.dev(), file.ino()))
    }

    /// Whether a path is neither a file nor a folder, such as `/dev/null`: a place to write to.
    pub(crate) fn is_device(path: &Path) -> bool {
        path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
    }
}

#[cfg(windows)]
mod this {
    use std::os::windows::io::AsHandle;
    use std::path::{Component, Prefix};

    use winapi_util::{Handle, file};

    use super::*;

    /// Standard input without the buffer of the standard library.
    pub(crate) fn stdin() -> io::Result<File> {
        Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
    }

    /// Standard output without the buffer that cuts at line ends.
    pub(crate) fn stdout() -> io::Result<File> {
        Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
    }

    /// The metadata of a file or folder; `None` of pipes and devices, which have none or are taken
    /// for files by the standard library.
    pub(crate) fn metadata(file: &File) -> io::Result<Option<Metadata>> {
        Ok(if file::typ(file)?.is_disk() { file.metadata().ok() } else { None })
    }

    /// Identifies a file.
    pub(crate) fn identity(file: &File) -> Option<Identity> {
        let found = file::information(file).ok()?;
        Some(Identity(found.volume_serial_number(), found.file_index()))
    }

    /// Identifies the file under a path.
    pub(crate) fn identity_at(path: &Path) -> Option<Identity> {
        let found = file::information(Handle::from_path_any(path).ok()?).ok()?;
        Some(Identity(found.volume_serial_number(), found.file_index()))
    }

    /// Identifies a file by its metadata, where they can tell.
    pub(crate) fn identity_in(_: &Metadata) -> Option<Identity> {
        None
    }

    /// Whether a path is that of a device or named pipe: a place to write to. To open a named pipe
    /// in order to look at it would use it up.
    pub(crate) fn is_device(path: &Path) -> bool {
        let prefix = match path.components().next() {
            Some(Component::Prefix(prefix)) => Some(prefix.kind()),
            _ => None,
        };
        path.as_os_str().eq_ignore_ascii_case("NUL") || matches!(prefix, Some(Prefix::DeviceNS(_)))
    }
}

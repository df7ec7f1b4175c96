//! A file of a checkpoint: read at offsets, and named in every error.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// An open file of a checkpoint.
#[derive(Debug)]
pub(crate) struct CheckpointFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl CheckpointFile {
    /// Opens the file at `path`. Only regular files are opened: reading a pipe could block.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let metadata = in_file(path, fs::metadata(path))?;
        if !metadata.is_file() {
            return Err(error_at(path, "not a regular file"));
        }
        let file = in_file(path, File::open(path))?;
        Ok(CheckpointFile { path: path.to_path_buf(), file, length: metadata.len() })
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Reads `length` bytes from `offset` on. Allocates nothing if the file is shorter.
    pub(crate) fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let end = offset.checked_add(length);
        if end.is_none_or(|end| end > self.length) {
            return Err(self.error(format!(
                "the file is cut off: {length} bytes at offset {offset} reach beyond its end at {}",
                self.length
            )));
        }
        let mut bytes = self.room(usize::try_from(length).unwrap_or(usize::MAX))?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset)).map_err(|error| self.error(error))?;
        file.take(length).read_to_end(&mut bytes).map_err(|error| self.error(error))?;
        if bytes.len() as u64 != length {
            return Err(self.error("the file became shorter while it was read"));
        }
        Ok(bytes)
    }

    /// An empty buffer with room for `length` bytes.
    pub(crate) fn room(&self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let reserved = bytes.try_reserve_exact(length);
        reserved.map_err(|_| self.error(format!("an allocation of {length} bytes failed")))?;
        Ok(bytes)
    }

    /// A reader from the beginning of the file.
    pub(crate) fn rewound(&self) -> Result<BufReader<&File>> {
        let mut file = &self.file;
        file.rewind().map_err(|error| self.error(error))?;
        Ok(BufReader::new(file))
    }

    /// An error in this file.
    pub(crate) fn error(&self, what: impl Display) -> Error {
        error_at(&self.path, what)
    }
}

/// Reads the whole file at `path`, which may have at most `most` bytes.
pub(crate) fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = CheckpointFile::open(path)?;
    if file.length > most {
        return Err(file.error(format!(
            "the file has {} bytes; files of this kind have at most {most}",
            file.length
        )));
    }
    file.read(0, file.length)
}

/// Adds the path of a file or folder to an error.
pub(crate) fn in_file<T>(path: &Path, result: Result<T, impl Display>) -> Result<T> {
    result.map_err(|error| error_at(path, error))
}

/// An error in the file or folder at `path`.
///
/// `what` may quote text from a file: it is cut to a few hundred characters, and control
/// characters, which a terminal would obey, are replaced.
pub(crate) fn error_at(path: &Path, what: impl Display) -> Error {
    const MOST_CHARACTERS: usize = 400;

    let what = what.to_string();
    let mut shown: String = what
        .chars()
        .take(MOST_CHARACTERS)
        .map(|character| if character.is_control() { '\u{FFFD}' } else { character })
        .collect();
    if what.chars().nth(MOST_CHARACTERS).is_some() {
        shown.push_str("...");
    }
    Error::model(format!("{}: {shown}", path.display()))
}

/// The beginning of a text from a file, in quotes, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    let beginning: String = text.chars().take(40).collect();
    let dots = if beginning.len() < text.len() { "..." } else { "" };
    format!("{beginning:?}{dots}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_behind_the_end_are_not_allocated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("four");
        fs::write(&path, b"abcd").unwrap();
        let file = CheckpointFile::open(&path).unwrap();
        assert_eq!(file.read(1, 2).unwrap(), b"bc");
        assert_eq!(file.read(4, 0).unwrap(), b"");
        assert!(file.read(1, 4).is_err());
        assert!(file.read(u64::MAX, 2).is_err());
        let error = file.read(0, 1 << 60).unwrap_err().to_string();
        assert!(error.contains("four: "), "{error}");
        assert!(read_whole(&path, 3).is_err());
        assert_eq!(read_whole(&path, 4).unwrap(), b"abcd");
        assert!(CheckpointFile::open(folder.path()).is_err());
    }

    #[test]
    fn errors_are_short_and_have_no_control_characters() {
        let what = format!("the tensor \u{1b}[31m{} is missing", "x".repeat(1 << 20));
        let error = error_at(Path::new("file"), what).to_string();
        assert!(error.starts_with("file: the tensor \u{FFFD}[31mxx"));
        assert!(error.ends_with("x...") && error.len() < 500);
    }
}

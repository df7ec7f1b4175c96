//! Files of a checkpoint: read where they are asked to be, and named in every error.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// An open file.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Source {
    /// Opens the file at `path`. What is no plain file is refused: a pipe would wait.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let found = fs::metadata(path).map_err(|error| error_at(path, error))?;
        if !found.is_file() {
            return Err(error_at(path, "is no file"));
        }
        let file = File::open(path).map_err(|error| error_at(path, error))?;
        Ok(Source { path: path.to_path_buf(), file, length: found.len() })
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// So many bytes from `offset` on. Nothing is allocated for bytes that are not there.
    pub(super) fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let end = offset.checked_add(length);
        if end.is_none_or(|end| end > self.length) {
            return Err(self.error(format!(
                "{length} bytes at {offset} reach beyond the end, which is at {}",
                self.length
            )));
        }
        let length = usize::try_from(length).map_err(|_| self.error("too large for memory"))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|error| self.error(error))?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset)).map_err(|error| self.error(error))?;
        file.take(length as u64).read_to_end(&mut bytes).map_err(|error| self.error(error))?;
        if bytes.len() != length {
            return Err(self.error("became shorter while it was read"));
        }
        Ok(bytes)
    }

    /// The whole file, where it has no more than `most` bytes.
    pub(super) fn read_whole(&self, most: u64) -> Result<Vec<u8>> {
        if self.length > most {
            return Err(self.error(format!(
                "{} bytes are too many: such files have at most {most}",
                self.length
            )));
        }
        self.read(0, self.length)
    }

    /// The file from its beginning, for what is read once and in order.
    pub(super) fn rewound(&self) -> Result<BufReader<&File>> {
        let mut file = &self.file;
        file.rewind().map_err(|error| self.error(error))?;
        Ok(BufReader::new(file))
    }

    /// An error of this file.
    pub(super) fn error(&self, what: impl Display) -> Error {
        error_at(&self.path, what)
    }
}

/// An error of the file or folder at `path`. What it quotes from a file is made short and
/// harmless: names there can have any length, and terminals obey some characters.
pub(super) fn error_at(path: &Path, what: impl Display) -> Error {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_there_are_not_allocated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("four");
        fs::write(&path, b"abcd").unwrap();
        let source = Source::open(&path).unwrap();
        assert_eq!(source.read(1, 2).unwrap(), b"bc");
        assert_eq!(source.read(4, 0).unwrap(), b"");
        assert!(source.read(1, 4).is_err());
        assert!(source.read(u64::MAX, 2).is_err());
        let error = source.read(0, 1 << 60).unwrap_err().to_string();
        assert!(error.contains("four: "), "{error}");
        assert!(source.read_whole(3).is_err());
        assert!(Source::open(folder.path()).is_err());
    }

    #[test]
    fn errors_stay_short_and_harmless() {
        let what = format!("the tensor \u{1b}[31m{} is missing", "x".repeat(1 << 20));
        let error = error_at(Path::new("file"), what).to_string();
        assert!(error.starts_with("file: the tensor \u{FFFD}[31mxx"));
        assert!(error.ends_with("x...") && error.len() < 500);
    }
}

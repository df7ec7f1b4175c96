//! Files that are written completely or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::{Error, Result};

/// Writes a temporary file beside the target and renames it. The target of a symbolic link is
/// replaced, not the link; a pipe or device is written to directly.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    let named = |what: &str, error: std::io::Error| {
        Error::new(format!("{}: {what}: {error}", path.display()))
    };
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => {
            return Err(Error::new(format!("{}: is a folder", path.display())));
        }
        Ok(there) if !there.is_file() => {
            let opened = fs::OpenOptions::new().write(true).open(path);
            let written = opened.and_then(|mut pipe| pipe.write_all(content));
            return written.map_err(|error| named("cannot be written", error));
        }
        _ => {}
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut temporary = fs::create_dir_all(folder)
        .and_then(|()| beside(folder))
        .map_err(|error| named("cannot be created", error))?;
    temporary
        .write_all(content)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(|error| named("cannot be written", error))?;
    temporary.persist(&target).map_err(|error| named("cannot be renamed", error.error))?;
    Ok(())
}

fn beside(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".lmac-part");
    // Others may read results, if the user lets them read files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_and_nothing_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/results.json");
        write(&path, b"one, which is longer").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(folder.path(), b"").unwrap_err().to_string();
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
        let below = folder.path().join("file");
        fs::write(&below, b"").unwrap();
        let error = write(&below.join("results.json"), b"").unwrap_err().to_string();
        assert!(error.contains("file/results.json: cannot be created"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, b"old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }
}

//! A cache on disk of the hashes of models.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

/// Hashes by the state of a checkpoint's files: path, size, time and, on Unix, inode of each.
///
/// The file is in the user's cache folder. If it cannot be read or written, hashes are computed
/// again.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    file: Option<PathBuf>,
    entries: Entries,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Entries {
    /// Changes when the definition of the hash changes.
    version: u32,
    hashes: BTreeMap<String, String>,
}

const VERSION: u32 = 1;

impl Remembered {
    /// Reads the cache; it is empty if there is none that can be read.
    pub(super) fn read() -> Self {
        Self::read_from(cache_folder().map(|folder| folder.join("lmac").join("models.json")))
    }

    fn read_from(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|file| fs::read(file).ok()).unwrap_or_default();
        let entries: Option<Entries> = serde_json::from_slice(&text).ok();
        let entries = entries.filter(|entries| entries.version == VERSION).unwrap_or_default();
        Remembered { file, entries }
    }

    /// The hash for this state of the files, if it is known.
    pub(super) fn hash(&self, key: &Key) -> Option<[u8; 32]> {
        let text = self.entries.hashes.get(key.0.as_ref()?)?;
        let mut hash = [0; 32];
        let digits = text.as_bytes().as_chunks::<2>().0;
        for (byte, digits) in hash.iter_mut().zip(digits) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        (text.len() == 64).then_some(hash)
    }

    /// Remembers a hash.
    ///
    /// The key must be taken before the files are read: then a hash of files that changed
    /// meanwhile is never found. If another program writes the cache at the same time, one of
    /// the two hashes is lost and computed again.
    pub(super) fn keep(&mut self, key: Key, hash: [u8; 32]) {
        let (Key(Some(key)), Some(file)) = (key, &self.file) else { return };
        let text = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.entries.version = VERSION;
        self.entries.hashes.insert(key, text);
        // A failure costs the time to compute the hash again.
        let _ = write(file, &self.entries);
    }
}

/// Writes a temporary file and renames it, so that no program reads half of it.
fn write(file: &Path, entries: &Entries) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&temporary, serde_json::to_vec_pretty(entries)?)?;
    fs::rename(&temporary, file)
}

/// The state of a checkpoint's files; `None` if it could not be found out for each of them.
#[derive(Debug)]
pub(super) struct Key(Option<String>);

impl Key {
    /// The current state of these files.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let each = files.iter().map(|path| {
            let path = fs::canonicalize(path).ok()?;
            let metadata = fs::metadata(&path).ok()?;
            let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
            let (size, inode) = (metadata.len(), inode(&metadata));
            Some(format!("{} {size} {time} {inode}", path.to_str()?))
        });
        Key(each.collect::<Option<Vec<_>>>().map(|each| each.join("\n")))
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// The user's folder for caches.
fn cache_folder() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| Some(variable("HOME")?.join(".cache")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_known_until_a_file_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("model.gguf");
        let cache = folder.path().join("cache").join("models.json");
        fs::write(&model, b"weights").expect("written");
        let key = || Key::of(std::slice::from_ref(&model));
        let hash = std::array::from_fn(|at| 7 * at as u8);

        let mut remembered = Remembered::read_from(Some(cache.clone()));
        assert_eq!(remembered.hash(&key()), None);
        remembered.keep(key(), hash);
        assert_eq!(Remembered::read_from(Some(cache.clone())).hash(&key()), Some(hash));

        let before = key();
        fs::write(&model, b"other weights").expect("written");
        assert_eq!(Remembered::read_from(Some(cache.clone())).hash(&key()), None);
        // The file changed while its hash was computed.
        remembered.keep(before, hash);
        assert_eq!(Remembered::read_from(Some(cache.clone())).hash(&key()), None);

        remembered.keep(key(), hash);
        assert_eq!(Remembered::read_from(Some(cache.clone())).hash(&key()), Some(hash));
        fs::write(&cache, b"{ no cache").expect("written");
        assert_eq!(Remembered::read_from(Some(cache)).hash(&key()), None);
    }
}

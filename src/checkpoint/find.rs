//! Finding the model that a stream asks for.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::detect::{self, Layout};
use super::remembered::{Key, Remembered};
use super::{Checkpoint, gguf, open};
use crate::error::Result;
use crate::method::identity::Precision;
use crate::method::language::hashing::Hashing;
use crate::method::language::model::{LanguageModel, ModelParts};
use crate::method::language::tensor::Tensors;
use crate::numerics::environment::DefaultEnvironment;

/// Folders within folders that are looked through.
const DEPTH: usize = 3;

/// Loads the checkpoint at `path`, which may be whatever [`open`] takes.
pub fn load(path: &Path, precision: Precision) -> Result<LanguageModel> {
    let _environment = DefaultEnvironment::enter();
    let key = Key::of(&files(path)?);
    let Checkpoint { name, architecture, vocabulary, tokenizer, mut tensors } = open(path)?;
    let mut remembered = Remembered::read();
    let hash = remembered.hash(&key);
    let tensors: &mut dyn Tensors = tensors.as_mut();
    let parts = ModelParts { name, architecture, vocabulary, tokenizer, tensors, hash };
    let model = LanguageModel::new(parts, precision)?;
    if hash.is_none() {
        remembered.keep(key, model.id().hash);
    }
    Ok(model)
}

/// Looks for the model with this hash in folders and what is below them. `looking_at` hears
/// of each checkpoint whose hash has to be computed, which takes a while, and only once:
/// hashes are remembered as long as files do not change. What cannot be opened is passed by.
pub fn find(
    hash: &[u8; 32],
    folders: &[PathBuf],
    mut looking_at: impl FnMut(&Path),
) -> Result<Option<PathBuf>> {
    let mut remembered = Remembered::read();
    let mut unknown = Vec::new();
    for path in folders.iter().flat_map(|folder| candidates(folder, DEPTH)) {
        let Ok(files) = files(&path) else { continue };
        let key = Key::of(&files);
        match remembered.hash(&key) {
            Some(known) if &known == hash => return Ok(Some(path)),
            Some(_) => {}
            None => unknown.push((path, key)),
        }
    }
    for (path, key) in unknown {
        looking_at(&path);
        // Not before: what the caller does is in the caller's environment.
        let _environment = DefaultEnvironment::enter();
        let Ok(found) = open(&path).and_then(hash_of) else { continue };
        remembered.keep(key, found);
        if &found == hash {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The files that a checkpoint is in.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    match detect::layout(path, &|name| env::var_os(name))? {
        Layout::Gguf(first) => Ok(gguf::files(&first)),
        Layout::Npz(path) => {
            // What says more of a model beside it.
            let described = path.with_extension("json");
            let beside = described.is_file().then_some(described);
            Ok([path].into_iter().chain(beside).collect())
        }
        Layout::HuggingFace(folder) | Layout::Meta(folder) => {
            let entries = fs::read_dir(folder)?.flatten();
            let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            files.retain(|file| file.is_file());
            files.sort();
            Ok(files)
        }
    }
}

fn hash_of(checkpoint: Checkpoint) -> Result<[u8; 32]> {
    let Checkpoint { architecture, vocabulary, mut tensors, .. } = checkpoint;
    let mut hashing = Hashing::new(&architecture, &vocabulary, tensors.as_mut());
    for expected in architecture.tensors() {
        hashing.tensor(&expected)?;
    }
    Ok(hashing.finish())
}

/// What may be a checkpoint, in the order of names.
fn candidates(path: &Path, depth: usize) -> Vec<PathBuf> {
    if path.is_file() {
        return detect::file(path).map(|_| path.to_path_buf()).into_iter().collect();
    }
    if ["config.json", "params.json"].iter().any(|name| path.join(name).is_file()) {
        return vec![path.to_path_buf()];
    }
    if depth == 0 {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| candidates(entry, depth - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_in_parts_is_in_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let part = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            path
        };
        let parts = [1, 2, 3].map(|number| part(&format!("m-0000{number}-of-00003.gguf")));
        assert_eq!(files(&parts[0]).unwrap(), parts);
        assert_eq!(files(folder.path()).unwrap(), parts);
        for name in
            ["m.gguf", "m-00001-of-3.gguf", "m-00001-of-00001.gguf", "m-00001-of-09999.gguf"]
        {
            let single = part(name);
            assert_eq!(files(&single).unwrap(), [single]);
        }
    }

    #[test]
    fn endings_are_the_same_in_capitals() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["A.GGUF", "b.gguf", "c.Npz", "d.npz", "m-00001-of-00002.GGUF", "none.bin"];
        let paths = names.map(|name| folder.path().join(name));
        paths.iter().for_each(|path| fs::write(path, b"").unwrap());
        assert_eq!(candidates(folder.path(), DEPTH), paths[..5]);
        let second = folder.path().join("m-00002-of-00002.GGUF");
        assert_eq!(files(&paths[4]).unwrap(), [paths[4].clone(), second]);
    }

    #[test]
    fn what_lies_beside_arrays_counts() {
        let folder = tempfile::tempdir().unwrap();
        let [arrays, beside] = ["m.npz", "m.json"].map(|name| folder.path().join(name));
        fs::write(&arrays, b"").unwrap();
        assert_eq!(files(&arrays).unwrap(), [arrays.as_path()]);
        fs::write(&beside, b"").unwrap();
        assert_eq!(files(&arrays).unwrap(), [arrays.as_path(), beside.as_path()]);
    }
}

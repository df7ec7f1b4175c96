//! Loads models, and looks for the model of a stream by its hash.

use std::fs;
use std::path::{Path, PathBuf};

use super::layout::CheckpointLayout;
use super::opened::Checkpoint;
use super::remembered::{Key, Remembered};
use crate::error::Result;
use crate::method::identity::Precision;
use crate::method::language::hashing::Hashing;
use crate::method::language::model::{LanguageModel, ModelParts};
use crate::method::language::tensor::Tensors;
use crate::numerics::environment::DefaultEnvironment;

/// The levels of folders below the given ones that are searched.
const DEPTH: usize = 3;

/// Loads the checkpoint at `path` with its weights.
///
/// `path` is the same as for [`open`](super::open). The model's hash is computed once and
/// remembered in the user's cache folder until a file of the checkpoint changes.
pub fn load(path: &Path, precision: Precision) -> Result<LanguageModel> {
    let _environment = DefaultEnvironment::enter();
    let layout = CheckpointLayout::of(path)?;
    let key = Key::of(&layout.files()?);
    let Checkpoint { name, architecture, vocabulary, tokenizer, mut tensors } = layout.open()?;
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

/// Looks for the model with this hash in `folders` and three levels below them.
///
/// Calls `looking_at` before the hash of a checkpoint is computed, which can take minutes.
/// Hashes are remembered like those of [`load`]. Checkpoints that cannot be opened are skipped.
pub fn find(
    hash: &[u8; 32],
    folders: &[PathBuf],
    mut looking_at: impl FnMut(&Path),
) -> Result<Option<PathBuf>> {
    let mut remembered = Remembered::read();
    let mut unknown = Vec::new();
    for layout in folders.iter().flat_map(|folder| candidates(folder, DEPTH)) {
        let Ok(files) = layout.files() else { continue };
        let key = Key::of(&files);
        match remembered.hash(&key) {
            Some(known) if &known == hash => return Ok(Some(layout.path().to_path_buf())),
            Some(_) => {}
            None => unknown.push((layout, key)),
        }
    }
    for (layout, key) in unknown {
        looking_at(layout.path());
        // Entered after the call: the caller's code runs in the caller's environment.
        let _environment = DefaultEnvironment::enter();
        let Ok(found) = layout.open().and_then(hash_of) else { continue };
        remembered.keep(key, found);
        if &found == hash {
            return Ok(Some(layout.path().to_path_buf()));
        }
    }
    Ok(None)
}

/// Computes the hash of a model.
fn hash_of(checkpoint: Checkpoint) -> Result<[u8; 32]> {
    let Checkpoint { architecture, vocabulary, mut tensors, .. } = checkpoint;
    let mut hashing = Hashing::new(&architecture, &vocabulary, tensors.as_mut());
    for expected in architecture.tensors() {
        hashing.tensor(&expected)?;
    }
    Ok(hashing.finish())
}

/// The possible checkpoints at `path` and up to `depth` levels below it, sorted by name.
fn candidates(path: &Path, depth: usize) -> Vec<CheckpointLayout> {
    if path.is_file() {
        return CheckpointLayout::of_file(path).into_iter().collect();
    }
    if let Some(layout) = CheckpointLayout::of_configuration(path) {
        return vec![layout];
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
    fn extensions_may_be_in_capitals() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["A.GGUF", "b.gguf", "c.Npz", "d.npz", "m-00001-of-00002.GGUF", "none.bin"];
        let paths = names.map(|name| folder.path().join(name));
        paths.iter().for_each(|path| fs::write(path, b"").unwrap());
        let found = candidates(folder.path(), DEPTH);
        assert!(found.iter().map(CheckpointLayout::path).eq(&paths[..5]));
    }
}

//! Hugging Face's folders: a configuration, and weights in one file or several.

mod config;
mod safetensors;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::directory::Directory;
use super::file::error_at;
use super::json;
use super::llama::{Rotation, Weights};
use super::words::HUGGINGFACE;
use super::{Checkpoint, name_of, tokenizer, torch};
use crate::error::Result;

/// Where the tensors of a model in several files are.
#[derive(Debug, Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// What reads one file of weights.
type ReadFile = fn(&Path) -> Result<Directory>;

/// Files that weights may be in, the better ones first.
const FILES: &[(&str, ReadFile)] =
    &[("model.safetensors", safetensors::read), ("pytorch_model.bin", torch::read)];

/// Opens the model in this folder.
pub(super) fn open(folder: &Path) -> Result<Checkpoint> {
    let config = config::read(&folder.join("config.json"))?;
    let directory = directory(folder)?;
    let architecture = config.architecture;
    let tensors = Weights::new(&architecture, &HUGGINGFACE, Rotation::Halves, vec![directory])?;
    let (vocabulary, tokenizer) =
        tokenizer::huggingface(folder, architecture.vocabulary(), config.beginning)?;
    Ok(Checkpoint {
        name: name_of(folder),
        architecture,
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: Box::new(tensors),
    })
}

fn directory(folder: &Path) -> Result<Directory> {
    let Found { named, files, read } = find(folder)?;
    let mut directory = Directory::new(&named);
    for file in files {
        directory.extend(read(&file)?)?;
    }
    Ok(directory)
}

/// The files of weights in their order.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(find(folder)?.files)
}

/// Where weights were found.
struct Found {
    /// What errors name.
    named: PathBuf,
    files: Vec<PathBuf>,
    read: ReadFile,
}

fn find(folder: &Path) -> Result<Found> {
    for &(name, read) in FILES {
        let single = folder.join(name);
        if single.is_file() {
            return Ok(Found { named: single.clone(), files: vec![single], read });
        }
        let index = folder.join(format!("{name}.index.json"));
        if index.is_file() {
            let files = indexed(folder, &index)?;
            return Ok(Found { named: index, files, read });
        }
    }
    Err(error_at(
        folder,
        "holds no weights: neither model.safetensors nor pytorch_model.bin, nor an index of either",
    ))
}

/// The files that an index names.
fn indexed(folder: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let Index { weight_map } = json::read(index)?;
    let mut files = Vec::new();
    for file in weight_map.values().collect::<BTreeSet<_>>() {
        let mut parts = Path::new(file).components();
        // A name with a folder in it could lead anywhere.
        if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
            return Err(error_at(index, format!("{file} is no name of a file")));
        }
        files.push(folder.join(file));
    }
    Ok(files)
}

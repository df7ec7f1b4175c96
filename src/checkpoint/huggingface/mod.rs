//! Hugging Face's layout: a folder with a configuration, and weights in one file or several.

mod config;
mod hub;
mod safetensors;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use config::Config;
pub(super) use hub::snapshot;

use super::llama::names::HUGGINGFACE;
use super::llama::weights::{Rotation, Weights};
use super::opened::{Checkpoint, name_of};
use super::storage::directory::TensorDirectory;
use super::storage::file::error_at;
use super::storage::{json, torch};
use super::tokenizer;
use crate::error::Result;
use crate::method::language::architecture::Architecture;

/// The index of a model in several files.
#[derive(Debug, Deserialize)]
struct Index {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

/// A function that lists the tensors of a file.
type ReadFile = fn(&Path) -> Result<TensorDirectory>;

/// The files that may hold weights, the preferred ones first.
const FILES: &[(&str, ReadFile)] =
    &[("model.safetensors", safetensors::read), ("pytorch_model.bin", torch::read)];

/// Opens the model in this folder.
pub(super) fn open(folder: &Path) -> Result<Checkpoint> {
    let Config { llama, beginning } = config::read(&folder.join("config.json"))?;
    let directory = directory(folder)?;
    let tensors = Weights::new(&llama, &HUGGINGFACE, Rotation::Halves, vec![directory])?;
    let (vocabulary, tokenizer) = tokenizer::open_huggingface(folder, llama.vocabulary, beginning)?;
    Ok(Checkpoint {
        name: name_of(folder),
        architecture: Architecture::Llama(llama),
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: Box::new(tensors),
    })
}

/// Lists the tensors of a folder.
fn directory(folder: &Path) -> Result<TensorDirectory> {
    let WeightFiles { named, files, read } = find(folder)?;
    let mut directory = TensorDirectory::new(&named);
    for file in files {
        directory.extend(read(&file)?)?;
    }
    Ok(directory)
}

/// The files with the weights, in order.
pub(super) fn weight_files(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(find(folder)?.files)
}

/// The files with the weights of a folder.
struct WeightFiles {
    /// The path that errors name: the only file, or the index.
    named: PathBuf,
    files: Vec<PathBuf>,
    read: ReadFile,
}

/// Finds the files with the weights.
fn find(folder: &Path) -> Result<WeightFiles> {
    for &(name, read) in FILES {
        let single = folder.join(name);
        if single.is_file() {
            return Ok(WeightFiles { named: single.clone(), files: vec![single], read });
        }
        let index = folder.join(format!("{name}.index.json"));
        if index.is_file() {
            let files = indexed(folder, &index)?;
            return Ok(WeightFiles { named: index, files, read });
        }
    }
    Err(error_at(
        folder,
        "the folder has no weights; expected model.safetensors, pytorch_model.bin or an index of either",
    ))
}

/// The files that an index names.
fn indexed(folder: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let Index { weight_map } = json::read(index)?;
    let mut files = Vec::new();
    for file in weight_map.values().collect::<BTreeSet<_>>() {
        let mut parts = Path::new(file).components();
        // A name with a folder in it could lead out of the checkpoint.
        if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
            return Err(error_at(
                index,
                format!("the name {file} is not allowed; it must name a file beside the index"),
            ));
        }
        files.push(folder.join(file));
    }
    Ok(files)
}

//! Meta's layout: a folder with `params.json`, and weights in one file or cut into several.

mod params;

use std::fs;
use std::path::{Path, PathBuf};

use super::llama::names::META;
use super::llama::weights::{Rotation, Weights};
use super::opened::{Checkpoint, name_of};
use super::storage::file::{error_at, in_file};
use super::storage::torch;
use super::tokenizer;
use crate::error::Result;
use crate::method::language::architecture::Architecture;
use params::TensorShapes;

/// Opens the model in this folder.
pub(super) fn open(folder: &Path) -> Result<Checkpoint> {
    let path = folder.join("params.json");
    let files = weight_files(folder)?;
    let parts = files.iter().map(|file| torch::read(file)).collect::<Result<Vec<_>>>()?;
    let Some(first) = parts.first() else {
        return Err(error_at(folder, "the folder has no weights; expected consolidated.00.pth"));
    };
    let shapes = TensorShapes {
        files: parts.len(),
        embedding: first.find(META.embedding())?.shape(),
        gate: first.find(&META.name("layers.0.gate").unwrap_or_default())?.shape(),
        tied: first.get(META.head()).is_none(),
    };
    let llama = params::read(&path, &shapes)?;
    let tensors = Weights::new(&llama, &META, Rotation::Neighbours, parts)?;
    let model = folder.join("tokenizer.model");
    let (vocabulary, tokenizer) = tokenizer::open_meta(&model, llama.vocabulary, None)?;
    Ok(Checkpoint {
        name: name_of(folder),
        architecture: Architecture::Llama(llama),
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: Box::new(tensors),
    })
}

/// The files with the weights, in order.
pub(super) fn weight_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in in_file(folder, fs::read_dir(folder))? {
        let path = in_file(folder, entry)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("consolidated.") && name.ends_with(".pth") {
            files.push(path);
        }
    }
    files.sort();
    // Without this check, a missing part would shift the parts behind it.
    for (number, file) in files.iter().enumerate() {
        let expected = folder.join(format!("consolidated.{number:02}.pth"));
        if files.len() > 1 && *file != expected {
            return Err(error_at(
                &expected,
                "the file is missing; the parts of the weights must be numbered from 00 on",
            ));
        }
    }
    Ok(files)
}

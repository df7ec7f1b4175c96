//! Meta's folders: `params.json`, and weights in one file or cut into several.

mod params;

use std::fs;
use std::path::{Path, PathBuf};

use super::file::error_at;
use super::llama::{Rotation, Weights};
use super::words::META;
use super::{Checkpoint, name_of, tokenizer, torch};
use crate::error::Result;
use params::Sizes;

/// Opens the model in this folder.
pub(super) fn open(folder: &Path) -> Result<Checkpoint> {
    let path = folder.join("params.json");
    let parts = files(folder)?.iter().map(|file| torch::read(file)).collect::<Result<Vec<_>>>()?;
    let Some(first) = parts.first() else {
        return Err(error_at(folder, "holds no weights: there is no consolidated.*.pth"));
    };
    let sizes = Sizes {
        parts: parts.len(),
        embedding: first.find(META.embedding())?.shape(),
        gate: first.find(&META.name("layers.0.gate").unwrap_or_default())?.shape(),
        tied: first.get(META.head()).is_none(),
    };
    let architecture = params::read(&path, &sizes)?;
    let tensors = Weights::new(&architecture, &META, Rotation::Neighbours, parts)?;
    let model = folder.join("tokenizer.model");
    let (vocabulary, tokenizer) = tokenizer::meta(&model, architecture.vocabulary())?;
    Ok(Checkpoint {
        name: name_of(folder),
        architecture,
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: Box::new(tensors),
    })
}

/// The files of weights in their order.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| error_at(folder, error))? {
        let path = entry.map_err(|error| error_at(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("consolidated.") && name.ends_with(".pth") {
            files.push(path);
        }
    }
    files.sort();
    // A part that is missing would shift all others.
    for (number, file) in files.iter().enumerate() {
        let expected = folder.join(format!("consolidated.{number:02}.pth"));
        if files.len() > 1 && *file != expected {
            return Err(error_at(&expected, "is missing among the parts of the weights"));
        }
    }
    Ok(files)
}

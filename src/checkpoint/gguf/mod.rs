//! GGUF: a file with metadata, a tokenizer and tensors, or a model split into several.

mod config;
mod header;
mod metadata;
mod tokenizer_fields;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::llama::names::GGUF;
use super::llama::weights::{Rotation, Weights};
use super::opened::{Checkpoint, name_of};
use super::storage::directory::TensorDirectory;
use super::storage::file::error_at;
use super::tokenizer;
use crate::error::Result;
use crate::method::language::architecture::Architecture;

/// The most files of a model.
const MOST_PARTS: u64 = 1 << 10;

/// Opens the model of this file, or of several of which it is the first.
pub(super) fn open(path: &Path) -> Result<Checkpoint> {
    let (mut metadata, mut directory) = header::read(path)?;
    let parts = metadata.integer("split.count")?.unwrap_or(1);
    if parts > 1 {
        if parts > MOST_PARTS {
            let what = format!("the model has {parts} parts; at most {MOST_PARTS} are supported");
            return Err(error_at(path, what));
        }
        let number = metadata.integer("split.no")?.unwrap_or(0).saturating_add(1);
        if number != 1 {
            let what = format!("the file is part {number} of {parts}; open part 1");
            return Err(error_at(path, what));
        }
        for number in 2..=parts {
            directory.extend(part(&part_path(path, number, parts)?, number)?)?;
        }
    }
    let llama = config::llama(&metadata, &directory)?;
    let tensors = Weights::new(&llama, &GGUF, Rotation::Neighbours, vec![directory])?;
    let fields = tokenizer_fields::take(&mut metadata)?;
    let (vocabulary, tokenizer) = tokenizer::open_gguf(path, fields, llama.vocabulary)?;
    Ok(Checkpoint {
        name: name_of(path),
        architecture: Architecture::Llama(llama),
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: Box::new(tensors),
    })
}

/// Lists the tensors of a part behind the first.
fn part(path: &Path, number: u64) -> Result<TensorDirectory> {
    let (metadata, directory) = header::read(path)?;
    if metadata.integer("split.no")? != Some(number - 1) {
        return Err(error_at(path, format!("the file is not part {number}, as its name says")));
    }
    Ok(directory)
}

/// The files of the model whose first file is this, by its name.
pub(super) fn weight_files(first: &Path) -> Vec<PathBuf> {
    let stem = first.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let parts = stem.rsplit_once("-00001-of-").and_then(|(_, parts)| parts.parse().ok());
    let parts = parts.filter(|&parts| parts <= MOST_PARTS).unwrap_or(1);
    let others = (2..=parts).filter_map(|number| part_path(first, number, parts).ok());
    [first.to_path_buf()].into_iter().chain(others).collect()
}

/// The path of a part beside the first.
fn part_path(first: &Path, number: u64, parts: u64) -> Result<PathBuf> {
    let text = |part: Option<&OsStr>| part.and_then(OsStr::to_str).unwrap_or_default().to_owned();
    let (stem, extension) = (text(first.file_stem()), text(first.extension()));
    match stem.strip_suffix(&format!("-00001-of-{parts:05}")) {
        Some(stem) => {
            Ok(first.with_file_name(format!("{stem}-{number:05}-of-{parts:05}.{extension}")))
        }
        None => Err(error_at(
            first,
            format!("the name of the first part must end in -00001-of-{parts:05}.gguf"),
        )),
    }
}

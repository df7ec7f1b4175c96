//! GGUF: a file with metadata, a tokenizer and tensors, or several that belong together.

mod config;
mod header;
mod metadata;
mod tokens;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::directory::Directory;
use super::file::error_at;
use super::llama::{Rotation, Weights};
use super::words::GGUF;
use super::{Checkpoint, name_of, tokenizer};
use crate::error::Result;

/// What a model may be cut into.
const MOST_PARTS: u64 = 1 << 10;

/// Opens the model in this file, or of which it is the first.
pub(super) fn open(path: &Path) -> Result<Checkpoint> {
    let (mut metadata, mut directory) = header::read(path)?;
    let parts = metadata.integer("split.count")?.unwrap_or(1);
    if parts > 1 {
        if parts > MOST_PARTS || metadata.integer("split.no")?.unwrap_or(0) != 0 {
            return Err(error_at(path, format!("is not the first of {parts} parts")));
        }
        for number in 2..=parts {
            directory.extend(part(&part_path(path, number, parts)?, number)?)?;
        }
    }
    let architecture = config::architecture(&metadata, &directory)?;
    let tensors = Weights::new(&architecture, &GGUF, Rotation::Neighbours, vec![directory])?;
    let tokens = tokens::take(&mut metadata)?;
    let (vocabulary, tokenizer) = tokenizer::gguf(path, tokens, architecture.vocabulary())?;
    Ok(Checkpoint {
        name: name_of(path),
        architecture,
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: Box::new(tensors),
    })
}

/// The tensors of a part that is not the first.
fn part(path: &Path, number: u64) -> Result<Directory> {
    let (metadata, directory) = header::read(path)?;
    if metadata.integer("split.no")? != Some(number - 1) {
        return Err(error_at(path, format!("is not part {number}")));
    }
    Ok(directory)
}

/// The files of the model in this one, or of which it is the first, as its name tells.
pub(super) fn files(first: &Path) -> Vec<PathBuf> {
    let stem = first.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let parts = stem.rsplit_once("-00001-of-").and_then(|(_, parts)| parts.parse().ok());
    let parts = parts.filter(|&parts| parts <= MOST_PARTS).unwrap_or(1);
    let others = (2..=parts).filter_map(|number| part_path(first, number, parts).ok());
    [first.to_path_buf()].into_iter().chain(others).collect()
}

/// Where a part lies beside the first.
fn part_path(first: &Path, number: u64, parts: u64) -> Result<PathBuf> {
    let text = |part: Option<&OsStr>| part.and_then(OsStr::to_str).unwrap_or_default().to_owned();
    let (stem, extension) = (text(first.file_stem()), text(first.extension()));
    match stem.strip_suffix(&format!("-00001-of-{parts:05}")) {
        Some(stem) => {
            Ok(first.with_file_name(format!("{stem}-{number:05}-of-{parts:05}.{extension}")))
        }
        None => Err(error_at(first, format!("has no name like -00001-of-{parts:05}.gguf"))),
    }
}

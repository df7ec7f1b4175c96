//! Checkpoints: the files of a language model, read as tensors and a vocabulary.
//!
//! `layout.rs` recognises the layout of a path. Each layout has a folder: `huggingface/`,
//! `meta/`, `gguf/`, `npz/`. They share `storage/` (files, archives, and the tensors in them),
//! `llama/` (names, shape and weights of a Llama) and `tokenizer/`. `find.rs` looks for a model
//! by its hash.
//!
//! A new layout is a folder whose `mod.rs` opens a path as a [`Checkpoint`] and lists its files,
//! and a variant of `CheckpointLayout` in `layout.rs`. Nothing else names layouts.

mod find;
mod gguf;
mod huggingface;
mod layout;
mod llama;
mod meta;
mod npz;
mod opened;
mod remembered;
mod storage;
mod tokenizer;

use std::path::{Path, PathBuf};

pub use find::{find, load};
use layout::CheckpointLayout;
pub use opened::Checkpoint;

use crate::error::Result;
use crate::numerics::environment::DefaultEnvironment;

/// Opens the checkpoint at `path` without reading its weights.
///
/// `path` is a folder in the layout of Hugging Face or of Meta, a GGUF file or a folder with
/// one, or the `.npz` file of a byte transformer. If there is no such file or folder, a name
/// like `organisation/model` is looked up in Hugging Face's cache. A prefix `llama:` is ignored.
pub fn open(path: &Path) -> Result<Checkpoint> {
    let _environment = DefaultEnvironment::enter();
    CheckpointLayout::of(path)?.open()
}

/// Lists the files with the weights of the checkpoint at `path`.
///
/// `path` is the same as for [`open`]. Separate files for configuration and tokenizer are not
/// listed.
pub fn weight_files(path: &Path) -> Result<Vec<PathBuf>> {
    CheckpointLayout::of(path)?.weight_files()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::storage::json;
    use super::*;
    use crate::numerics::environment::with_flushing;

    #[test]
    fn numbers_do_not_depend_on_the_float_environment() {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors/models/llama");
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(model).unwrap() {
            let file = entry.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        let config = folder.path().join("config.json");
        let mut fields: serde_json::Value = json::read(&config).unwrap();
        // Denormal in 32 bits.
        fields["rms_norm_eps"] = 1e-40.into();
        fs::write(&config, fields.to_string()).unwrap();
        let expected = open(folder.path()).unwrap().architecture;
        let flushed = with_flushing(|| open(folder.path()));
        assert_eq!(flushed.unwrap().architecture, expected);
    }
}

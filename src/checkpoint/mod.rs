//! Checkpoints: from files to tensors and a vocabulary.

mod detect;
mod directory;
mod file;
mod find;
mod gguf;
mod huggingface;
mod inflate;
mod json;
mod llama;
mod meta;
mod npz;
mod pickle;
mod remembered;
mod rope;
mod stored;
mod tokenizer;
mod torch;
mod words;
mod zip;

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use detect::Layout;
pub use find::{find, load};

use crate::error::Result;
use crate::method::language::architecture::Architecture;
use crate::method::language::tensor::Tensors;
use crate::method::language::vocabulary::{Tokenizer, Vocabulary};
use crate::numerics::environment::DefaultEnvironment;

/// A model on disk, opened: everything is known of it, and nothing of its weights read.
pub struct Checkpoint {
    /// Name for people: the folder's or the file's.
    pub name: String,
    /// What the model is made of.
    pub architecture: Architecture,
    /// Its tokens.
    pub vocabulary: Vocabulary,
    /// How it cuts text; `None` where every token is one byte.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// Its weights.
    pub tensors: Box<dyn Tensors>,
}

/// Opens the checkpoint at `path`, whatever its layout: a folder of Hugging Face's or of
/// Meta's, a GGUF file or a folder with one, or the `.npz` of a byte transformer. A name
/// like `organisation/model` stands for a model in Hugging Face's cache.
pub fn open(path: &Path) -> Result<Checkpoint> {
    let _environment = DefaultEnvironment::enter();
    match detect::layout(path, &|name| env::var_os(name))? {
        Layout::HuggingFace(folder) => huggingface::open(&folder),
        Layout::Meta(folder) => meta::open(&folder),
        Layout::Gguf(file) => gguf::open(&file),
        Layout::Npz(file) => npz::open(&file),
    }
}

/// The files that hold the weights of the checkpoint at `path`, which may be whatever [`open`]
/// takes. Configuration and tokenizer are not among them, where they have files of their own.
pub fn weight_files(path: &Path) -> Result<Vec<PathBuf>> {
    match detect::layout(path, &|name| env::var_os(name))? {
        Layout::HuggingFace(folder) => huggingface::files(&folder),
        Layout::Meta(folder) => meta::files(&folder),
        Layout::Gguf(first) => Ok(gguf::files(&first)),
        Layout::Npz(file) => Ok(vec![file]),
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("name", &self.name)
            .field("architecture", &self.architecture)
            .finish_non_exhaustive()
    }
}

/// What people call the folder or file at `path`.
fn name_of(path: &Path) -> String {
    // A path like `.` says nothing before it is resolved.
    let resolved = path.canonicalize();
    let path = path.file_name().or_else(|| resolved.as_deref().ok()?.file_name());
    path.map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::numerics::environment::with_flushing;

    #[test]
    fn numbers_are_read_whatever_the_environment() {
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

//! The `.npz` files of the harness after *Language Modeling Is Compression*: numpy arrays
//! with the names that Haiku gives the parts of a byte transformer.

mod array;
mod names;
mod pickled;

use std::array::from_fn;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::opened::{Checkpoint, name_of};
use super::storage::directory::TensorDirectory;
use super::storage::json;
use super::storage::zip::Archive;
use crate::error::Result;
use crate::method::language::architecture::{Architecture, ByteTransformer, ExpectedTensor};
use crate::method::language::tensor::{Tensor, Tensors};
use crate::method::language::vocabulary::Vocabulary;

/// The number of heads in the harness; the arrays do not tell it.
const HEADS: usize = 8;

/// The most tokens: the vocabulary is made before the architecture is checked.
const MOST_TOKENS: usize = 1 << 20;

/// The settings in the `.json` file beside the arrays.
#[derive(Debug, Deserialize)]
struct Settings {
    num_heads: usize,
}

/// The weights of a byte transformer.
#[derive(Debug)]
struct Weights {
    layers: usize,
    directory: TensorDirectory,
}

/// Opens the model in this file.
pub(super) fn open(path: &Path) -> Result<Checkpoint> {
    let directory = arrays(path)?;
    let heads = match settings(path) {
        Some(settings) => json::read::<Settings>(&settings)?.num_heads,
        None => HEADS,
    };
    let model = shape(&directory, heads)?;
    let layers = model.layers;
    let vocabulary = vocabulary(&directory, model.vocabulary)?;
    let architecture = Architecture::ByteTransformer(model);
    architecture.validate().map_err(|error| directory.error(error))?;
    let known: HashSet<String> = architecture
        .tensors()
        .iter()
        .filter_map(|tensor| names::name(&tensor.name, layers))
        .map(|(name, _)| name)
        .collect();
    directory.check_names(|name| known.contains(name), "byte transformer")?;
    Ok(Checkpoint {
        name: name_of(path),
        architecture,
        vocabulary,
        tokenizer: None,
        tensors: Box::new(Weights { layers, directory }),
    })
}

/// The file with the settings of the arrays at `path`, if there is one.
pub(super) fn settings(path: &Path) -> Option<PathBuf> {
    Some(path.with_extension("json")).filter(|path| path.is_file())
}

/// All arrays of the file: its members, and those in the dictionaries that members hold.
fn arrays(path: &Path) -> Result<TensorDirectory> {
    let archive = Archive::open(path)?;
    let mut directory = TensorDirectory::new(path);
    for member in archive.names() {
        let Some(name) = member.strip_suffix(".npy") else {
            return Err(archive.error(format!(
                "the member {member} is not a numpy array; its name must end in .npy"
            )));
        };
        let location = archive.location(member)?;
        let header = array::header(&archive, member)?;
        if header.objects {
            for (leaf, stored) in pickled::arrays(&archive, member, location, header.start)? {
                directory.insert(format!("{name}/{leaf}"), stored)?;
            }
        } else {
            directory
                .insert(name.to_owned(), array::stored(&archive, member, location, &header)?)?;
        }
    }
    Ok(directory)
}

/// The shape of the model with these arrays.
fn shape(directory: &TensorDirectory, heads: usize) -> Result<ByteTransformer> {
    let matrix =
        |name: &str| match directory.find(name)?.shape() {
            &[rows, columns] => Ok((rows, columns)),
            other => Err(directory
                .error(format!("the array {name} has shape {other:?}; it must be a matrix"))),
        };
    let layers =
        (0..).take_while(|&layer| directory.get(&names::attention(layer)).is_some()).count();
    let (vocabulary, width) = matrix(names::EMBEDDING)?;
    let (_, feed_forward) = matrix(names::FIRST_UP)?;
    Ok(ByteTransformer { vocabulary, width, layers, heads, feed_forward })
}

/// A vocabulary whose first 256 tokens are bytes; all others spell nothing.
fn vocabulary(directory: &TensorDirectory, tokens: usize) -> Result<Vocabulary> {
    if tokens > MOST_TOKENS {
        return Err(directory.error(format!(
            "the vocabulary has {tokens} tokens; at most {MOST_TOKENS} are supported"
        )));
    }
    let spelled = |token: usize| u8::try_from(token).ok().map(|byte| Box::from([byte]));
    Vocabulary::new((0..tokens).map(spelled).collect(), from_fn(|byte| byte as u32), 0)
        .map_err(|error| directory.error(error))
}

impl Tensors for Weights {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let Some((name, transposed)) = names::name(&expected.name, self.layers) else {
            let name = &expected.name;
            return Err(self.directory.error(format!("a byte transformer has no tensor {name}")));
        };
        if !transposed {
            return self.directory.read(&name, &expected.shape);
        }
        let stored = self.directory.find(&name)?;
        let matrix = stored.clone().transposed()?;
        if matrix.shape() != expected.shape {
            return Err(stored.error(format!(
                "the tensor {name} has shape {:?}; the model needs the transpose of {:?}",
                stored.shape(),
                expected.shape
            )));
        }
        matrix.read()
    }
}

//! The `.npz` files of the harness after *Language Modeling Is Compression*: numpy arrays
//! by the names that Haiku gives a byte transformer's parts.

mod array;
mod names;
mod pickled;

use std::array::from_fn;
use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;

use super::directory::Directory;
use super::zip::Archive;
use super::{Checkpoint, json, name_of};
use crate::error::{Error, Result};
use crate::method::language::architecture::{Architecture, ByteTransformer, ExpectedTensor};
use crate::method::language::tensor::{Tensor, Tensors};
use crate::method::language::vocabulary::Vocabulary;

/// Heads in the harness. Nothing in the file depends on their number.
const HEADS: usize = 8;

/// What a file beside the arrays may say, with `.json` in place of `.npz`.
#[derive(Debug, Deserialize)]
struct Beside {
    num_heads: usize,
}

/// The weights of a byte transformer.
#[derive(Debug)]
struct Weights {
    layers: usize,
    directory: Directory,
}

/// Opens the model in this file.
pub(super) fn open(path: &Path) -> Result<Checkpoint> {
    let directory = arrays(path)?;
    let beside = path.with_extension("json");
    let heads = match beside.is_file() {
        true => json::read::<Beside>(&beside)?.num_heads,
        false => HEADS,
    };
    let bytes = shape(&directory, heads)?;
    let vocabulary = vocabulary(bytes.vocabulary).map_err(|error| directory.error(error))?;
    let layers = bytes.layers;
    let architecture = Architecture::ByteTransformer(bytes);
    architecture.validate().map_err(|error| directory.error(error))?;
    let known: HashSet<String> = architecture
        .tensors()
        .iter()
        .filter_map(|tensor| names::name(&tensor.name, layers))
        .map(|(name, _)| name)
        .collect();
    if let Some(name) = directory.names().find(|&name| !known.contains(name)) {
        return Err(directory.error(format!("a byte transformer like this has no array {name}")));
    }
    Ok(Checkpoint {
        name: name_of(path),
        architecture,
        vocabulary,
        tokenizer: None,
        tensors: Box::new(Weights { layers, directory }),
    })
}

/// All arrays of the file: those that members are, and those in the dictionaries that
/// members hold.
fn arrays(path: &Path) -> Result<Directory> {
    let archive = Archive::open(path)?;
    let mut directory = Directory::new(path);
    for member in archive.names() {
        let Some(name) = member.strip_suffix(".npy") else {
            return Err(archive.error(format!("{member} is no array of numpy's")));
        };
        let place = archive.place(member)?;
        let header = array::header(&archive, member)?;
        if header.objects {
            for (leaf, stored) in pickled::arrays(&archive, member, place, header.start)? {
                directory.insert(format!("{name}/{leaf}"), stored)?;
            }
        } else {
            directory.insert(name.to_owned(), array::stored(&archive, member, place, &header)?)?;
        }
    }
    Ok(directory)
}

/// The shape of a model with these arrays.
fn shape(directory: &Directory, heads: usize) -> Result<ByteTransformer> {
    let matrix = |name: &str| match directory.find(name)?.shape() {
        &[rows, columns] => Ok((rows, columns)),
        other => Err(directory.error(format!("{name} has shape {other:?}, which is no matrix"))),
    };
    let layers =
        (0..).take_while(|&layer| directory.get(&names::attention(layer)).is_some()).count();
    let (vocabulary, width) = matrix(names::EMBEDDING)?;
    let (_, feed_forward) = matrix(names::FIRST_UP)?;
    Ok(ByteTransformer { vocabulary, width, layers, heads, feed_forward })
}

/// Tokens that are bytes, and those behind them, which spell nothing.
fn vocabulary(tokens: usize) -> Result<Vocabulary> {
    // The table grows with this number before the architecture is known to be possible.
    if tokens > 1 << 20 {
        return Err(Error::model(format!("a vocabulary of {tokens}")));
    }
    let spelled = |token: usize| u8::try_from(token).ok().map(|byte| Box::from([byte]));
    Vocabulary::new((0..tokens).map(spelled).collect(), from_fn(|byte| byte as u32), 0)
}

impl Tensors for Weights {
    fn tensor(&mut self, expected: &ExpectedTensor) -> Result<Tensor> {
        let Some((name, turned)) = names::name(&expected.name, self.layers) else {
            return Err(self.directory.error(format!("has no {}", expected.name)));
        };
        if !turned {
            return self.directory.read(&name, &expected.shape);
        }
        let stored = self.directory.find(&name)?;
        let turned = stored.clone().transposed()?;
        if turned.shape() != expected.shape {
            return Err(stored.error(format!(
                "{name} has shape {:?}, and should turn into {:?}",
                stored.shape(),
                expected.shape
            )));
        }
        turned.read()
    }
}

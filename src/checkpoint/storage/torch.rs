//! Files of torch: a zip archive with a pickle of the saved object, and a member for each
//! storage that holds tensors.

use std::path::Path;

use super::directory::TensorDirectory;
use super::file::CheckpointFile;
use super::pickle::{self, Call, Failure, Handle, Pickle, Value};
use super::stored::StoredTensor;
use super::zip::Archive;
use crate::error::Result;
use crate::method::language::tensor::TensorKind;

/// The most bytes of a pickle. That of a thousand layers has a few megabytes.
const MOST_PICKLE: u64 = 64 << 20;

/// Reads the list of tensors of the file at `path`, which must hold a dictionary of tensors.
pub(crate) fn read(path: &Path) -> Result<TensorDirectory> {
    refuse_old(path)?;
    let archive = Archive::open(path)?;
    let name = archive.names().find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let name =
        name.ok_or_else(|| archive.error("not a file of torch: the archive has no data.pkl"))?;
    let root = name.trim_end_matches("data.pkl").to_owned();
    let order = format!("{root}byteorder");
    if archive.names().any(|name| name == order)
        && archive.read(&order, 64)?.trim_ascii() != b"little"
    {
        return Err(archive.error(
            "the file was written on a big-endian machine; only little-endian files are supported",
        ));
    }
    let failed = |what: Failure| archive.error(format!("{name}: {what}"));
    let pickle = pickle::parse(&archive.read(name, MOST_PICKLE)?).map_err(failed)?;
    let items = dictionary(&pickle).map_err(failed)?;
    let mut directory = TensorDirectory::new(path);
    for &(key, value) in items {
        let key = pickle.text(key).map_err(failed)?;
        let tensor = tensor(&pickle, value)
            .map_err(|what| archive.error(format!("the entry {key} is not a tensor: {what}")))?;
        let storage = archive.location(&format!("{root}data/{}", tensor.storage))?;
        let skip = tensor.offset.checked_mul(tensor.kind.block_bytes());
        let location = skip.and_then(|skip| storage.skip(skip)).ok_or_else(|| {
            archive.error(format!(
                "the tensor {key} begins at value {}, beyond its storage {}",
                tensor.offset, tensor.storage
            ))
        })?;
        let stored = StoredTensor::with_strides(
            archive.file(),
            location,
            tensor.kind,
            tensor.shape,
            tensor.strides,
        )?;
        directory.insert(key.to_owned(), stored)?;
    }
    Ok(directory)
}

/// Refuses the files of torch before 1.6, which are sequences of pickles.
fn refuse_old(path: &Path) -> Result<()> {
    let file = CheckpointFile::open(path)?;
    let start = file.read(0, file.length().min(2))?;
    match start.as_slice() {
        [0x80, _] => Err(file.error(
            "the file has the form of torch before version 1.6; load and save it with a newer one",
        )),
        _ => Ok(()),
    }
}

/// A tensor as the pickle describes it.
struct TorchTensor<'a> {
    storage: &'a str,
    kind: TensorKind,
    /// The first value in the storage.
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

fn dictionary(pickle: &Pickle) -> Result<&[(Handle, Handle)], Failure> {
    match pickle.root() {
        Value::Dictionary(items) => Ok(items),
        Value::Call(call) if pickle.global(call.function)? == ("collections", "OrderedDict") => {
            Ok(&call.items)
        }
        other => pickle.expected("a dictionary of tensors", other),
    }
}

fn tensor(pickle: &Pickle, handle: Handle) -> Result<TorchTensor<'_>, Failure> {
    let Value::Call(Call { function, arguments, .. }) = pickle.get(handle) else {
        return pickle.expected("a tensor", pickle.get(handle));
    };
    match pickle.global(*function)? {
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => {
            let arguments = pickle.sequence(*arguments, 4)?;
            let (storage, kind) = storage(pickle, arguments[0])?;
            let (shape, strides) = (pickle.lengths(arguments[2])?, pickle.lengths(arguments[3])?);
            Ok(TorchTensor { storage, kind, offset: pickle.number(arguments[1])?, shape, strides })
        }
        ("torch._utils", "_rebuild_parameter") => {
            // A parameter wraps a tensor, and never another parameter.
            let inner = pickle.sequence(*arguments, 1)?[0];
            match pickle.get(inner) {
                Value::Call(call) if pickle.global(call.function)?.1 != "_rebuild_parameter" => {
                    tensor(pickle, inner)
                }
                other => pickle.expected("a tensor in the parameter", other),
            }
        }
        (module, name) => Err(format!("the function {module}.{name} is not supported")),
    }
}

/// The name of a storage, and the type of its values.
fn storage(pickle: &Pickle, handle: Handle) -> Result<(&str, TensorKind), Failure> {
    let Value::Outside(outside) = pickle.get(handle) else {
        return pickle.expected("a storage", pickle.get(handle));
    };
    let outside = pickle.sequence(*outside, 3)?;
    if pickle.text(outside[0])? != "storage" {
        return pickle.expected("\"storage\"", pickle.get(outside[0]));
    }
    let kind = match pickle.global(outside[1])? {
        ("torch", "FloatStorage") => TensorKind::F32,
        ("torch", "HalfStorage") => TensorKind::F16,
        ("torch", "BFloat16Storage") => TensorKind::BF16,
        (module, name) => {
            return Err(format!(
                "values of {module}.{name} are not supported; use FloatStorage, HalfStorage or \
                 BFloat16Storage"
            ));
        }
    };
    Ok((pickle.text(outside[2])?, kind))
}

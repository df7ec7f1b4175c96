//! Files that torch writes: a zip archive with a pickle of what is saved, and a member for
//! each storage that tensors lie in.

use std::path::Path;

use super::directory::Directory;
use super::file::Source;
use super::pickle::{Failure, Handle, Made, Pickle, Value};
use super::stored::Stored;
use super::zip::Archive;
use crate::error::Result;
use crate::method::language::tensor::TensorKind;

/// A pickle of a thousand layers has a few megabytes.
const MOST_PICKLE: u64 = 64 << 20;

/// The tensors of the file at `path`, which has to hold a dictionary of them.
pub(super) fn read(path: &Path) -> Result<Directory> {
    refuse_old(path)?;
    let archive = Archive::open(path)?;
    let name = archive.names().find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let name = name.ok_or_else(|| archive.error("holds no data.pkl: torch did not write it"))?;
    let root = name.trim_end_matches("data.pkl").to_owned();
    let order = format!("{root}byteorder");
    if archive.names().any(|name| name == order)
        && archive.read(&order, 64)?.trim_ascii() != b"little"
    {
        return Err(archive.error("was written by a big-endian machine"));
    }
    let pickle = Pickle::new(&archive.read(name, MOST_PICKLE)?);
    let pickle = pickle.map_err(|what| archive.error(format!("{name}: {what}")))?;
    let items = dictionary(&pickle).map_err(|what| archive.error(format!("{name}: {what}")))?;
    let mut directory = Directory::new(path);
    for &(key, value) in items {
        let key = pickle.text(key).map_err(|what| archive.error(format!("{name}: {what}")))?;
        let tensor = tensor(&pickle, value)
            .map_err(|what| archive.error(format!("{key} is no tensor: {what}")))?;
        let place = archive.place(&format!("{root}data/{}", tensor.storage))?;
        let skip = tensor.offset.checked_mul(tensor.kind.block_bytes());
        let place = skip.and_then(|skip| place.behind(skip));
        let place = place.ok_or_else(|| archive.error(format!("{key} is beyond its storage")))?;
        let stored = Stored::with_strides(
            archive.source(),
            place,
            tensor.kind,
            tensor.shape,
            tensor.strides,
        )?;
        directory.insert(key.to_owned(), stored)?;
    }
    Ok(directory)
}

/// Torch before 1.6 wrote one pickle behind the other.
fn refuse_old(path: &Path) -> Result<()> {
    let source = Source::open(path)?;
    let start = source.read(0, source.length().min(2))?;
    match start.as_slice() {
        [0x80, _] => Err(source.error(
            "is in the form that torch had before version 1.6: load and save it with a newer one",
        )),
        _ => Ok(()),
    }
}

/// A tensor as the pickle has it.
struct Described<'a> {
    storage: &'a str,
    kind: TensorKind,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

fn dictionary(pickle: &Pickle) -> Result<&[(Handle, Handle)], Failure> {
    match pickle.root() {
        Value::Dictionary(items) => Ok(items),
        Value::Made(made) if pickle.global(made.function)? == ("collections", "OrderedDict") => {
            Ok(&made.items)
        }
        other => Err(format!("{} instead of a dictionary of tensors", pickle.describe(other))),
    }
}

fn tensor(pickle: &Pickle, handle: Handle) -> Result<Described<'_>, Failure> {
    let Value::Made(Made { function, arguments, .. }) = pickle.get(handle) else {
        return Err(pickle.describe(pickle.get(handle)));
    };
    match pickle.global(*function)? {
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => {
            let arguments = pickle.sequence(*arguments, 4)?;
            let (storage, kind) = storage(pickle, arguments[0])?;
            let (shape, strides) = (pickle.lengths(arguments[2])?, pickle.lengths(arguments[3])?);
            Ok(Described { storage, kind, offset: pickle.number(arguments[1])?, shape, strides })
        }
        ("torch._utils", "_rebuild_parameter") => {
            // A parameter is a tensor, but no parameter of a parameter is one.
            let inner = pickle.sequence(*arguments, 1)?[0];
            match pickle.get(inner) {
                Value::Made(made) if pickle.global(made.function)?.1 != "_rebuild_parameter" => {
                    tensor(pickle, inner)
                }
                other => Err(pickle.describe(other)),
            }
        }
        (module, name) => Err(format!("{module}.{name} is not supported")),
    }
}

/// The name of a tensor's storage, and the type of its values.
fn storage(pickle: &Pickle, handle: Handle) -> Result<(&str, TensorKind), Failure> {
    let Value::Outside(outside) = pickle.get(handle) else {
        return Err(format!("{} instead of a storage", pickle.describe(pickle.get(handle))));
    };
    let outside = pickle.sequence(*outside, 3)?;
    if pickle.text(outside[0])? != "storage" {
        return Err("something else than a storage".into());
    }
    let kind = match pickle.global(outside[1])? {
        ("torch", "FloatStorage") => TensorKind::F32,
        ("torch", "HalfStorage") => TensorKind::F16,
        ("torch", "BFloat16Storage") => TensorKind::BF16,
        (module, name) => return Err(format!("values of {module}.{name} are not supported")),
    };
    Ok((pickle.text(outside[2])?, kind))
}

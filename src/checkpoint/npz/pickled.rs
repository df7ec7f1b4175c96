//! Dictionaries of arrays that numpy has pickled, of numpy's own and of jax's.

use super::array;
use crate::checkpoint::pickle::{Failure, Handle, Made, Pickle, Value};
use crate::checkpoint::stored::{Place, Stored};
use crate::checkpoint::zip::Archive;
use crate::error::Result;

/// What numpy calls the function that makes an array, without the module, whose name
/// depends on its version.
const RECONSTRUCT: &str = "_reconstruct";

/// A pickle has to be in memory as a whole, and floats hardly get shorter when they are
/// deflated: one with more bytes than this many times those of the file is none of weights.
const MOST_RATIO: u64 = 64;

/// An array as a pickle has it.
struct Described {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
    /// Its bytes begin here.
    start: usize,
    length: usize,
}

/// The arrays by name in the dictionary that a member holds, pickled from `start` on.
pub(super) fn arrays(
    archive: &Archive,
    member: &str,
    place: Place,
    start: usize,
) -> Result<Vec<(String, Stored)>> {
    let bytes = archive.read(member, archive.source().length().saturating_mul(MOST_RATIO))?;
    let pickle = Pickle::new(bytes.get(start..).unwrap_or_default());
    let failed = |what: Failure| archive.error(format!("{member}: {what}"));
    let pickle = pickle.map_err(failed)?;
    let mut arrays = Vec::new();
    for &(key, value) in dictionary(&pickle).map_err(failed)? {
        let key = pickle.text(key).map_err(failed)?;
        let found = array(&pickle, value).map_err(|what| failed(format!("{key}: {what}")))?;
        let kind = array::kind(&found.descr)
            .ok_or_else(|| array::unsupported(archive, member, &found.descr))?;
        let fits = kind.tensor_bytes(&found.shape) == Some(found.length);
        let place = place.clone().behind(start + found.start).filter(|_| fits);
        let place = place.ok_or_else(|| {
            archive.error(format!(
                "{member}: {key} has {} bytes for shape {:?}",
                found.length, found.shape
            ))
        })?;
        let stored = array::ordered(archive, place, kind, found.shape, found.fortran)?;
        arrays.push((key.to_owned(), stored));
    }
    Ok(arrays)
}

/// The dictionary in an array of one object.
fn dictionary(pickle: &Pickle) -> Result<&[(Handle, Handle)], Failure> {
    let state = match pickle.root() {
        Value::Made(made) if is_numpy(pickle, made)? => made.state,
        other => return Err(format!("{} instead of an array", pickle.describe(other))),
    };
    let state = pickle.sequence(state.ok_or("an array without values")?, 5)?;
    let [object] = pickle.sequence(state[4], 1)? else {
        return Err("several objects instead of one".into());
    };
    match pickle.get(*object) {
        Value::Dictionary(items) => Ok(items),
        // Older versions of Haiku had a mapping of their own, made from a dictionary.
        Value::Made(made) if pickle.global(made.function)?.1.starts_with("FlatMap") => {
            let inner = pickle.sequence(made.arguments, 1)?[0];
            match pickle.get(inner) {
                Value::Dictionary(items) => Ok(items),
                other => Err(pickle.describe(other)),
            }
        }
        other => Err(format!("{} instead of a dictionary", pickle.describe(other))),
    }
}

fn array(pickle: &Pickle, handle: Handle) -> Result<Described, Failure> {
    let Value::Made(made) = pickle.get(handle) else {
        return Err(format!("{} instead of an array", pickle.describe(pickle.get(handle))));
    };
    let state = match pickle.global(made.function)? {
        // jax hands on what numpy would be given: function, arguments, state.
        ("jax._src.array", "_reconstruct_array")
        | ("jax._src.device_array", "reconstruct_device_array") => {
            let arguments = pickle.sequence(made.arguments, 3)?;
            if pickle.global(arguments[0])?.1 != RECONSTRUCT {
                return Err("an array that numpy does not know".into());
            }
            arguments[2]
        }
        _ if is_numpy(pickle, made)? => made.state.ok_or("an array without values")?,
        (module, name) => return Err(format!("{module}.{name} is not supported")),
    };
    let state = pickle.sequence(state, 5)?;
    let fortran = match pickle.get(state[3]) {
        Value::Flag(fortran) => *fortran,
        other => return Err(format!("{} instead of an order", pickle.describe(other))),
    };
    let Value::Bytes(bytes) = pickle.get(state[4]) else {
        return Err(format!("{} instead of values", pickle.describe(pickle.get(state[4]))));
    };
    Ok(Described {
        descr: descr(pickle, state[2])?,
        fortran,
        shape: pickle.lengths(state[1])?,
        start: bytes.start,
        length: bytes.len(),
    })
}

fn is_numpy(pickle: &Pickle, made: &Made) -> Result<bool, Failure> {
    Ok(matches!(
        pickle.global(made.function)?,
        ("numpy.core.multiarray" | "numpy._core.multiarray", RECONSTRUCT)
    ))
}

/// The description of a type, as `<f4`.
fn descr(pickle: &Pickle, handle: Handle) -> Result<String, Failure> {
    let Value::Made(made) = pickle.get(handle) else {
        return Err(format!("{} instead of a type", pickle.describe(pickle.get(handle))));
    };
    let name = match pickle.global(made.function)? {
        ("numpy", "dtype") => pickle.text(pickle.sequence(made.arguments, 1)?[0])?,
        (module, name) => return Err(format!("the type {module}.{name} is not supported")),
    };
    let order = match made.state {
        Some(state) => pickle.text(pickle.sequence(state, 2)?[1])?,
        None => "",
    };
    Ok(format!("{order}{name}"))
}
